// A turn's text cut where the sound is: what has been heard, the word that sounds, what is still to come.

export interface CaptionWord {
  /** A stretch of the turn's text; joined, the words are the text. */
  text: string;
  /** From the start of the turn's sound. */
  startMs: number;
  endMs: number;
}

export interface CaptionPiece {
  text: string;
  /** `said`: heard; `now`: sounding; `next`: still to come; `cut`: never heard. */
  part: "said" | "now" | "next" | "cut";
}

export interface Captioned {
  text: string;
  /** Empty when nothing of it sounds: all of the text counts as said. */
  words: readonly CaptionWord[];
  /** The text from this index on was never heard. */
  cutAt?: number | undefined;
}

/** `heardMs` of the turn's sound have been heard. The pieces' texts give back the turn's, in at most four pieces. */
export function buildCaption({ text, words, cutAt }: Captioned, heardMs: number): CaptionPiece[] {
  if (cutAt !== undefined) {
    return compact([
      { text: text.slice(0, cutAt), part: "said" },
      { text: text.slice(cutAt), part: "cut" },
    ]);
  }
  if (words.length === 0) return [{ text, part: "said" }];
  const places = locateWords(text, words);
  const current = places.findLast((place) => place.startMs <= heardMs);
  if (!current) return [{ text, part: "next" }];
  const isSounding = heardMs < current.endMs;
  return compact([
    { text: text.slice(0, isSounding ? current.from : current.to), part: "said" },
    { text: isSounding ? text.slice(current.from, current.to) : "", part: "now" },
    { text: text.slice(current.to), part: "next" },
  ]);
}

/** Where the last word ends that was heard in full: what a listener who breaks in has been told. */
export function findHeardEnd(text: string, words: readonly CaptionWord[], heardMs: number): number {
  return locateWords(text, words).findLast((place) => place.endMs <= heardMs)?.to ?? 0;
}

interface Place {
  from: number;
  to: number;
  startMs: number;
  endMs: number;
}

/** The words without the space around them, so that only letters light up. */
function locateWords(text: string, words: readonly CaptionWord[]): Place[] {
  const places: Place[] = [];
  let cursor = 0;
  for (const { text: word, startMs, endMs } of words) {
    const bare = word.trim();
    const from = bare === "" ? -1 : text.indexOf(bare, cursor);
    if (from < 0) continue;
    cursor = from + bare.length;
    places.push({ from, to: cursor, startMs, endMs });
  }
  return places;
}

const compact = (pieces: CaptionPiece[]): CaptionPiece[] => pieces.filter((piece) => piece.text !== "");
