// The book as a pure function of outcomes and the book before.
import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import {
  buildBook,
  type CharacterStanding,
  type CharacterVersion,
  emptyBook,
  type LiveBook,
  type LoadOutcome,
} from "../../src/characters/character-book.ts";
import type { Character, LoadProblem } from "../../src/characters/port.ts";

let versions = 0;
const version = (file: string, name: string): CharacterVersion => ({
  source: { versionId: `${file}@${++versions}`, file, path: `/cast/${file}`, text: "", companions: {} },
  record: {
    name,
    voiceSource: { source_type: "kokoro", voice: "af_heart" },
    instructions: { type: "smalltalk" },
    metadata: {},
    tools: [],
    hasReply: false,
  },
});
const problem = (file: string, message = "broken"): LoadProblem => ({
  file,
  stage: "build",
  error_type: "SyntaxError",
  message,
});
const good = (file: string, name = file): LoadOutcome => ({ file, ok: true, version: version(file, name) });
const bad = (file: string): LoadOutcome => ({ file, ok: false, problem: problem(file) });
const character = ({ source, record }: CharacterVersion, standing: CharacterStanding): Character =>
  ({ name: record.name, file: source.file, ...standing }) as unknown as Character;
const build = (outcomes: readonly LoadOutcome[], previous: LiveBook = emptyBook): LiveBook =>
  buildBook(outcomes, previous, character);
const show = (book: LiveBook): string[] =>
  book.characters.map(({ name, file, status }) => `${name} ${file} ${status}`);

describe("buildBook", () => {
  test("sorts files by code unit, whatever order they come in", () => {
    const book = build([good("b.ts"), good("é.ts"), good("a.ts"), good("Z.ts")]);
    expect(book.characters.map(({ file }) => file)).toEqual(["Z.ts", "a.ts", "b.ts", "é.ts"]);
    expect(book.generation).toBe(1);
  });

  test("finds names exactly, after trimming and composing", () => {
    const book = build([good("a.ts", "Zoë")]);
    expect(book.find(" Zoe\u0308 ")?.file).toBe("a.ts");
    expect(book.find("zoë")).toBeUndefined();
  });

  test("a file that fails from the start is a problem and nothing more", () => {
    const book = build([bad("a.ts"), good("b.ts")]);
    expect(show(book)).toEqual(["b.ts b.ts ready"]);
    expect(book.problems).toEqual([problem("a.ts")]);
  });

  test("a failing edit keeps the last good version, through several failures", () => {
    const first = build([good("a.ts", "Ada")]);
    const second = build([bad("a.ts")], first);
    const third = build([bad("a.ts")], second);
    expect(show(third)).toEqual(["Ada a.ts stale"]);
    expect(third.characters[0]).toMatchObject({ generation: 1, error: problem("a.ts") });
    expect(third.problems).toEqual([problem("a.ts")]);
  });

  test("a file that has gone leaves nothing behind", () => {
    const book = build([], build([good("a.ts")]));
    expect(show(book)).toEqual([]);
    // Nor does it come back as stale.
    expect(show(build([bad("a.ts")], book))).toEqual([]);
  });

  test("of equal names the first file stands, the loser's problem names it, and the loser moves up", () => {
    const [a, b] = [good("a.ts", "Ada"), good("b.ts", "Ada")];
    const both = build([b, a]);
    expect(show(both)).toEqual(["Ada a.ts ready"]);
    expect(both.problems).toEqual([
      {
        file: "b.ts",
        stage: "duplicate",
        error_type: "DuplicateName",
        message: `the name "Ada" is taken by a.ts; change CHARACTER_NAME in one of them`,
      },
    ]);
    expect(show(build([b], both))).toEqual(["Ada b.ts ready"]);
  });

  test("a stale character keeps its name", () => {
    const first = build([good("a.ts", "Ada"), good("b.ts", "Ada")]);
    const second = build([bad("a.ts"), good("b.ts", "Ada")], first);
    expect(show(second)).toEqual(["Ada a.ts stale"]);
    expect(second.problems.map(({ file, error_type }) => [file, error_type])).toEqual([
      ["a.ts", "SyntaxError"],
      ["b.ts", "DuplicateName"],
    ]);
  });

  test("a loser whose edit fails still moves up with its last good version", () => {
    const first = build([good("a.ts", "Ada"), good("b.ts", "Ada")]);
    const second = build([good("a.ts", "Ada"), bad("b.ts")], first);
    expect(show(build([bad("b.ts")], second))).toEqual(["Ada b.ts stale"]);
  });

  test("a fault quarantines, or is recorded and no more", () => {
    const ada = good("a.ts", "Ada") as LoadOutcome & { ok: true };
    const fault = problem("a.ts", "hung");
    const quarantined = build([{ ...ada, fault: { problem: fault, isQuarantined: true } }], build([ada]));
    expect(quarantined.characters[0]).toMatchObject({ status: "quarantined", error: fault, generation: 1 });
    const recorded = build([{ ...ada, fault: { problem: fault, isQuarantined: false } }], build([ada]));
    expect(recorded.characters[0]).toMatchObject({ status: "ready", error: undefined });
    expect(recorded.problems).toEqual([fault]);
  });

  test("a stale version that misbehaves is quarantined, and its file's own problem stays", () => {
    const fault = problem("a.ts", "hung");
    const outcome: LoadOutcome = {
      file: "a.ts",
      ok: false,
      problem: problem("a.ts"),
      fault: { problem: fault, isQuarantined: true },
    };
    const book = build([outcome], build([good("a.ts", "Ada")]));
    expect(book.characters[0]).toMatchObject({ status: "quarantined", error: fault });
    expect(book.problems).toEqual([problem("a.ts")]);
  });

  test("what has not changed stays the same object", () => {
    const [a, b] = [good("a.ts"), good("b.ts")];
    const first = build([a, b]);
    const second = build([a, good("b.ts")], first);
    expect(second.characters[0]).toBe(first.characters[0] as never);
    expect(second.characters[1]).not.toBe(first.characters[1]!);
    expect(second.characters.map(({ generation }) => generation)).toEqual([1, 2]);
  });

  test("whatever happens, names are unique, order is kept and every failing file is told", () => {
    const file = fc.constantFrom("a.ts", "b.ts", "c.ts", "d.ts");
    const step = fc.uniqueArray(
      fc.record({ file, name: fc.constantFrom("Ada", "Bob"), isGood: fc.boolean() }),
      { selector: (entry) => entry.file },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 8 }), (steps) => {
        let book = emptyBook;
        for (const entries of steps) {
          const outcomes = entries.map(({ file, name, isGood }) => (isGood ? good(file, name) : bad(file)));
          book = build(outcomes, book);
          const names = book.characters.map(({ name }) => name);
          const files = book.characters.map(({ file }) => file);
          expect(new Set(names).size).toBe(names.length);
          expect(files).toEqual(files.toSorted());
          const told = new Set(book.problems.map((entry) => entry.file));
          for (const { file, isGood } of entries) {
            expect(told.has(file) || files.includes(file)).toBe(true);
            if (!isGood) expect(told.has(file)).toBe(true);
          }
        }
      }),
    );
  });
});
