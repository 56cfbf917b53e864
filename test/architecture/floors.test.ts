// Reads every import of src/ (types too) and fails on one that goes up, sideways or in a circle.
import { describe, expect, test } from "bun:test";
import { Glob } from "bun";
import { dirname, join, relative, resolve } from "node:path";

const src = resolve(import.meta.dir, "../../src");
const floors: Record<string, number> = {
  base: 0,
  audio: 1,
  text: 1,
  assets: 2,
  models: 3,
  speech: 3,
  characters: 3,
  reply: 3,
  providers: 3,
  session: 4,
  observability: 5,
  server: 6,
  cli: 6,
  web: 6,
  config: 7,
};
/** providers/<kind>/ may import what lies below its port's floor, and the port. */
const portOfProvider: Record<string, string> = { llm: "reply" };

interface Import {
  from: string;
  to: string;
}

async function readSources(): Promise<Map<string, string>> {
  const sources = new Map<string, string>();
  for await (const name of new Glob("**/*.{ts,tsx}").scan(src)) {
    sources.set(name, await Bun.file(join(src, name)).text());
  }
  return sources;
}

const sources = await readSources();
const withoutComments = (text: string): string =>
  text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
const importPattern = /(?:from|import|import\()\s*["'](\.{1,2}\/[^"']+)["']/g;
const imports: Import[] = [...sources].flatMap(([from, text]) =>
  [...withoutComments(text).matchAll(importPattern)].map((m) => ({
    from,
    to: relative(src, resolve(src, dirname(from), m[1] as string)),
  })),
);
/** package.json, which main reads its version from, counts as top. */
const roomOf = (file: string): string =>
  file.includes("/") && file !== "../package.json" ? (file.split("/")[0] as string) : "top";
const floorOf = (file: string): number => floors[roomOf(file)] ?? 8;

function isAllowed({ from, to }: Import): boolean {
  const [room, target] = [roomOf(from), roomOf(to)];
  if (room === "providers") {
    const [, kind, name] = from.split("/") as [string, string, string];
    if (target === "providers") return to.startsWith(`providers/${kind}/${name}/`);
    return floorOf(to) < 3 || target === (portOfProvider[kind] ?? "speech");
  }
  if (target === "providers") return floorOf(from) === 8;
  return room === target || floorOf(to) < floorOf(from);
}

describe("architecture", () => {
  test("every room has a floor", () => {
    const unknown = [...sources.keys()].map(roomOf).filter((room) => room !== "top" && !(room in floors));
    expect(unknown).toEqual([]);
  });

  test("imports go down, or stay in their room", () => {
    expect(imports.filter((i) => !isAllowed(i)).map((i) => `${i.from} → ${i.to}`)).toEqual([]);
  });

  test("no imports go in a circle", () => {
    const graph = Map.groupBy(imports, (i) => i.from);
    const done = new Set<string>();
    const circles: string[] = [];
    const visit = (file: string, path: readonly string[]): void => {
      if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(" → "));
      else if (!done.has(file)) {
        for (const next of graph.get(file) ?? []) visit(next.to, [...path, file]);
        done.add(file);
      }
    };
    for (const file of sources.keys()) visit(file, []);
    expect(circles).toEqual([]);
  });

  const offenders = (pattern: RegExp, isExempt: (file: string) => boolean): string[] =>
    [...sources]
      .filter(([file, text]) => !isExempt(file) && pattern.test(withoutComments(text)))
      .map(([file]) => file);

  test("only config (and what starts a child) reads the environment", () => {
    const exempt = (file: string): boolean =>
      file.startsWith("config/") || file === "base/child-process.ts" || file === "main.ts";
    expect(offenders(/\b(process|Bun)\.env\b/, exempt)).toEqual([]);
  });

  test("only the command line's output and the logger write to the console", () => {
    const exempt = (file: string): boolean => file === "cli/output.ts" || file === "observability/logger.ts";
    expect(offenders(/\bconsole\.\w+\(|process\.(stdout|stderr)\.write/, exempt)).toEqual([]);
  });

  test("only main ends the process, and children end themselves", () => {
    const exempt = (file: string): boolean => file === "main.ts" || file === "base/child-process.ts";
    expect(offenders(/process\.exit\(/, exempt)).toEqual([]);
  });

  test("native and heavy packages are imported in engine processes only", () => {
    const exempt = (file: string): boolean => file.startsWith("providers/");
    expect(
      offenders(
        /["'](onnxruntime-node|kokoro-js|@huggingface\/transformers|phonemizer|node-llama-cpp)["']/,
        exempt,
      ),
    ).toEqual([]);
  });
});
