import { expect, test } from "bun:test";
import { array, assert, constantFrom, property } from "fast-check";
import type { HeardWord } from "../../src/speech/speech-decoder.ts";
import { extendStable } from "../../src/speech/stable-words.ts";

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
