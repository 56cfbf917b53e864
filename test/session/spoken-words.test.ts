import { expect, test } from "bun:test";
import { countWords } from "../../src/session/spoken-words.ts";

test("sounds of listening, laughter and coughs are no words", () => {
  const sounds = [
    "",
    " . ",
    "Mm-hm.",
    "mhm",
    "Mmm.",
    "Hmm?",
    "Uh-huh!",
    "uh",
    "Um...",
    "Ah.",
    "Ohh",
    "Haha!",
    "Hahaha.",
  ];
  expect(
    [...sounds, "Ahem.", "Erm, uh...", "[coughing]", "(laughs)", "*sighs*", "Mm hm."].map(countWords),
  ).toEqual(Array.from({ length: 19 }, () => 0));
});

test("words are counted, small ones and those of other languages too", () => {
  expect(
    ["No.", "Stop!", "Wait a moment", "I'm in.", "Ähm, nein", "Уже 12", "(laughs) go on"].map(countWords),
  ).toEqual([1, 1, 3, 2, 2, 2, 2]);
});
