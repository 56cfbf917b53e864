// Many files are evaluated in shared cells: what one does there must not show in another.
import { describe, expect, test } from "bun:test";
import { characterText, namesOf, openTestStage } from "../support/character-files.ts";

const crowdSize = 120;
const fileOf = (index: number): string => `c${String(index).padStart(3, "0")}.ts`;
const crowd = (odd: Readonly<Record<number, string>>): Record<string, string> =>
  Object.fromEntries(
    Array.from({ length: crowdSize }, (_, index) => [
      fileOf(index),
      odd[index] ??
        characterText({
          name: `Name ${index}`,
          // Built-ins are used at top level, so a neighbour's patch would show here.
          top: `const parts = ["Name", ${index}].map(String).join(" ");`,
          exports: "export const METADATA = { parts };",
        }),
    ]),
  );

describe("a crowd of files", () => {
  test("patched built-ins, exits, hangs and late throws are each laid at the right door", async () => {
    const odd = {
      10: characterText({ name: "Patcher", top: "Array.prototype.map = () => ['patched'];" }),
      20: characterText({ name: "Replacer", top: "globalThis.String = (() => 'replaced') as never;" }),
      30: characterText({ name: "Leaver", top: "process.exit(0);" }),
      40: characterText({ name: "Waiter", top: "await new Promise(() => {});" }),
      50: characterText({ name: "Looper", top: "while (true) {}" }),
      60: characterText({ name: "Late", top: "setTimeout(() => { throw new Error('late'); }, 20);" }),
      // Its stack names no file.
      70: characterText({ name: "Nameless", top: "setTimeout(() => Promise.reject('no stack'), 20);" }),
      80: characterText({ name: "Killer", top: `Bun.spawnSync(["kill", "-9", String(process.pid)]);` }),
      90: "let x = ;",
    };
    await using cast = await openTestStage(crowd(odd), { evaluateTimeoutMs: 3000 });
    await cast.stage.settled();
    const isQuarantined = (name: string): boolean => cast.stage.book.find(name)?.status === "quarantined";
    await cast.untilBook(() => isQuarantined("Late") && isQuarantined("Nameless"), 90_000);

    const { characters, problems } = cast.stage.book;
    const ordinary = characters.filter(({ name }) => name.startsWith("Name "));
    expect(ordinary.length).toBe(crowdSize - Object.keys(odd).length);
    for (const { name, metadata, status } of ordinary)
      expect([name, status]).toEqual([String(metadata["parts"]), "ready"]);
    expect(problems.map(({ file, error_type }) => [file, error_type])).toEqual([
      [fileOf(30), "Crashed"],
      [fileOf(40), "Timeout"],
      [fileOf(50), "Timeout"],
      [fileOf(60), "Crashed"],
      [fileOf(70), "Crashed"],
      [fileOf(80), "Crashed"],
      [fileOf(90), "SyntaxError"],
    ]);
    // Those who patch stand too: in cells of their own they harm nobody.
    expect(namesOf(cast.stage.book)).toContain("Patcher");
    expect(namesOf(cast.stage.book)).toContain("Replacer");
  }, 180_000);

  test("files that share a module are all reloaded when it changes", async () => {
    const files = Object.fromEntries(
      Array.from({ length: 60 }, (_, index) => [
        fileOf(index),
        characterText({
          name: `Name ${index}`,
          top: `import { tone } from "./_lib/tone.ts";`,
          exports: "export const METADATA = { tone };",
        }),
      ]),
    );
    await using cast = await openTestStage(
      { ...files, "_lib/tone.ts": "export const tone = 1;" },
      { watch: true },
    );
    await cast.stage.settled();
    await cast.folder.write("_lib/tone.ts", "export const tone = 2;");
    const book = await cast.untilBook(
      ({ characters }) => characters.every(({ metadata }) => metadata["tone"] === 2),
      120_000,
    );
    expect(book.characters.length).toBe(60);
  }, 180_000);
});
