// Types as a package declares them (`.d.ts`), as checks of values: the packages' makers write no other schema of what they
// take. Reads the part of the language that generated declarations use: interfaces, namespaces, unions, arrays, records.
import { dirname, resolve } from "node:path";
import { readFileSync } from "node:fs";

type Declared =
  | { kind: "literal"; value: string | number | boolean | null }
  | { kind: "primitive"; name: string }
  | { kind: "array"; of: Declared }
  | { kind: "object"; fields: Map<string, Field>; rest: Declared | undefined; extends: string[] }
  | { kind: "union"; of: Declared[] }
  | { kind: "name"; path: string[] };
interface Field {
  type: Declared;
  isOptional: boolean;
}

interface Scope {
  file: string;
  parent: Scope | undefined;
  types: Map<string, Declared>;
  scopes: Map<string, Scope>;
  imports: Map<string, { from: string; name: string | undefined }>;
}

export interface DeclaredTypes {
  /** What is wrong with the value, by path; undefined when it is of that type. */
  judge(typeName: string, value: unknown): string | undefined;
  /** The `type` literals of a union of interfaces. */
  listTypeNames(unionName: string): string[];
}

export function loadDeclaredTypes(file: string): DeclaredTypes {
  const files = new Map<string, Scope>();
  const open = (path: string): Scope => {
    let scope = files.get(path);
    if (!scope) {
      scope = { file: path, parent: undefined, types: new Map(), scopes: new Map(), imports: new Map() };
      files.set(path, scope);
      parseFile(readFileSync(path, "utf8"), scope);
    }
    return scope;
  };

  /** A name as it is seen from where it stands. */
  const find = (path: readonly string[], from: Scope): { type: Declared; scope: Scope } => {
    const [head = "", ...rest] = path;
    for (let scope: Scope | undefined = from; scope; scope = scope.parent) {
      const type = rest.length === 0 ? scope.types.get(head) : undefined;
      if (type) return { type, scope };
      const inner = rest.length > 0 ? scope.scopes.get(head) : undefined;
      if (inner && canFind(rest, inner)) return findInside(rest, inner);
      const imported = scope.imports.get(head);
      if (imported) {
        const target = open(resolve(dirname(scope.file), imported.from.replace(/\.js$/, ".d.ts")));
        return find(imported.name === undefined ? rest : [imported.name, ...rest], target);
      }
    }
    throw new Error(`${from.file} declares no ${path.join(".")}`);
  };
  const canFind = ([head = "", ...rest]: readonly string[], scope: Scope): boolean => {
    if (rest.length === 0) return scope.types.has(head);
    const inner = scope.scopes.get(head);
    return inner !== undefined && canFind(rest, inner);
  };
  const findInside = (
    [head = "", ...rest]: readonly string[],
    scope: Scope,
  ): { type: Declared; scope: Scope } => {
    const type = scope.types.get(head);
    if (rest.length === 0 && type) return { type, scope };
    return findInside(rest, scope.scopes.get(head) as Scope);
  };

  const check = (type: Declared, scope: Scope, value: unknown, at: string): string | undefined => {
    switch (type.kind) {
      case "literal":
        return value === type.value ? undefined : `${at} is ${show(value)}, not ${show(type.value)}`;
      case "primitive":
        return isPrimitive(type.name, value) ? undefined : `${at} is ${show(value)}, not ${type.name}`;
      case "array":
        if (!Array.isArray(value)) return `${at} is ${show(value)}, not a list`;
        return firstOf(value.map((item, index) => () => check(type.of, scope, item, `${at}.${index}`)));
      case "name": {
        const found = find(type.path, scope);
        return check(found.type, inside(found.scope, type.path.at(-1)), value, at);
      }
      case "union": {
        // Of events with a type, those of that type; what is wrong with the others means nothing.
        const wanted = (value as { type?: unknown } | null | undefined)?.type;
        const alike = type.of.filter(
          (one) => typeof wanted === "string" && listTypes(one, scope).includes(wanted),
        );
        const complaints = (alike.length > 0 ? alike : type.of).map((one) => check(one, scope, value, at));
        if (complaints.some((complaint) => complaint === undefined)) return undefined;
        // The one that got deepest says most.
        return complaints.toSorted((a = "", b = "") => depthOf(b) - depthOf(a))[0];
      }
      case "object": {
        if (typeof value !== "object" || value === null || Array.isArray(value)) {
          return `${at} is ${show(value)}, not an object`;
        }
        const fields = value as Record<string, unknown>;
        const checks = [...type.fields].map(([name, field]) => () => {
          const given = fields[name];
          // OpenAI's own service says null where its types say that a field may be absent.
          if (field.isOptional && (given === undefined || given === null)) return undefined;
          if (given === undefined) return `${at}.${name} is missing`;
          return check(field.type, scope, given, `${at}.${name}`);
        });
        const known = type.fields;
        const others = Object.entries(fields).filter(([name]) => !known.has(name));
        const { rest } = type;
        const restChecks = rest
          ? others.map(
              ([name, v]) =>
                () =>
                  check(rest, scope, v, `${at}.${name}`),
            )
          : [];
        const bases = type.extends.map((name) => () => {
          const base = find(name.split("."), scope);
          return check(base.type, inside(base.scope, name.split(".").at(-1)), value, at);
        });
        return firstOf([...checks, ...restChecks, ...bases]);
      }
    }
  };
  /** An interface sees what its own namespace declares. */
  const inside = (scope: Scope, name: string | undefined): Scope => scope.scopes.get(name ?? "") ?? scope;

  const main = open(file);
  const listTypes = (type: Declared, scope: Scope): string[] => {
    if (type.kind === "union") return type.of.flatMap((one) => listTypes(one, scope));
    if (type.kind === "name") {
      const found = find(type.path, scope);
      return listTypes(found.type, found.scope);
    }
    const field = type.kind === "object" ? type.fields.get("type")?.type : undefined;
    return field?.kind === "literal" ? [String(field.value)] : [];
  };
  const get = (name: string): Declared => main.types.get(name) ?? unknownName(name, file);
  return {
    judge: (name, value) => check(get(name), main, value, name),
    listTypeNames: (name) => listTypes(get(name), main),
  };
}

