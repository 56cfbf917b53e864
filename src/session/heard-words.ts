// Which words belong to which moment of the sound: the ground on which "what was heard is what is remembered" stands.
import type { WordTime } from "../speech/ports.ts";

/** A stretch of the written text and when it sounds, from the start of its item's audio. Joined, they are the text. */
export interface SpokenWord {
  /** As written, with the blanks and marks around it. */
  text: string;
  startMs: number;
  endMs: number;
}

export interface SpokenPiece {
  text: string;
  /** From the first sample of the piece; as spoken, so not every one need stand in the text. */
  words?: readonly WordTime[] | undefined;
  durationMs: number;
  /** Where the piece begins in its item's audio. */
  startMs: number;
}

/**
 * Lays the synthesizer's word times over the written text. A spoken word that is not in the text ("twelve" for "12")
 * lends its time to the word before it. Without word times the piece's duration is shared out by length.
 */
export function alignWords(piece: SpokenPiece): SpokenWord[] {
  if (piece.text === "") return [];
  const found = findWords(piece);
  const timed = found.length > 0 ? found : shareOut(piece);
  return timed.map(({ at, startMs, endMs }, index) => ({
    text: piece.text.slice(index === 0 ? 0 : at, timed[index + 1]?.at),
    startMs: piece.startMs + Math.min(startMs, piece.durationMs),
    endMs: piece.startMs + Math.min(endMs, piece.durationMs),
  }));
}

/** The text up to the last word that had been played in full. */
export function heardText(words: readonly SpokenWord[], heardMs: number): string {
  return words
    .filter((word) => word.endMs <= heardMs)
    .map((word) => word.text)
    .join("")
    .trimEnd();
}

interface FoundWord {
  /** Index in the piece's text. */
  at: number;
  startMs: number;
  endMs: number;
}

function findWords({ text, words }: SpokenPiece): FoundWord[] {
  const folded = text.toLowerCase();
  const found: FoundWord[] = [];
  let cursor = 0;
  for (const word of words ?? []) {
    const spoken = word.text.trim().toLowerCase();
    const at = spoken === "" ? -1 : folded.indexOf(spoken, cursor);
    const last = found.at(-1);
    if (at >= 0) {
      found.push({ at, startMs: word.startMs, endMs: word.endMs });
      cursor = at + spoken.length;
    } else if (last) {
      last.endMs = word.endMs;
    }
  }
  return found;
}

function shareOut({ text, durationMs }: SpokenPiece): FoundWord[] {
  const stretches = [...text.matchAll(/\S+\s*/g)];
  if (stretches.length === 0) return [{ at: 0, startMs: 0, endMs: durationMs }];
  const msPerUnit = durationMs / text.length;
  return stretches.map((match) => ({
    at: match.index,
    startMs: match.index * msPerUnit,
    endMs: (match.index + match[0].length) * msPerUnit,
  }));
}
