// Loads a character from the text that was read, not from the disk: what is checked is what runs, and a version that was
// good can be loaded again after its file has changed.
import { readFileSync, statSync } from "node:fs";
import { dirname, extname, resolve, sep } from "node:path";
import { messageOf } from "../../base/errors.ts";
import type { CharacterSource } from "./host-protocol.ts";

/** Bun's loader for each kind of code that is served from its text. */
const loaders: Readonly<Record<string, Bun.Loader>> = {
  ".ts": "ts",
  ".mts": "ts",
  ".cts": "ts",
  ".tsx": "tsx",
  ".js": "js",
  ".mjs": "js",
  ".cjs": "js",
  ".jsx": "jsx",
};
/** Data files, parsed here: Bun 1.4.4 takes JSON that a plug-in serves for JavaScript. */
const dataParsers: Readonly<Record<string, (text: string) => unknown>> = {
  ".json": (text) => JSON.parse(text),
  ".toml": (text) => Bun.TOML.parse(text),
  ".yaml": (text) => Bun.YAML.parse(text),
  ".yml": (text) => Bun.YAML.parse(text),
};
const codeLoaders: readonly Bun.Loader[] = ["ts", "tsx", "js", "jsx"];

/** A data file whose text cannot be parsed. */
export class UnreadableData extends Error {
  readonly path: string;

  constructor(path: string, cause: unknown) {
    super(messageOf(cause));
    this.name = "UnreadableData";
    this.path = path;
  }
}

export function describeMissingImport(specifier: string): string {
  const cure = isPath(specifier)
    ? "there is no such file, seen from the one that imports it"
    : "zod and troupe are always there, any other package has to be installed beside the characters";
  return `cannot find ${JSON.stringify(specifier)}: ${cure}`;
}

/** An import that leads nowhere. */
export class UnresolvedImport extends Error {
  readonly specifier: string;
  readonly importer: string;

  constructor(specifier: string, importer: string) {
    super(describeMissingImport(specifier));
    this.name = "UnresolvedImport";
    this.specifier = specifier;
    this.importer = importer;
  }
}

export interface ModuleLoader {
  /**
   * Adds the texts of the files in the folder that this one imports, directly or not. Throws UnresolvedImport and
   * UnreadableData.
   */
  collect(source: CharacterSource, companions: Record<string, string>): void;
  load(source: CharacterSource): Promise<Readonly<Record<string, unknown>>>;
}

export function createModuleLoader(folder: string, dependencies: { guardThreads: () => void }): ModuleLoader {
  const texts = new Map<string, string>();
  const imports = new Map<string, readonly string[]>();
  // Bun drops unused imports, and with them the news that a file is missing.
  const transpilers = new Map(
    codeLoaders.map((loader) => [
      loader,
      new Bun.Transpiler({ loader, trimUnusedImports: false } as Bun.TranspilerOptions),
    ]),
  );
  const inFolder = (path: string): boolean =>
    path.startsWith(folder + sep) && !path.includes(`${sep}node_modules${sep}`);
  const packages = providePackages();
  let hasThreads = false;
  const guardThreadsFor = (text: string): void => {
    if (hasThreads || !text.includes("worker_threads")) return;
    hasThreads = true;
    dependencies.guardThreads();
  };
  serveTexts(folder, texts);

  const importsOf = (path: string, text: string, isKept: (path: string) => boolean): readonly string[] => {
    const known = imports.get(path);
    if (known) return known;
    const loader = loaders[extname(path)];
    const transpiler = loader && transpilers.get(loader);
    const found: string[] = [];
    for (const { kind, path: specifier } of transpiler ? scan(transpiler, text) : []) {
      if (packages.has(specifier)) continue;
      const target = resolveImport(specifier, path, isKept);
      if (target === undefined && kind === "import-statement") throw new UnresolvedImport(specifier, path);
      if (target !== undefined && inFolder(target)) found.push(target);
    }
    imports.set(path, found);
    return found;
  };

  return {
    collect(source, companions) {
      const isKept = (path: string): boolean => Object.hasOwn(source.companions, path) || texts.has(path);
      const visit = (path: string, text: string): void => {
        guardThreadsFor(text);
        for (const target of importsOf(path, text, isKept)) {
          if (target === source.path || Object.hasOwn(companions, target)) continue;
          const companion = texts.get(target) ?? source.companions[target] ?? readCompanion(target);
          companions[target] = companion;
          if (isServed(target)) texts.set(target, companion);
          if (dataParsers[extname(target)]) parseData(target, companion);
          visit(target, companion);
        }
      };
      visit(source.path, source.text);
    },
    load(source) {
      texts.set(source.path, source.text);
      return import(source.path) as Promise<Readonly<Record<string, unknown>>>;
    },
  };
}

