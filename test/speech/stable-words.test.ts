import { expect, test } from "bun:test";
import { array, assert, constantFrom, property } from "fast-check";
import type { HeardWord } from "../../src/speech/speech-decoder.ts";
import { extendStable, splitStable } from "../../src/speech/stable-words.ts";

const words = (text: string): HeardWord[] =>
  text.split(" ").flatMap((word) => (word === "" ? [] : [{ text: word, tokens: [] }]));
const textOf = (heard: readonly HeardWord[]): string => heard.map((word) => word.text).join(" ");

test("what two passes agree on is certain, but for the last two words", () => {
  expect(textOf(extendStable([], words("the quick brown fox"), words("the quick brown fox jumps")))).toBe(
    "the quick",
  );
});

test("where they disagree, certainty ends", () => {
  const stable = extendStable(
    [],
    words("the quick brow fog jumps over"),
    words("the quick brown fox jumps over"),
  );
  expect(textOf(stable)).toBe("the quick");
});

test("punctuation is part of a word", () => {
  expect(textOf(extendStable([], words("yes it is so good"), words("yes, it is so good")))).toBe("");
});

test("nothing is taken back, by passes that say less or something else", () => {
  const stable = words("the quick brown");
  expect(extendStable(stable, words("the quick brown fox"), words("the quick brown"))).toBe(stable);
  expect(extendStable(stable, [], words("the quick brown dog ran"))).toBe(stable);
});

test("a running transcript only grows", () => {
  const hypothesis = array(constantFrom("a", "b", "c"), { maxLength: 8 });
  const seed = Date.now() & 0xffff;
  assert(
    property(array(hypothesis, { maxLength: 12 }), (passes) => {
      let stable: readonly HeardWord[] = [];
      let previous: readonly HeardWord[] = [];
      for (const pass of passes) {
        // As the decoder does: every answer begins with what is certain.
        const current = [...stable, ...words(pass.join(" ")).slice(stable.length)];
        const next = extendStable(stable, previous, current);
        expect(next.slice(0, stable.length).map((w) => w.text)).toEqual(stable.map((w) => w.text));
        [stable, previous] = [next, current];
      }
    }),
    { seed },
  );
});

function split(stable: string, heard: string): [string, string] {
  const { decided, rest } = splitStable(words(stable), words(heard));
  return [textOf(decided), textOf(rest)];
}

test("a cut segment takes its share of what was shown, and leaves the rest", () => {
  expect(split("the quick brown fox jumps over", "the quick brown")).toEqual([
    "the quick brown",
    "fox jumps over",
  ]);
});

test("a cut segment may say more than was shown", () => {
  expect(split("the quick", "The quick brown fox.")).toEqual(["the quick brown fox.", ""]);
  expect(split("", "the quick")).toEqual(["the quick", ""]);
});

test("what was shown stays when the segment alone sounds different", () => {
  expect(split("the quick brown fox jumps over", "The quick, brawn.")).toEqual([
    "the quick brown",
    "fox jumps over",
  ]);
  expect(split("a quick brown fox jumps over the dog", "quick brown box")).toEqual([
    "a quick brown fox",
    "jumps over the dog",
  ]);
  expect(split("the quick brown fox", "the quick little brown fox jumps")).toEqual([
    "the quick brown fox jumps",
    "",
  ]);
});

test("a segment in which nothing is heard takes nothing", () => {
  expect(split("the quick", "")).toEqual(["", "the quick"]);
  expect(split("", "")).toEqual(["", ""]);
});

test("no shown word is lost or doubled by a split", () => {
  const word = constantFrom("a", "b", "c", "d");
  assert(
    property(array(word, { maxLength: 8 }), array(word, { maxLength: 8 }), (stable, heard) => {
      const { decided, rest } = splitStable(words(stable.join(" ")), words(heard.join(" ")));
      expect(textOf([...decided, ...rest])).toStartWith(stable.join(" "));
      expect(rest.length === 0 || decided.length + rest.length === stable.length).toBe(true);
    }),
    { seed: Date.now() & 0xffff },
  );
});
