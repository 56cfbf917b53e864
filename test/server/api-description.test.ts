import { describe, expect, test } from "bun:test";
import type { ModelLibrary } from "../../src/models/model-library.ts";
import { createServer } from "../../src/server/create-server.ts";
import { createFakeServices } from "../support/fake-services.ts";

type Json = Record<string, unknown>;

/** Nobody asks for a model here. */
const library = {} as ModelLibrary;
const openServer = () => createServer(createFakeServices({ library, ensureBaselines: async () => [] }));

async function readDescription(): Promise<{
  openapi: string;
  paths: Record<string, Json>;
  components: Json;
}> {
  const response = await openServer().request("/openapi.json");
  expect(response.headers.get("content-type")).toContain("application/json");
  return (await response.json()) as never;
}

/** Every `$ref` in a tree. */
function collectRefs(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  const own = (value as Json)["$ref"];
  return [...(typeof own === "string" ? [own] : []), ...Object.values(value).flatMap(collectRefs)];
}

describe("the description of the API", () => {
  test("has every route of this server, each with a summary and its answers", async () => {
    const { openapi, paths } = await readDescription();
    expect(openapi).toBe("3.1.0");
    const operations = Object.entries(paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, operation]) => ({
        name: `${method.toUpperCase()} ${path}`,
        operation,
      })),
    );
    expect(operations.map(({ name }) => name).sort()).toEqual(
      [
        "DELETE /v1/assets/{name}",
        "DELETE /v1/assets/{name}/download",
        "DELETE /v1/conversations/{id}",
        "DELETE /v1/hub/models/{id}",
        "DELETE /v1/hub/models/{id}/download",
        "DELETE /v1/hub/models/{id}/pin",
        "GET /docs",
        "GET /livez",
        "GET /metrics",
        "GET /openapi.json",
        "GET /readyz",
        "GET /v1/assets",
        "GET /v1/audio/voices",
        "GET /v1/audio/voices/combine",
        "GET /v1/characters",
        "GET /v1/characters/{name}",
        "GET /v1/characters/{name}/prompt",
        "GET /v1/conversations",
        "GET /v1/conversations/{id}",
        "GET /v1/events",
        "GET /v1/health",
        "GET /v1/hub/compatibility",
        "GET /v1/hub/models",
        "GET /v1/hub/models/{id}",
        "GET /v1/hub/models/{id}/license",
        "GET /v1/hub/models/{owner}/{repo}",
        "GET /v1/hub/registry",
        "GET /v1/hub/scan",
        "GET /v1/models",
        "GET /v1/models/{id}",
        "GET /v1/providers",
        "GET /v1/realtime",
        "GET /v1/voices",
        "POST /dev/captioned_speech",
        "POST /dev/generate_from_phonemes",
        "POST /dev/phonemize",
        "POST /v1/assets/{name}/download",
        "POST /v1/assets/{name}/verify",
        "POST /v1/audio/speech",
        "POST /v1/audio/transcriptions",
        "POST /v1/audio/voices/combine",
        "POST /v1/characters/reload",
        "POST /v1/chat/completions",
        "POST /v1/hub/ensure",
        "POST /v1/hub/gc",
        "POST /v1/hub/migrate",
        "POST /v1/hub/models/{id}/download",
        "POST /v1/hub/models/{id}/license",
        "POST /v1/hub/models/{id}/verify",
        "POST /v1/hub/verify",
        "PUT /v1/hub/models/{id}/pin",
      ].sort(),
    );
    for (const { name, operation } of operations) {
      const { summary, responses, tags } = operation as { summary: string; responses: Json; tags: string[] };
      expect([name, typeof summary, tags.length, Object.keys(responses).length > 0]).toEqual([
        name,
        "string",
        1,
        true,
      ]);
    }
  });

  test("every parameter of a path is described, and every reference leads somewhere", async () => {
    const description = await readDescription();
    for (const [path, item] of Object.entries(description.paths)) {
      const names = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
      for (const operation of Object.values(item)) {
        const parameters = ((operation as Json)["parameters"] ?? []) as { name: string; in: string }[];
        expect(parameters.filter((entry) => entry.in === "path").map(({ name }) => name)).toEqual(
          names as string[],
        );
      }
    }
    for (const ref of collectRefs(description)) {
      const [, ...steps] = ref.split("/");
      const target = steps.reduce<unknown>((value, step) => (value as Json | undefined)?.[step], description);
      expect([ref, typeof target]).toEqual([ref, "object"]);
    }
  });

  test("is a page too: every route on it, no script, nothing from another host", async () => {
    const { paths } = await readDescription();
    const response = await openServer().request("/docs");
    expect(response.headers.get("content-security-policy")).toContain("default-src 'none'");
    const html = await response.text();
    for (const path of Object.keys(paths)) expect(html).toContain(` ${path}</code>`);
    expect(html).not.toMatch(/<script|src=|https?:\/\/(?!www\.apache)/);
    expect(html).not.toContain("undefined");
    expect(html).not.toContain("[object Object]");
  });
});
