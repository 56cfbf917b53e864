import { describe, expect, test } from "bun:test";
import { buildCaption, type CaptionWord, findHeardEnd } from "../../src/web/captions.ts";

const words: CaptionWord[] = [
  { text: "It ", startMs: 0, endMs: 100 },
  { text: "is ", startMs: 100, endMs: 200 },
  { text: "noon, ", startMs: 200, endMs: 500 },
  { text: "friend.", startMs: 600, endMs: 900 },
];
const text = "It is noon, friend.";
const show = (heardMs: number): [string, string][] =>
  buildCaption({ text, words }, heardMs).map((piece) => [piece.part, piece.text]);

describe("captions", () => {
  test("what has been said, the word that sounds and what comes are told apart", () => {
    expect(show(250)).toEqual([
      ["said", "It is "],
      ["now", "noon,"],
      ["next", " friend."],
    ]);
  });

  test("before the sound begins all of it is still to come, and after its end all of it is said", () => {
    const late = { text, words: words.map((word) => ({ ...word, startMs: word.startMs + 50 })) };
    expect(buildCaption(late, 0)).toEqual([{ text, part: "next" }]);
    expect(show(900)).toEqual([["said", text]]);
  });

  test("no word is lit in a pause", () => {
    expect(show(550)).toEqual([
      ["said", "It is noon,"],
      ["next", " friend."],
    ]);
  });

  test("a text without sound is said", () => {
    expect(buildCaption({ text, words: [] }, 0)).toEqual([{ text, part: "said" }]);
  });

  test("the pieces give back the text, whatever the words are", () => {
    const odd = {
      text: "Well — “three point five”… maybe, maybe not!",
      words: [
        { text: "Well", startMs: 0, endMs: 1 },
        { text: "nowhere", startMs: 1, endMs: 2 },
        { text: "maybe", startMs: 2, endMs: 3 },
        { text: " ", startMs: 3, endMs: 4 },
        { text: "maybe", startMs: 4, endMs: 5 },
      ],
    };
    for (const heardMs of [-1, 0, 0.5, 1.5, 2, 3, 4.5, 99]) {
      const pieces = buildCaption(odd, heardMs);
      expect(pieces.map((piece) => piece.text).join("")).toBe(odd.text);
      expect(pieces.every((piece) => piece.text !== "")).toBe(true);
    }
  });

  test("what was cut is told from what was said before", () => {
    const cutAt = findHeardEnd(text, words, 450);
    expect(buildCaption({ text, words: [], cutAt }, Infinity)).toEqual([
      { text: "It is", part: "said" },
      { text: " noon, friend.", part: "cut" },
    ]);
  });

  test("a word counts as heard when all of it was", () => {
    expect(findHeardEnd(text, words, 99)).toBe(0);
    expect(findHeardEnd(text, words, 100)).toBe("It".length);
    expect(findHeardEnd(text, words, 5000)).toBe(text.length);
  });
});
