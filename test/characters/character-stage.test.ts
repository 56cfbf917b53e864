// The stage over real files: what is loaded, what its characters say, and what reload reports.
import { describe, expect, test } from "bun:test";
import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import type { LiveBook } from "../../src/characters/character-book.ts";
import { createCharacterStage } from "../../src/characters/character-stage.ts";
import { characterText, namesOf, openTestStage } from "../support/character-files.ts";
import { createTempFolder } from "../support/temp-folder.ts";

describe("character stage", () => {
  test("characters stand in sorted file order, with what their files declare", async () => {
    await using cast = await openTestStage({
      "b.ts": characterText({ name: "  Béa  " }),
      "a.ts": characterText({
        name: "Ada",
        exports: `export const METADATA = { good: true, mood: "calm" };`,
      }),
      "B.ts": characterText({ name: "Bob" }),
    });
    expect(namesOf(cast.stage.book)).toEqual(["Bob", "Ada", "Béa"]);
    expect(cast.stage.book.find("Ada")).toMatchObject({
      file: "a.ts",
      status: "ready",
      voiceSource: { source_type: "kokoro", voice: "af_heart" },
      instructions: { type: "smalltalk", language: "en" },
      metadata: { good: true, mood: "calm" },
      tools: [],
      hasReply: false,
    });
    expect(cast.stage.book.problems).toEqual([]);
    expect(await cast.promptOf("Ada")).toBe("I am Ada");
  });

  test("a missing folder is created, and an empty stage opens", async () => {
    await using temp = await createTempFolder();
    const folder = join(temp.path, "deep", "cast");
    await using stage = await createCharacterStage({ emit: () => undefined }, { folder, watch: false });
    await stage.settled();
    expect(stage.book.characters).toEqual([]);
    expect((await stage.reload()).total_files).toBe(0);
  });

  test("the same context gives the same prompt, in the host too", async () => {
    await using cast = await openTestStage({
      "a.ts": characterText({
        prompt: `return [context.now.toISOString(), context.random(), context.random(), context.userName, context.messages.length].join(" ");`,
      }),
    });
    const character = cast.stage.book.find("Ada")!;
    const context = {
      now: "2026-03-04T05:06:07.000Z",
      seed: 42,
      userName: "Eve",
      messages: [{ role: "user" as const, content: "hello" }],
    };
    const prompt = await character.makeSystemPrompt(context);
    expect(prompt).toMatch(/^2026-03-04T05:06:07.000Z 0\.\d+ 0\.\d+ Eve 1$/);
    expect(await character.makeSystemPrompt(context)).toBe(prompt);
    expect(await character.makeSystemPrompt({ ...context, seed: 43 })).not.toBe(prompt);
  });

  test("a reply comes as text, as an iterable, or as an async iterable", async () => {
    const replies = {
      text: `reply(messages: any[]) { return "You said " + messages.at(-1).content; }`,
      promise: `async reply() { return "later"; }`,
      pieces: `*reply() { yield "one "; yield "two"; }`,
      stream: `async *reply() { yield "one "; await Promise.resolve(); yield "two"; }`,
    };
    await using cast = await openTestStage(
      Object.fromEntries(
        Object.entries(replies).map(([name, members]) => [`${name}.ts`, characterText({ name, members })]),
      ),
    );
    const said: Record<string, string[]> = {};
    for (const character of cast.stage.book.characters) {
      expect(character.hasReply).toBe(true);
      said[character.name] = await Array.fromAsync(character.reply([{ role: "user", content: "hi" }], {}));
    }
    expect(said).toEqual({
      text: ["You said hi"],
      promise: ["later"],
      pieces: ["one ", "two"],
      stream: ["one ", "two"],
    });
  });

  test("troupe and zod resolve wherever the folder is, and shared files may be imported", async () => {
    await using cast = await openTestStage({
      "_lib/greet.ts": `export const greet = (name: string): string => "Hello from " + name;`,
      "a.ts": `
import { defineCharacter } from "troupe";
import { z } from "zod";
import { greet } from "./_lib/greet.ts";
export default defineCharacter({
  CHARACTER_NAME: "Ada",
  VOICE_SOURCE: { source_type: "kokoro", voice: "af_heart" },
  INSTRUCTIONS: { type: "smalltalk" },
  TOOLS: [{ name: "add", description: "adds", parameters: z.object({ a: z.number(), b: z.number().default(1) }),
    execute: ({ a, b }: any) => a + b }],
  PromptGenerator: class { makeSystemPrompt() { return greet("Ada"); } },
});`,
    });
    const ada = cast.stage.book.find("Ada")!;
    expect(await ada.makeSystemPrompt({})).toBe("Hello from Ada");
    expect(ada.tools).toMatchObject([
      { name: "add", timeoutMs: 2000, parameters: { type: "object", required: ["a"] } },
    ]);
    expect(await ada.callTool("add", { a: 2 }, {})).toBe(3);
  });

  test("a folder with an odd name, reached through a link, is as good as any", async () => {
    await using temp = await createTempFolder();
    await temp.write("a b (c)+[d] é$/_lib/word.ts", `export const word = "odd";`);
    await temp.write(
      "a b (c)+[d] é$/a.ts",
      characterText({ top: `import { word } from "./_lib/word.ts";`, prompt: "return word;" }),
    );
    await symlink(join(temp.path, "a b (c)+[d] é$"), join(temp.path, "link"));
    await using stage = await createCharacterStage(
      { emit: () => undefined },
      { folder: join(temp.path, "link"), watch: false },
    );
    await stage.settled();
    expect(stage.book.problems).toEqual([]);
    expect(await stage.book.find("Ada")?.makeSystemPrompt({})).toBe("odd");
  });

  test("data, text, packages of Bun and lazy imports work as in any module", async () => {
    await using cast = await openTestStage({
      "_lib/lore.json": `{ "place": "harbour" }`,
      "_lib/poem.txt": "the sea",
      "_lib/lazy.ts": `export const lazy = "later";`,
      "a.ts": characterText({
        top: `
import lore from "./_lib/lore.json";
import poem from "./_lib/poem.txt";
import { basename } from "node:path";
import { $ } from "bun";`,
        prompt: `return import("./_lib/lazy").then(({ lazy }) => [lore.place, poem, basename(import.meta.path), typeof $, lazy, require("./_lib/lazy.ts").lazy].join(" "));`,
      }),
    });
    expect(cast.stage.book.problems).toEqual([]);
    expect(await cast.promptOf("Ada")).toBe("harbour the sea a.ts function later later");
    await cast.folder.write("_lib/lore.json", `{ "place": `);
    await cast.stage.reload();
    expect(cast.stage.book.problems).toMatchObject([
      { stage: "build", error_type: "SyntaxError", message: expect.stringContaining("_lib/lore.json: ") },
    ]);
    expect(await cast.promptOf("Ada")).toStartWith("harbour");
  });

  test("a file that is neither code nor data is followed, and not carried along", async () => {
    await using cast = await openTestStage({
      "_lib/poem.txt": "the sea".padEnd(5_000_000),
      "a.ts": characterText({ top: `import poem from "./_lib/poem.txt";`, prompt: "return poem.trim();" }),
    });
    expect(await cast.promptOf("Ada")).toBe("the sea");
    const { entries } = cast.stage.book as LiveBook;
    const companions = entries.get("a.ts")?.version?.source.companions ?? {};
    expect(Object.keys(companions)).toEqual([join(cast.folder.path, "_lib/poem.txt")]);
    expect(JSON.stringify(companions).length).toBeLessThan(1000);
    await cast.folder.write("_lib/poem.txt", "the harbour");
    await cast.stage.reload();
    expect(await cast.promptOf("Ada")).toBe("the harbour");
  });

  test("only character files count: no folders, FIFOs, tests, declarations or names that begin with _", async () => {
    await using temp = await createTempFolder();
    for (const name of ["_a.ts", "a.d.ts", "a.test.ts", "a.tsx", "a.js", ".a.ts"]) {
      await temp.write(name, "throw new Error('not to be run')");
    }
    await mkdir(join(temp.path, "folder.ts"));
    expect(Bun.spawnSync(["mkfifo", join(temp.path, "fifo.ts")]).success).toBe(true);
    await temp.write("good.ts", characterText());
    await using stage = await createCharacterStage(
      { emit: () => undefined },
      { folder: temp.path, watch: false },
    );
    await stage.settled();
    expect(stage.book.problems).toEqual([]);
    expect(await stage.reload()).toMatchObject({ total_files: 1, loaded_count: 1, error_count: 0 });
  });

  test("a link inside the folder is followed; one that leaves it, or dangles, is a ReadError", async () => {
    await using outside = await createTempFolder();
    await outside.write("out.ts", characterText({ name: "Out" }));
    await using temp = await createTempFolder();
    await temp.write("_lib/in.ts", characterText({ name: "In" }));
    await symlink(join(temp.path, "_lib/in.ts"), join(temp.path, "in.ts"));
    await symlink(join(outside.path, "out.ts"), join(temp.path, "out.ts"));
    await symlink(join(temp.path, "nothing"), join(temp.path, "gone.ts"));
    await using stage = await createCharacterStage(
      { emit: () => undefined },
      { folder: temp.path, watch: false },
    );
    await stage.settled();
    expect(namesOf(stage.book)).toEqual(["In"]);
    expect(stage.book.problems.map(({ file, stage, error_type }) => [file, stage, error_type])).toEqual([
      ["gone.ts", "read", "ReadError"],
      ["out.ts", "read", "ReadError"],
    ]);
  });

  test("a reload reports what it did, and a character that did not change stays the same object", async () => {
    await using cast = await openTestStage({
      "a.ts": characterText({ name: "Ada" }),
      "b.ts": characterText({ name: "Bob" }),
    });
    const ada = cast.stage.book.find("Ada");
    const { generation } = cast.stage.book;
    await cast.folder.write("b.ts", characterText({ name: "Bob", prompt: `return "new";` }));
    await cast.folder.write("c.ts", "export const x = ;");
    const report = await cast.stage.reload();
    // The watcher may have seen the first file before the request did.
    expect(report.generation).toBeGreaterThan(generation);
    expect(report).toMatchObject({ total_files: 3, loaded_count: 2, error_count: 1 });
    expect(report.errors).toMatchObject([
      { file: "c.ts", stage: "build", error_type: "SyntaxError", line: 1 },
    ]);
    expect(report.load_duration_ms).toBeGreaterThan(0);
    expect(cast.stage.book.find("Ada")).toBe(ada as never);
    expect(cast.stage.book.find("Bob")?.generation).toBeGreaterThan(generation);
    expect(await cast.promptOf("Bob")).toBe("new");
  });

  test("is put away together with the loads under way, and says nothing after that", async () => {
    await using cast = await openTestStage(
      { "a.ts": characterText(), "slow.ts": characterText({ top: "await new Promise(() => {});" }) },
      { opened: "first" },
    );
    await cast.folder.write("b.ts", characterText({ name: "Bob" }));
    let isOver = false;
    const reload = cast.stage.reload().finally(() => {
      isOver = true;
    });
    let changes = 0;
    await cast.stage[Symbol.asyncDispose]();
    cast.stage.onChange(() => {
      changes += 1;
    });
    expect(isOver).toBe(true);
    await reload;
    expect(cast.recorder.ofType("characters-load-end")).toEqual([]);
    // A load that comes too late finds nobody at home.
    await cast.stage.reload();
    expect(changes).toBe(0);
  });

  test("a listener that throws keeps no other from the book, and is told of", async () => {
    await using cast = await openTestStage({ "a.ts": characterText() });
    const bug = new Error("a bug");
    const seen: string[][] = [];
    using _first = cast.stage.onChange(() => {
      throw bug;
    });
    using _second = cast.stage.onChange((book) => void seen.push(namesOf(book)));
    await cast.folder.write("b.ts", characterText({ name: "Bob" }));
    await cast.stage.reload();
    expect(seen.at(-1)).toEqual(["Ada", "Bob"]);
    expect(cast.recorder.ofType("background-failure").at(-1)?.error).toBe(bug);
  });

  test("a character object that was kept goes on with its own version after an edit", async () => {
    await using cast = await openTestStage({ "a.ts": characterText({ prompt: `return "old";` }) });
    const before = cast.stage.book.find("Ada")!;
    await cast.folder.write("a.ts", characterText({ prompt: `return "new";` }));
    await cast.stage.reload();
    expect(await cast.promptOf("Ada")).toBe("new");
    expect(await before.makeSystemPrompt({})).toBe("old");
  });
});