function scan(transpiler: Bun.Transpiler, text: string): Bun.Import[] {
  try {
    return transpiler.scanImports(text);
  } catch {
    // The import itself will tell what is wrong with the syntax, and where.
    return [];
  }
}

/** A file that is kept as text comes first: it may have gone from the disk since. */
function resolveImport(
  specifier: string,
  importer: string,
  isKept: (path: string) => boolean,
): string | undefined {
  const kept = isPath(specifier) ? resolveKept(specifier, importer, isKept) : undefined;
  if (kept !== undefined) return kept;
  try {
    return Bun.resolveSync(specifier, dirname(importer));
  } catch {
    return undefined;
  }
}

const isPath = (specifier: string): boolean => /^(?:\.{1,2})?\//.test(specifier);

function resolveKept(
  specifier: string,
  importer: string,
  isKept: (path: string) => boolean,
): string | undefined {
  const path = resolve(dirname(importer), specifier);
  return ["", ".ts", ".tsx", ".js", ".json", "/index.ts", "/index.js"]
    .map((ending) => path + ending)
    .find(isKept);
}

/** Of what Bun itself reads (a picture, a poem) it is noted how it stood, which tells one version from the next. */
function readCompanion(path: string): string {
  try {
    if (isServed(path)) return readFileSync(path, "utf8");
    const { size, mtimeMs } = statSync(path);
    return `${size} bytes of ${mtimeMs}`;
  } catch {
    return "";
  }
}

function serveTexts(folder: string, texts: ReadonlyMap<string, string>): void {
  const escaped = (folder + sep).replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
  const extensions = [...Object.keys(loaders), ...Object.keys(dataParsers)].map((extension) =>
    extension.slice(1),
  );
  Bun.plugin({
    name: "characters",
    setup(build) {
      build.onResolve({ filter: /^(?:\.{1,2})?\// }, ({ path, importer }) => {
        const kept = resolveKept(path, importer, (candidate) => texts.has(candidate));
        return kept === undefined ? undefined : { path: kept };
      });
      const filter = new RegExp(`^${escaped}.*\\.(?:${extensions.join("|")})$`);
      build.onLoad({ filter }, ({ path }) => {
        const contents = texts.get(path) ?? readFileSync(path, "utf8");
        if (!dataParsers[extname(path)]) return { contents, loader: loaders[extname(path)] ?? "ts" };
        const value = parseData(path, contents);
        const names = typeof value === "object" && !Array.isArray(value) ? value : {};
        return { exports: { ...names, default: value }, loader: "object" };
      });
    },
  });
}

const isServed = (path: string): boolean => extname(path) in loaders || extname(path) in dataParsers;

function parseData(path: string, text: string): unknown {
  try {
    return dataParsers[extname(path)]?.(text);
  } catch (error) {
    throw new UnreadableData(path, error);
  }
}

/** `troupe` and `zod` resolve wherever the folder is. Returns the names. */
function providePackages(): ReadonlySet<string> {
  const zodFolder = dirname(Bun.resolveSync("zod/package.json", import.meta.dir));
  const reExport = (path: string, hasDefault: boolean): string =>
    `export * from ${JSON.stringify(path)};` +
    (hasDefault ? `export { default } from ${JSON.stringify(path)};` : "");
  const packages = new Map([
    ["troupe", reExport(resolve(import.meta.dir, "../define-character.ts"), false)],
    ["zod", reExport(resolve(zodFolder, "index.js"), true)],
    ["zod/v4", reExport(resolve(zodFolder, "index.js"), true)],
    ["zod/mini", reExport(resolve(zodFolder, "mini/index.js"), false)],
  ]);
  Bun.plugin({
    name: "packages for characters",
    setup(build) {
      for (const [name, contents] of packages) build.module(name, () => ({ contents, loader: "js" }));
    },
  });
  return new Set(packages.keys());
}
