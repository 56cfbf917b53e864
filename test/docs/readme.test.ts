// What the README promises a newcomer, done as it says.
import { expect, test } from "bun:test";
import { resolve } from "node:path";
import { createCharacterStage } from "../../src/characters/character-stage.ts";
import { createTempFolder } from "../support/temp-folder.ts";

const root = resolve(import.meta.dir, "../..");
const readme = await Bun.file(resolve(root, "README.md")).text();

test("the first character has twelve lines, loads, and answers", async () => {
  const text = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? "";
  expect(text.trim().split("\n")).toHaveLength(12);
  await using folder = await createTempFolder();
  await folder.write("gus.ts", text);
  await using stage = await createCharacterStage(
    { emit: () => undefined },
    { folder: folder.path, watch: false },
  );
  const book = await stage.settled();
  expect(book.problems).toEqual([]);
  const [gus] = book.characters;
  expect(await gus?.makeSystemPrompt({})).toContain("You keep a lighthouse");
  const greeting = await Array.fromAsync(gus?.reply([], {}) ?? []);
  expect(greeting.join("")).toBe("Evening. Mind the wet steps.");
});

test("every command it names is a script of the package", async () => {
  const { scripts } = (await Bun.file(resolve(root, "package.json")).json()) as {
    scripts: Record<string, string>;
  };
  const named = [...readme.matchAll(/bun(?:@[\d.]+)? run ([a-z-]+)(?![\w./-])/g)].map(
    (match) => match[1] as string,
  );
  expect(named.length).toBeGreaterThan(5);
  expect(named.filter((name) => !(name in scripts))).toEqual([]);
});

test("every file it links to is there", async () => {
  const links = [...readme.matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map((match) => match[1] as string);
  const missing: string[] = [];
  for (const link of links) {
    const path = resolve(root, link);
    const isThere =
      (await Bun.file(path).exists()) || (await Array.fromAsync(new Bun.Glob("*").scan(path))).length > 0;
    if (!isThere) missing.push(link);
  }
  expect(missing).toEqual([]);
});
