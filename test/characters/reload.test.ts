// Files change while the stage is open: what is seen, when it stands, and what is kept of what was good.
import { describe, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { appendFile, mkdir, rename, rm, unlink } from "node:fs/promises";
import { join } from "node:path";
import type { CharacterBook } from "../../src/characters/port.ts";
import { characterText, namesOf, openTestStage } from "../support/character-files.ts";
import { eventually } from "../support/eventually.ts";

const watched = { watch: true };
/** For those who are to come to their ends. */
const limits = { evaluateTimeoutMs: 2000, promptTimeoutMs: 1000 };
const says = (name: string, text: string): string =>
  characterText({ name, prompt: `return ${JSON.stringify(text)};` });
const has =
  (...names: string[]) =>
  (book: CharacterBook): boolean =>
    JSON.stringify(namesOf(book)) === JSON.stringify(names);

describe("reload", () => {
  test("a file that is written in place is on stage soon after", async () => {
    await using cast = await openTestStage({ "a.ts": says("Ada", "old") }, watched);
    const before = cast.stage.book.find("Ada");
    const { generation } = cast.stage.book;
    await cast.folder.write("a.ts", says("Ada", "new"));
    await cast.untilBook((book) => book.find("Ada") !== before);
    expect(await cast.promptOf("Ada")).toBe("new");
    expect(cast.stage.book.generation).toBe(generation + 1);
  });

  test("a new file enters, a deleted one leaves", async () => {
    await using cast = await openTestStage({ "a.ts": says("Ada", "a") }, watched);
    await cast.folder.write("b.ts", says("Bob", "b"));
    await cast.untilBook(has("Ada", "Bob"));
    await unlink(join(cast.folder.path, "a.ts"));
    await cast.untilBook(has("Bob"));
    expect(cast.stage.book.problems).toEqual([]);
  });

  test("a character that left can still be talked to by whoever holds it", async () => {
    await using cast = await openTestStage({ "a.ts": says("Ada", "still here") }, watched);
    const ada = cast.stage.book.find("Ada")!;
    expect(await ada.makeSystemPrompt({})).toBe("still here");
    await unlink(join(cast.folder.path, "a.ts"));
    await cast.untilBook(has());
    expect(await ada.makeSystemPrompt({})).toBe("still here");
  });

  test("what a character leaves running goes with its file", async () => {
    const beat = `require("node:fs").appendFileSync(import.meta.dir + "/_beats", ".")`;
    await using cast = await openTestStage(
      { "a.ts": characterText({ top: `setInterval(() => ${beat}, 2);` }) },
      watched,
    );
    const beats = async (): Promise<number> => Bun.file(join(cast.folder.path, "_beats")).size;
    await cast.promptOf("Ada");
    await eventually("beats", async () => (await beats()) > 0);
    await unlink(join(cast.folder.path, "a.ts"));
    await cast.untilBook(has());
    await eventually("silence", async () => {
      const before = await beats();
      await Bun.sleep(200);
      return (await beats()) === before;
    });
  });

  test("one that left in quarantine stays in it, for whoever holds it", async () => {
    await using cast = await openTestStage(
      { "a.ts": characterText({ prompt: "while (true) {}" }) },
      { ...limits, ...watched },
    );
    const ada = cast.stage.book.find("Ada")!;
    await ada.makeSystemPrompt({}).catch(() => undefined);
    await cast.untilBook((book) => book.find("Ada")?.status === "quarantined");
    await unlink(join(cast.folder.path, "a.ts"));
    await cast.untilBook(has());
    const failure: unknown = await ada.makeSystemPrompt({}).catch((error: unknown) => error);
    expect(failure).toMatchObject({ message: expect.stringContaining("quarantined until it changes") });
  });

  test("a save by renaming another file over it is seen", async () => {
    await using cast = await openTestStage({ "a.ts": says("Ada", "old") }, watched);
    const before = cast.stage.book.find("Ada");
    const draft = await cast.folder.write(".a.ts.draft", says("Ada", "new"));
    await rename(draft, join(cast.folder.path, "a.ts"));
    await cast.untilBook((book) => book.find("Ada") !== before);
    expect(await cast.promptOf("Ada")).toBe("new");
  });

  test("a file that is written in halves ends up whole", async () => {
    await using cast = await openTestStage({ "a.ts": says("Ada", "old") }, watched);
    const text = says("Ada", "new");
    const path = await cast.folder.write("a.ts", text.slice(0, text.length / 2));
    // The first half is seen for what it is, and the character stays.
    await cast.untilBook((book) => book.find("Ada")?.status === "stale");
    expect(await cast.promptOf("Ada")).toBe("old");
    await appendFile(path, text.slice(text.length / 2));
    await cast.untilBook((book) => book.find("Ada")?.status === "ready");
    expect(await cast.promptOf("Ada")).toBe("new");
  });

  test("a failed edit keeps the last good character, stale, until the edit is good", async () => {
    await using cast = await openTestStage({ "a.ts": says("Ada", "old") }, watched);
    const { generation } = cast.stage.book.find("Ada")!;
    await cast.folder.write("a.ts", "let x = ;");
    const book = await cast.untilBook((next) => next.find("Ada")?.status === "stale");
    expect(book.find("Ada")).toMatchObject({ generation, error: { error_type: "SyntaxError", line: 1 } });
    expect(book.problems).toEqual([book.find("Ada")!.error!]);
    expect(await cast.promptOf("Ada")).toBe("old");
    await cast.folder.write("a.ts", says("Ada", "new"));
    await cast.untilBook((next) => next.find("Ada")?.status === "ready");
    expect(await cast.promptOf("Ada")).toBe("new");
    expect(cast.stage.book.problems).toEqual([]);
  });

  test("an edit that hangs or ends its process keeps the last good character too", async () => {
    await using cast = await openTestStage(
      { "a.ts": says("Ada", "old"), "b.ts": says("Bob", "old") },
      { ...limits, ...watched },
    );
    await cast.folder.write("a.ts", characterText({ top: "while (true) {}" }));
    await cast.folder.write(
      "b.ts",
      characterText({ name: "Bob", top: `Bun.spawnSync(["kill", "-9", String(process.pid)]);` }),
    );
    const book = await cast.untilBook(({ characters }) =>
      characters.every(({ status }) => status === "stale"),
    );
    expect(book.problems).toMatchObject([{ error_type: "Timeout" }, { error_type: "Crashed" }]);
    expect(await cast.promptOf("Ada")).toBe("old");
    expect(await cast.promptOf("Bob")).toBe("old");
  });

  test("a quarantine ends when the file changes", async () => {
    await using cast = await openTestStage(
      { "a.ts": characterText({ prompt: "while (true) {}" }) },
      { ...limits, ...watched },
    );
    await cast.promptOf("Ada").catch(() => undefined);
    await cast.untilBook((book) => book.find("Ada")?.status === "quarantined");
    // A reload alone does not end it.
    expect(await cast.stage.reload()).toMatchObject({ loaded_count: 0, error_count: 1 });
    await cast.folder.write("a.ts", says("Ada", "healed"));
    await cast.untilBook((book) => book.find("Ada")?.status === "ready");
    expect(await cast.promptOf("Ada")).toBe("healed");
  });

  test("what fails late in a reload quarantines the version that has stood before", async () => {
    await using cast = await openTestStage({
      "a.ts": characterText({
        top: `if (require("node:fs").existsSync(import.meta.dir + "/fail")) setTimeout(() => { throw new Error("late"); }, 300);`,
      }),
    });
    expect(await cast.promptOf("Ada")).toBe("I am Ada");
    await cast.folder.write("fail", "");
    await cast.stage.reload();
    await cast.untilBook((book) => book.find("Ada")?.status === "quarantined");
    expect(await cast.promptOf("Ada").catch((error: { code?: unknown }) => error.code)).toBe("E_CHARACTER");
  });

  test("of equal names the first file wins, and the next moves up when it goes", async () => {
    await using cast = await openTestStage(
      { "a.ts": says("Ada", "from a"), "b.ts": says("Ada", "from b"), "c.ts": says("Ada", "from c") },
      watched,
    );
    expect(cast.stage.book.problems).toMatchObject([
      {
        file: "b.ts",
        stage: "duplicate",
        error_type: "DuplicateName",
        message: expect.stringContaining("a.ts"),
      },
      {
        file: "c.ts",
        stage: "duplicate",
        error_type: "DuplicateName",
        message: expect.stringContaining("a.ts"),
      },
    ]);
    expect(await cast.promptOf("Ada")).toBe("from a");
    await unlink(join(cast.folder.path, "a.ts"));
    await cast.untilBook((book) => book.find("Ada")?.file === "b.ts");
    expect(await cast.promptOf("Ada")).toBe("from b");
    expect(cast.stage.book.problems).toMatchObject([
      { file: "c.ts", message: expect.stringContaining("b.ts") },
    ]);
    // An earlier file takes the name back.
    await cast.folder.write("a.ts", says("Ada", "from a again"));
    await cast.untilBook((book) => book.find("Ada")?.file === "a.ts");
    expect(await cast.promptOf("Ada")).toBe("from a again");
  });

  test("a change in a shared file reloads those who import it, directly or not", async () => {
    await using cast = await openTestStage(
      {
        "_lib/word.ts": `export const word = "old";`,
        "_lib/phrase.ts": `import { word } from "./word";\nexport const phrase = "an " + word + " one";`,
        "a.ts": characterText({
          top: `import { phrase } from "./_lib/phrase.ts";`,
          prompt: "return phrase;",
        }),
        "b.ts": characterText({ name: "Bob" }),
      },
      watched,
    );
    expect(await cast.promptOf("Ada")).toBe("an old one");
    const [ada, bob] = cast.stage.book.characters;
    await cast.folder.write("_lib/word.ts", `export const word = "new";`);
    await cast.untilBook((book) => book.find("Ada") !== ada);
    expect(await cast.promptOf("Ada")).toBe("an new one");
    expect(cast.stage.book.find("Bob")).toBe(bob as never);
  });

  test("a broken shared file leaves its importers stale, with what it was when they were good", async () => {
    await using cast = await openTestStage(
      {
        "_lib/word.ts": `export const word = "old";`,
        "a.ts": characterText({ top: `import { word } from "./_lib/word.ts";`, prompt: "return word;" }),
      },
      watched,
    );
    await cast.folder.write("_lib/word.ts", `export const word = ;`);
    const book = await cast.untilBook((next) => next.find("Ada")?.status === "stale");
    expect(book.problems).toMatchObject([
      { file: "a.ts", error_type: "SyntaxError", message: expect.stringContaining("_lib/word.ts:1:") },
    ]);
    expect(await cast.promptOf("Ada")).toBe("old");
    await rm(join(cast.folder.path, "_lib"), { recursive: true });
    await cast.untilBook((next) => next.problems[0]?.error_type === "ImportError");
    expect(await cast.promptOf("Ada")).toBe("old");
    await cast.folder.write("_lib/word.ts", `export const word = "new";`);
    await cast.untilBook((next) => next.find("Ada")?.status === "ready");
    expect(await cast.promptOf("Ada")).toBe("new");
  });

  test("a removed folder empties the stage, and is watched for its return", async () => {
    await using cast = await openTestStage({ "a.ts": says("Ada", "a") }, watched);
    await rm(cast.folder.path, { recursive: true });
    await cast.untilBook(has());
    await mkdir(cast.folder.path);
    await cast.folder.write("b.ts", says("Bob", "b"));
    await cast.untilBook(has("Bob"));
    const before = cast.stage.book.find("Bob");
    await cast.folder.write("b.ts", says("Bob", "changed"));
    await cast.untilBook((book) => book.find("Bob") !== before);
    expect(await cast.promptOf("Bob")).toBe("changed");
  });

  test("a burst of changes is one generation", async () => {
    const files = Array.from({ length: 20 }, (_, i) => `c${String(i).padStart(2, "0")}.ts`);
    await using cast = await openTestStage(
      Object.fromEntries(files.map((file) => [file, says(file, "old")])),
      // However long a busy machine takes over one of them.
      { ...watched, patience: 10 },
    );
    await cast.stage.settled();
    const { generation } = cast.stage.book;
    for (const file of files) writeFileSync(join(cast.folder.path, file), says(file, "new"));
    const book = await cast.untilBook(({ characters }) =>
      characters.every((character) => character.generation > generation),
    );
    expect(book.generation).toBe(generation + 1);
    expect(book.characters.length).toBe(files.length);
  });

  test("two hundred files that change together are never seen half changed, whatever else happens", async () => {
    const branch = (mark: string): Record<string, string> =>
      Object.fromEntries(
        Array.from({ length: 200 }, (_, i) => [
          // Some files are there on one branch only.
          `c${String(i).padStart(3, "0")}${i % 20 === 0 ? mark : ""}.ts`,
          `import { lead } from "./_lib/lead.ts";\n` +
            characterText({
              name: `Character ${i}`,
              exports: `export const METADATA = { mark: "${mark}", lead };`,
            }),
        ]),
      );
    const [main, feature] = [branch("main"), branch("feature")];
    const bad = Array.from({ length: 12 }, (_, i) => `bad${i}`);
    const count = 200 + 1 + bad.length;
    await using cast = await openTestStage(
      {
        ...main,
        "_lib/lead.ts": `export const lead = "main";`,
        "solo.ts": says("Solo", "1"),
        ...Object.fromEntries(
          bad.map((name) => [`${name}.ts`, characterText({ name, prompt: "process.exit(1);" })]),
        ),
      },
      // On a machine with much to do two hundred files take longer than anybody else is to wait for the rest of them.
      { ...watched, patience: 10 },
    );
    expect(cast.stage.book.characters.length).toBe(count);
    const solo = cast.stage.book.find("Solo");
    const mixtures: string[] = [];
    let books = 0;
    const marksOf = (book: CharacterBook): Set<unknown> =>
      new Set(
        book.characters
          .filter(({ name }) => name.startsWith("Character"))
          .flatMap(({ metadata }) => [metadata["mark"], metadata["lead"]]),
      );
    using _reader = cast.stage.onChange((book) => {
      books += 1;
      const marks = marksOf(book);
      if (marks.size !== 1 || book.characters.length !== count) {
        mixtures.push(`${book.characters.length} characters of ${[...marks].join(" and ")}`);
      }
    });
    // As git does it: those that go first, then those that change.
    for (const name of Object.keys(main)) if (!(name in feature)) rmSync(join(cast.folder.path, name));
    writeFileSync(join(cast.folder.path, "_lib/lead.ts"), `export const lead = "feature";`);
    for (const [name, text] of Object.entries(feature)) writeFileSync(join(cast.folder.path, name), text);
    // While they are read, others are quarantined one after another and somebody saves a file: each makes a book.
    for (const [index, name] of bad.entries()) {
      await cast.promptOf(name).catch(() => undefined);
      if (index === bad.length / 2) await cast.folder.write("solo.ts", says("Solo", "2"));
    }
    await cast.untilBook((book) => marksOf(book).has("feature"), 60_000);
    await cast.untilBook((book) => book.find("Solo") !== solo, 60_000);
    expect(mixtures).toEqual([]);
    expect(books).toBeGreaterThan(0);
    expect(await cast.promptOf("Solo")).toBe("2");
    await cast.untilBook((book) => bad.every((name) => book.find(name)?.status === "quarantined"));
  }, 180_000);

  test("writing the same text again changes nothing", async () => {
    await using cast = await openTestStage({ "a.ts": says("Ada", "a"), "b.ts": says("Bob", "b") }, watched);
    const [ada, bob] = cast.stage.book.characters;
    await cast.folder.write("a.ts", says("Ada", "a"));
    await cast.folder.write("b.ts", says("Bob", "new"));
    const book = await cast.untilBook((next) => next.find("Bob") !== bob);
    expect(book.find("Ada")).toBe(ada as never);
  });

  test("a reader of a book never sees it change", async () => {
    await using cast = await openTestStage({ "a.ts": says("Ada", "a") });
    const { book } = cast.stage;
    await cast.folder.write("b.ts", says("Bob", "b"));
    await cast.stage.reload();
    expect(namesOf(book)).toEqual(["Ada"]);
    expect(Object.isFrozen(book)).toBe(true);
    expect(Object.isFrozen(book.characters)).toBe(true);
    expect(Object.isFrozen(book.characters[0])).toBe(true);
    expect(namesOf(cast.stage.book)).toEqual(["Ada", "Bob"]);
  });

  test("a slow file joins when it comes, and delays nobody", async () => {
    await using cast = await openTestStage(
      {
        "a.ts": says("Ada", "a"),
        "slow.ts": characterText({
          name: "Slow",
          top: `while (!require("node:fs").existsSync(import.meta.dir + "/go")) await Bun.sleep(5);`,
        }),
      },
      { opened: "first", evaluateTimeoutMs: 60_000 },
    );
    await cast.untilBook(has("Ada"));
    expect(cast.recorder.ofType("characters-load-end")).toEqual([]);
    await cast.folder.write("go", "");
    await cast.untilBook(has("Ada", "Slow"));
    await cast.stage.settled();
    expect(cast.recorder.ofType("characters-load-end")).toMatchObject([{ reason: "start", loadedCount: 2 }]);
  });

  test("an edit during a slow evaluation takes its place", async () => {
    await using cast = await openTestStage(
      { "a.ts": characterText({ top: "while (true) {}" }) },
      { ...watched, opened: "first", evaluateTimeoutMs: 120_000 },
    );
    await cast.folder.write("a.ts", says("Ada", "quick"));
    await cast.untilBook(has("Ada"));
    await cast.stage.settled();
    expect(cast.stage.book.problems).toEqual([]);
  });
});
