import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { createSentenceSplitter, splitSentences } from "../../src/text/sentence-splitter.ts";

const sentences = (text: string): string[] => splitSentences(text, { isFirstShort: false });

/** Pushes `text` in stretches of `size` characters. */
function stream(text: string, size: number): string[] {
  const splitter = createSentenceSplitter();
  const pieces: string[] = [];
  for (let at = 0; at < text.length; at += size) pieces.push(...splitter.push(text.slice(at, at + size)));
  return [...pieces, ...splitter.finish()];
}

describe("a sentence ends", () => {
  test("at a full stop, a question mark, an exclamation mark and their quotes", () => {
    expect(sentences('He came home late. "Where were you all day?" she asked. Nobody knew!')).toEqual([
      "He came home late. ",
      '"Where were you all day?" ',
      "she asked. Nobody knew!",
    ]);
  });

  test("at a line break, unless the line goes on in small letters", () => {
    expect(sentences("Flour and some sugar\nEggs and some milk\n\nMix them well\nthen bake")).toEqual([
      "Flour and some sugar\n",
      "Eggs and some milk\n\n",
      "Mix them well\nthen bake",
    ]);
  });

  test("in scripts without blanks, and in French with its blank before the mark", () => {
    expect(sentences("今日はいい天気ですね本当に。とても楽しいです本当にね！")).toEqual([
      "今日はいい天気ですね本当に。",
      "とても楽しいです本当にね！",
    ]);
    expect(sentences("Comment allez-vous ? Très bien, merci !")).toEqual([
      "Comment allez-vous ? ",
      "Très bien, merci !",
    ]);
  });
});

describe("no sentence ends", () => {
  const whole = [
    "Dr. Smith met Mrs. Jones and Prof. Lee at St. Mary's.",
    "It costs $3.50 and weighs 1.234 kg.",
    "See https://a.b/c.html?d=e. or mail x.y@z.org today.",
    "She said e.g. this, i.e. that, approx. five of them.",
    "J. R. R. Tolkien wrote it.",
    "The U.S. Army left on Nov. 5 at No. 10.",
    "Wait... what was that?",
    "M. Dupont et Mme. Leroy, p. ex. ici.",
    "Version 1.2.3 came at 3.30 p.m. on Monday.",
  ];
  for (const text of whole) test(`in: ${text}`, () => expect(sentences(text)).toEqual([text]));

  test("behind the number of a list's line", () => {
    expect(sentences("1. Flour and sugar\n2. Eggs and milk")).toEqual([
      "1. Flour and sugar\n",
      "2. Eggs and milk",
    ]);
  });

  test("inside a code block", () => {
    const text = "```js\na.b();\nc. D();\n```\nThat is all of it. Goodbye to you.";
    expect(sentences(text)).toEqual(["```js\na.b();\nc. D();\n```\nThat is all of it. ", "Goodbye to you."]);
  });
});

test("p.m. and etc. end a sentence before a capital letter", () => {
  expect(sentences("We met there at 3 p.m. Then we had cake etc. Nobody cared.")).toEqual([
    "We met there at 3 p.m. ",
    "Then we had cake etc. ",
    "Nobody cared.",
  ]);
});

test("very short sentences wait for the next one", () => {
  expect(sentences("We are done here. Yes. No! OK then, goodbye.")).toEqual([
    "We are done here. ",
    "Yes. No! OK then, goodbye.",
  ]);
});

describe("the first piece", () => {
  test("ends at the first clause of three words and more", () => {
    expect(splitSentences("Well, I never, said the old man. Then he left.")).toEqual([
      "Well, I never, ",
      "said the old man. ",
      "Then he left.",
    ]);
  });

  test("ends before a conjunction where no comma comes", () => {
    expect(splitSentences("I walked all the way down the street and there I saw a dog.")[0]).toBe(
      "I walked all the way down the street ",
    );
  });

  test("may be a short sentence of its own", () => {
    expect(splitSentences("Hi! How are you today?")).toEqual(["Hi! ", "How are you today?"]);
  });

  test("does not end inside a number", () => {
    expect(splitSentences("All of the 5,000 people there were happy.")).toEqual([
      "All of the 5,000 people there were happy.",
    ]);
  });

  test("is there as soon as it is certain, long before the sentence ends", () => {
    const splitter = createSentenceSplitter();
    expect(splitter.push("Once upon a time,")).toEqual([]);
    expect(splitter.push(" there")).toEqual(["Once upon a time, "]);
    expect(splitter.push(" was a king. He")).toEqual(["there was a king. "]);
    expect(splitter.finish()).toEqual(["He"]);
  });
});

describe("a long sentence", () => {
  test("is cut at a clause where there is one", () => {
    const text = `${"word ".repeat(30)}end, ${"more ".repeat(30)}`;
    const [first] = splitSentences(text, { isFirstShort: false, maxPieceChars: 200 });
    expect(first).toBe(`${"word ".repeat(30)}end, `);
  });

  test("else at a blank, else anywhere but inside a character", () => {
    const words = splitSentences("word ".repeat(100).trim(), { isFirstShort: false });
    expect(words.every((piece) => piece.length <= 240 && /^word .*word ?$/s.test(piece))).toBe(true);
    const smileys = splitSentences(`a${"😀".repeat(400)}`, { isFirstShort: false });
    expect(smileys.every((piece) => piece.isWellFormed())).toBe(true);
  });
});

test("what cannot be said goes with its neighbour", () => {
  expect(sentences("🙂 Hello to you all. 🙂")).toEqual(["🙂 Hello to you all. 🙂"]);
  expect(sentences("---\n\nThe first words.")).toEqual(["---\n\nThe first words."]);
  // In a stream what was said is gone already.
  expect(stream("Hello to you all. 🙂", 1)).toEqual(["Hello to you all. ", "🙂"]);
});

test("nothing gives nothing, blanks give blanks", () => {
  expect(splitSentences("")).toEqual([]);
  expect(splitSentences(" \n ")).toEqual([" \n "]);
});

const story =
  "Hello there, how are you today? I am fine. Dr. Smith paid $3.50 at 3 p.m. on Nov. 5. See https://a.b/c.html now. " +
  'Then, e.g. this went to approx. five people. "Really?" she said. Wait... what? The U.S. Army base was there.\n\n' +
  "1. Take two eggs\n2. Add some milk\n\nThat is all; nothing more. 🙂 Goodbye!";

test("a stream gives the same pieces in whatever stretches it comes", () => {
  const expected = splitSentences(story);
  for (const size of [1, 2, 3, 7, 20, 100]) expect(stream(story, size)).toEqual(expected);
});

test("joined, the pieces are the text, whatever it is and however it comes", () => {
  const part = fc.oneof(
    fc.string({ unit: "grapheme", maxLength: 30 }),
    fc.string({ unit: "binary", maxLength: 10 }),
    fc.constantFrom(
      ". ",
      "! ",
      "\n",
      "\n\n",
      "```",
      "Dr. ",
      "1. ",
      ", ",
      " and ",
      "...",
      "。",
      "x".repeat(300),
      "🙂",
    ),
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 40 }), fc.integer({ min: 1, max: 50 }), (parts, size) => {
      const text = parts.join("");
      const pieces = stream(text, size);
      expect(pieces.join("")).toBe(text);
      expect(pieces.every((piece) => piece !== "")).toBe(true);
      if (!text.includes("`") && !text.includes("~")) {
        expect(Math.max(0, ...pieces.map((piece) => piece.trim().length))).toBeLessThanOrEqual(240 + 10);
      }
    }),
    { numRuns: 400 },
  );
});
