// A text in the model's letters → inputs that the model takes. Nothing is dropped: what does not fit goes into the next.
import type { PhonemeLetter } from "./phonemes/phoneme-text.ts";
import { maxPhonemes } from "./vocabulary.ts";

const sentenceMarks = new Set([".", "!", "?", "…"]);
const clauseMarks = new Set([",", ";", ":", "—", ")", "”"]);

/** Cuts behind a sentence where one ends in the last two thirds, else behind a clause, else at a blank, else hard. */
export function cutPieces(letters: readonly PhonemeLetter[], limit = maxPhonemes): PhonemeLetter[][] {
  const pieces: PhonemeLetter[][] = [];
  for (let from = 0; from < letters.length; ) {
    const cut =
      letters.length - from <= limit ? letters.length : from + findCut(letters.slice(from, from + limit));
    const piece = trimBlanks(letters.slice(from, cut));
    if (piece.length > 0) pieces.push(piece);
    from = cut;
  }
  return pieces;
}

function findCut(head: readonly PhonemeLetter[]): number {
  const lastOf = (marks: ReadonlySet<string>): number =>
    head.findLastIndex(({ letter }) => marks.has(letter)) + 1;
  for (const marks of [sentenceMarks, clauseMarks]) {
    const cut = lastOf(marks);
    if (cut > head.length / 3) return cut;
  }
  return lastOf(new Set([" "])) || head.length;
}

function trimBlanks(piece: readonly PhonemeLetter[]): PhonemeLetter[] {
  const first = piece.findIndex(({ letter }) => letter !== " ");
  const last = piece.findLastIndex(({ letter }) => letter !== " ");
  return first < 0 ? [] : piece.slice(first, last + 1);
}
