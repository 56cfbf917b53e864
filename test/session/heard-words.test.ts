import { describe, expect, test } from "bun:test";
import { alignWords, heardText } from "../../src/session/heard-words.ts";

const joined = (words: readonly { text: string }[]): string => words.map(({ text }) => text).join("");

describe("the words of a piece of speech", () => {
  test("each word keeps its blanks and marks, and together they are the text", () => {
    const text = "“Well,” said she — come in! ";
    const words = ["Well", "said", "she", "come", "in"].map((word, i) => ({
      text: word,
      startMs: i * 100,
      endMs: i * 100 + 90,
    }));
    const aligned = alignWords({ text, words, durationMs: 500, startMs: 1000 });
    expect(aligned.map((word) => word.text)).toEqual(["“Well,” ", "said ", "she — ", "come ", "in! "]);
    expect(joined(aligned)).toBe(text);
    expect(aligned[0]).toEqual({ text: "“Well,” ", startMs: 1000, endMs: 1090 });
    expect(aligned[4]?.endMs).toBe(1490);
  });

  test("a word that is spoken and not written lends its time to the one before it", () => {
    const words = [
      { text: "It", startMs: 0, endMs: 100 },
      { text: "costs", startMs: 100, endMs: 300 },
      { text: "twelve", startMs: 300, endMs: 600 },
      { text: "euros", startMs: 600, endMs: 900 },
    ];
    const aligned = alignWords({ text: "It costs €12.", words, durationMs: 900, startMs: 0 });
    expect(aligned.map(({ text, endMs }) => [text, endMs])).toEqual([
      ["It ", 100],
      ["costs €12.", 900],
    ]);
  });

  test("case does not matter, and the same word twice is found twice", () => {
    const words = ["the", "more", "the", "merrier"].map((text, i) => ({ text, startMs: i, endMs: i + 1 }));
    const aligned = alignWords({ text: "The more the merrier", words, durationMs: 4, startMs: 0 });
    expect(aligned.map((word) => word.text)).toEqual(["The ", "more ", "the ", "merrier"]);
  });

  test("without word times the duration is shared out by length", () => {
    const aligned = alignWords({ text: "aa bbbb ccc", durationMs: 1100, startMs: 500 });
    expect(aligned).toEqual([
      { text: "aa ", startMs: 500, endMs: 800 },
      { text: "bbbb ", startMs: 800, endMs: 1300 },
      { text: "ccc", startMs: 1300, endMs: 1600 },
    ]);
  });

  test("times never lie beyond the sound", () => {
    const words = [{ text: "oh", startMs: 90, endMs: 140 }];
    expect(alignWords({ text: "oh", words, durationMs: 100, startMs: 0 })).toEqual([
      { text: "oh", startMs: 90, endMs: 100 },
    ]);
  });

  test("blank text is one stretch, no text is none", () => {
    expect(alignWords({ text: "  ", durationMs: 40, startMs: 0 })).toEqual([
      { text: "  ", startMs: 0, endMs: 40 },
    ]);
    expect(alignWords({ text: "", durationMs: 40, startMs: 0 })).toEqual([]);
  });
});

describe("what was heard", () => {
  const words = [
    { text: "Come ", startMs: 0, endMs: 200 },
    { text: "in, ", startMs: 200, endMs: 400 },
    { text: "dear.", startMs: 400, endMs: 700 },
  ];

  test("is every word that had been played in full", () => {
    expect(heardText(words, 0)).toBe("");
    expect(heardText(words, 399)).toBe("Come");
    expect(heardText(words, 400)).toBe("Come in,");
    expect(heardText(words, 5000)).toBe("Come in, dear.");
  });
});
