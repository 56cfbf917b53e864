// The API for people: one page of plain HTML made from the description, with no script and nothing from any other host.
import type { ApiDescription } from "./api-description.ts";

type Json = Record<string, unknown>;

const escapes: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const escapeHtml = (text: string): string => text.replace(/[&<>"]/g, (mark) => escapes[mark] ?? mark);
const textOf = (value: unknown): string => (typeof value === "string" ? value : "");
/** The little Markdown that summaries use: code spans. */
const renderText = (text: string): string => escapeHtml(text).replace(/`([^`]+)`/g, "<code>$1</code>");

export function renderDocsPage(description: ApiDescription): string {
  const schemas = (description.components?.schemas ?? {}) as Record<string, Json>;
  const operations = Object.entries(description.paths ?? {}).flatMap(([path, item]) =>
    Object.entries(item as Json)
      .filter(
        ([, operation]) => typeof operation === "object" && operation !== null && "responses" in operation,
      )
      .map(([method, operation]) => ({ path, method: method.toUpperCase(), operation: operation as Json })),
  );
  const sections = (description.tags ?? []).map((tag) => {
    const own = operations.filter(({ operation }) => (operation["tags"] as string[])?.includes(tag.name));
    const articles = own.map((entry) => renderOperation(entry, schemas)).join("");
    return `<section><h2>${escapeHtml(tag.name)}</h2><p>${renderText(tag.description ?? "")}</p>${articles}</section>`;
  });
  const { title, version, description: about } = description.info;
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}: the API</title><style>${style}</style></head><body><main>
<h1>${escapeHtml(title)} ${escapeHtml(version)}</h1><p>${renderText(about ?? "")}</p>
<p>For programs: <a href="/openapi.json">openapi.json</a>.</p>${sections.join("")}</main></body></html>`;
}

interface Operation {
  path: string;
  method: string;
  operation: Json;
}

function renderOperation({ path, method, operation }: Operation, schemas: Record<string, Json>): string {
  const parameters = (operation["parameters"] ?? []) as Json[];
  const bodies = Object.entries(
    ((operation["requestBody"] as Json)?.["content"] ?? {}) as Record<string, Json>,
  );
  const responses = Object.entries((operation["responses"] ?? {}) as Record<string, Json>);
  const rows = [
    ...parameters.map((parameter) =>
      renderField(
        textOf(parameter["name"]),
        textOf(parameter["in"]),
        parameter,
        parameter["required"] === true,
      ),
    ),
    ...bodies.flatMap(([type, content]) => renderBody(type, content["schema"] as Json, schemas)),
  ];
  const answers = responses.map(
    ([status, response]) =>
      `<li><b>${escapeHtml(status)}</b> ${renderText(textOf(response["description"]))} ${renderMedia(response)}</li>`,
  );
  return `<article><h3><code>${method} ${escapeHtml(path)}</code></h3>
<p>${renderText(textOf(operation["summary"]))}</p><p>${renderText(textOf(operation["description"]))}</p>
${rows.length > 0 ? `<table><tr><th>Field<th>In<th>Type<th>Meaning</tr>${rows.join("")}</table>` : ""}
<ul>${answers.join("")}</ul></article>`;
}

function renderMedia(response: Json): string {
  const types = Object.keys(response["content"] ?? {});
  return types.length > 0 ? `<small>${types.map(escapeHtml).join(", ")}</small>` : "";
}

function renderBody(type: string, schema: Json | undefined, schemas: Record<string, Json>): string[] {
  const object = resolveSchema(schema ?? {}, schemas);
  const required = (object["required"] ?? []) as string[];
  return Object.entries((object["properties"] ?? {}) as Record<string, Json>).map(([name, field]) =>
    renderField(name, type, { schema: field, ...field }, required.includes(name)),
  );
}

function renderField(name: string, place: string, field: Json, isRequired: boolean): string {
  const description = field["description"] ?? (field["schema"] as Json | undefined)?.["description"] ?? "";
  return `<tr><td><code>${escapeHtml(name)}</code>${isRequired ? " *" : ""}<td>${escapeHtml(place)}<td>${escapeHtml(
    describeType(field["schema"] as Json),
  )}<td>${renderText(textOf(description))}</tr>`;
}

function resolveSchema(schema: Json, schemas: Record<string, Json>): Json {
  const name = refName(schema);
  return name === undefined ? schema : (schemas[name] ?? {});
}

const refName = (schema: Json): string | undefined => {
  const ref = schema["$ref"];
  return typeof ref === "string" ? ref.split("/").at(-1) : undefined;
};

function describeType(schema: Json | undefined): string {
  if (!schema) return "";
  const name = refName(schema);
  if (name !== undefined) return name;
  const branches = (schema["anyOf"] ?? schema["oneOf"]) as Json[] | undefined;
  if (branches) return [...new Set(branches.map(describeType))].join(" or ");
  const values = schema["enum"] as unknown[] | undefined;
  if (values) return values.map((value) => JSON.stringify(value)).join(", ");
  if (schema["const"] !== undefined) return JSON.stringify(schema["const"]);
  const type = [schema["type"]].flat().join(" or ");
  return type === "array" ? `list of ${describeType(schema["items"] as Json)}` : type;
}

const style = `
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0; }
main { max-width: 62rem; margin: 0 auto; padding: 1rem; }
article { border-top: 1px solid color-mix(in srgb, currentColor 20%, transparent); padding: .5rem 0; }
h3 { margin: .5rem 0 0; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; display: block; overflow-x: auto; }
th, td { text-align: left; vertical-align: top; padding: .2rem .8rem .2rem 0; }
p { margin: .3rem 0; } ul { padding-left: 1.2rem; }`;