function unknownName(name: string, file: string): never {
  throw new Error(`${file} declares no ${name}`);
}

const show = (value: unknown): string => JSON.stringify(value)?.slice(0, 60) ?? "undefined";
const depthOf = (complaint: string): number => complaint.split(" ")[0]?.split(".").length ?? 0;
function firstOf(checks: readonly (() => string | undefined)[]): string | undefined {
  for (const check of checks) {
    const complaint = check();
    if (complaint !== undefined) return complaint;
  }
  return undefined;
}

function isPrimitive(name: string, value: unknown): boolean {
  if (name === "unknown" || name === "any") return true;
  if (name === "object") return typeof value === "object" && value !== null;
  return typeof value === name;
}

/** Words, texts and marks; comments are blanks. */
function tokenize(text: string): string[] {
  const bare = text.replace(/\/\*[^]*?\*\//g, " ").replace(/^\s*\/\/.*$/gm, " ");
  return (
    bare.match(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[A-Za-z_$][\w$]*|-?\d+(?:\.\d+)?|=>|\.\.\.|[^\s\w]/g) ??
    []
  );
}

function parseFile(text: string, file: Scope): void {
  const tokens = tokenize(text);
  let at = 0;
  const peek = (): string | undefined => tokens[at];
  const take = (): string => tokens[at++] ?? "";
  const takeIf = (token: string): boolean => {
    if (peek() !== token) return false;
    at++;
    return true;
  };
  const expect = (token: string): void => {
    const found = take();
    if (found !== token) throw new Error(`${file.file}: ${found} (${at}), not ${token}`);
  };
  const unquote = (token: string): string => token.slice(1, -1).replace(/\\(.)/g, "$1");
  /** Over what is of no interest, such as a class. */
  const skipBlock = (): void => {
    while (peek() !== "{") take();
    for (let depth = 0; ; ) {
      const token = take();
      if (token === "{") depth++;
      if (token === "}" && --depth === 0) return;
      if (token === "") return;
    }
  };
  const skipStatement = (): void => {
    for (let depth = 0; at < tokens.length; ) {
      const token = take();
      if (token === "{") depth++;
      if (token === "}") depth--;
      if (token === ";" && depth === 0) return;
    }
  };
  const parseName = (): string[] => {
    const path = [take()];
    while (takeIf(".")) path.push(take());
    return path;
  };

  const parseType = (): Declared => {
    takeIf("|");
    const of = [parseIntersection()];
    while (takeIf("|")) of.push(parseIntersection());
    return of.length === 1 ? (of[0] as Declared) : { kind: "union", of };
  };
  /** The only intersections are `string & {}`: any text, with suggestions. */
  const parseIntersection = (): Declared => {
    const first = parsePostfix();
    while (takeIf("&")) parsePostfix();
    return first;
  };
  const parsePostfix = (): Declared => {
    let type = parsePrimary();
    while (peek() === "[" && tokens[at + 1] === "]") {
      at += 2;
      type = { kind: "array", of: type };
    }
    return type;
  };
  const parsePrimary = (): Declared => {
    const token = peek() ?? "";
    if (token === "(") {
      take();
      const type = parseType();
      expect(")");
      return type;
    }
    if (token === "{") return parseObject([]);
    if (/^['"]/.test(token)) return { kind: "literal", value: unquote(take()) };
    if (/^-?\d/.test(token)) return { kind: "literal", value: Number(take()) };
    if (token === "null" || token === "true" || token === "false") {
      return { kind: "literal", value: JSON.parse(take()) as boolean | null };
    }
    if (["string", "number", "boolean", "unknown", "any", "object", "undefined"].includes(token)) {
      return { kind: "primitive", name: take() };
    }
    const path = parseName();
    if (!takeIf("<")) return { kind: "name", path };
    const args = [parseType()];
    while (takeIf(",")) args.push(parseType());
    expect(">");
    const [name] = path;
    if (name === "Array") return { kind: "array", of: args[0] as Declared };
    if (name === "Record") return { kind: "object", fields: new Map(), rest: args[1], extends: [] };
    // Of other generics only that they are something is known.
    return { kind: "primitive", name: "unknown" };
  };
  const parseObject = (bases: string[]): Declared => {
    expect("{");
    const fields = new Map<string, Field>();
    let rest: Declared | undefined;
    while (!takeIf("}")) {
      if (takeIf("[")) {
        while (take() !== "]");
        expect(":");
        rest = parseType();
      } else {
        takeIf("readonly");
        const name = take();
        const isOptional = takeIf("?");
        expect(":");
        fields.set(/^['"]/.test(name) ? unquote(name) : name, { type: parseType(), isOptional });
      }
      takeIf(";");
      takeIf(",");
    }
    return { kind: "object", fields, rest, extends: bases };
  };

  const parseImport = (scope: Scope): void => {
    if (takeIf("*")) {
      expect("as");
      const name = take();
      expect("from");
      scope.imports.set(name, { from: unquote(take()), name: undefined });
    } else if (takeIf("{")) {
      const names: [string, string][] = [];
      while (!takeIf("}")) {
        takeIf("type");
        const name = take();
        names.push([takeIf("as") ? take() : name, name]);
        takeIf(",");
      }
      expect("from");
      const from = unquote(take());
      for (const [local, name] of names) scope.imports.set(local, { from, name });
    }
    takeIf(";");
  };

  const parseScope = (scope: Scope): void => {
    while (at < tokens.length && peek() !== "}") {
      const token = take();
      if (token === "export" || token === "declare" || (token === "type" && peek() === "{")) continue;
      if (token === "import") {
        takeIf("type");
        parseImport(scope);
      } else if (token === "interface") {
        const name = take();
        const bases: string[] = [];
        if (takeIf("extends")) {
          do bases.push(parseName().join("."));
          while (takeIf(","));
        }
        // Generic ones are no part of what goes over a wire.
        if (peek() === "<") skipBlock();
        else scope.types.set(name, parseObject(bases));
      } else if (token === "type") {
        const name = take();
        if (takeIf("<")) skipStatement();
        else {
          expect("=");
          scope.types.set(name, parseType());
          takeIf(";");
        }
      } else if (token === "namespace") {
        const name = take();
        const empty = {
          file: scope.file,
          parent: scope,
          types: new Map(),
          scopes: new Map(),
          imports: new Map(),
        };
        const inner: Scope = scope.scopes.get(name) ?? empty;
        scope.scopes.set(name, inner);
        expect("{");
        parseScope(inner);
        expect("}");
      } else if (token === "class" || token === "abstract") {
        skipBlock();
      } else if (token === "{") {
        at--;
        skipBlock();
        skipStatement();
      } else if (token !== ";") skipStatement();
    }
  };
  parseScope(file);
}
