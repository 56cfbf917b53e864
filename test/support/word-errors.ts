// Word error rate: how many words must be changed, added or left out to make one text of the other.
import { createTextReader } from "../../src/text/speakable-text.ts";

const british: Readonly<Record<string, string>> = {
  neighbours: "neighbors",
  favourite: "favorite",
  harbour: "harbor",
};

/** The recogniser's old-fashioned ways of writing what is one word. */
const apart = /\b(to)-(morrow|day|night)\b|\b(every|any|some)[ -](one|body|thing)\b/gi;

/** Words as they are said: "$5" and "five dollars" are the same, so are capitals and both spellings of English. */
export function toSpokenWords(text: string): string[] {
  return createTextReader("en-US")
    .read(text.replace(apart, "$1$2$3$4"))
    .filter(({ isPunctuation }) => !isPunctuation)
    .flatMap(({ spoken }) => spoken.toLowerCase().split(/[\s-]+/))
    .map((word) => word.replace(/[^\p{L}']/gu, ""))
    .map((word) => british[word] ?? word)
    .filter((word) => word !== "");
}

export interface WordErrors {
  errors: number;
  /** Of the expected text. */
  words: number;
}

export function countWordErrors(expected: string, heard: string): WordErrors {
  const [a, b] = [toSpokenWords(expected), toSpokenWords(heard)];
  let row = b.map((_, i) => i + 1);
  for (const [i, word] of a.entries()) {
    let diagonal = i;
    let left = i + 1;
    row = row.map((above, j) => {
      const best = Math.min(above + 1, left + 1, diagonal + (word === b[j] ? 0 : 1));
      diagonal = above;
      left = best;
      return best;
    });
  }
  return { errors: b.length === 0 ? a.length : (row.at(-1) ?? 0), words: a.length };
}

export function errorRate(counts: readonly WordErrors[]): number {
  const sum = (pick: (count: WordErrors) => number): number =>
    counts.reduce((total, count) => total + pick(count), 0);
  return (
    sum(({ errors }) => errors) /
    Math.max(
      1,
      sum(({ words }) => words),
    )
  );
}
