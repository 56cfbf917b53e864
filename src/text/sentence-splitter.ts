// Text that is still being written → pieces to be spoken one by one. Joined, the pieces are the text, to the character.
// The first piece is short, so that sound starts early; the others are sentences, as the voice needs their whole melody.
import { findSentenceEnd } from "./sentence-end.ts";
import { isSpeakable } from "./speakable-text.ts";

export interface SentenceSplitterOptions {
  /** Cut the first piece at its first clause; default true. */
  isFirstShort?: boolean;
  /** A sentence longer than this is cut, at a clause where there is one, else at a blank, else hard; default 240. */
  maxPieceChars?: number;
}

export interface SentenceSplitter {
  /** Takes the next stretch of text; gives the pieces that are complete with it. */
  push(delta: string): string[];
  /** No more text: gives what is left, in pieces. */
  finish(): string[];
}

/** A first clause of fewer words is no head start: its sound is over before the next piece is made. */
const minFirstWords = 3;
/** Without a comma in sight, the first piece ends before a word that opens a clause, when this many words stand before it. */
const minWordsBeforeConjunction = 6;
const conjunctions =
  /\s(?=(?:and|but|or|because|which|who|that|when|where|while|if|so|et|mais|ou|parce|qui|que|quand|où|si|donc|und|aber|oder|weil|dass|wenn|y|pero|porque|cuando)\s)/giu;
const clauseMarks = /[,;:—–](?:["”»)]*)(?=\s)|(?<=\s)[-—–](?=\s)|[，、；：]/gu;
/** A sentence shorter than this ("Oh!", "Yes.") waits for the next one: on its own it is clipped and stands apart. */
const minPieceChars = 12;
/** A code block is one piece however long, within reason. */
const maxFencedChars = 20_000;

export function createSentenceSplitter(options: SentenceSplitterOptions = {}): SentenceSplitter {
  const { isFirstShort = true, maxPieceChars = 240 } = options;
  let rest = "";
  /** Where to look for the next end of a sentence: what lies before has been judged. */
  let scannedTo = 0;
  let isFirst = isFirstShort;

  const takePiece = (isComplete: boolean): string | undefined => {
    const cut = findCut(isComplete);
    if (cut === undefined) return undefined;
    const piece = rest.slice(0, cut);
    rest = rest.slice(cut);
    scannedTo = 0;
    isFirst = false;
    return piece;
  };

  const findCut = (isComplete: boolean): number | undefined => {
    const fence = findOpenFence(rest);
    const limit = fence === undefined || rest.length > maxFencedChars ? rest.length : fence;
    let end: number | undefined;
    for (; end === undefined && scannedTo < limit; scannedTo++) {
      if (!/[.!?…\n。！？।؟]/.test(rest.charAt(scannedTo))) continue;
      const found = findSentenceEnd(rest, scannedTo, isComplete);
      if (found === undefined) break;
      if (found > 0 && found <= limit && isWorthSaying(rest.slice(0, found))) end = found;
    }
    const clause = isFirst ? findFirstClause(end === undefined ? rest : rest.slice(0, end)) : undefined;
    const cut = clause ?? end;
    if (cut !== undefined && cut <= maxPieceChars) return cut;
    if ((cut ?? limit) > maxPieceChars) return findLongCut(rest, maxPieceChars);
    return undefined;
  };

  const isWorthSaying = (piece: string): boolean =>
    isSpeakable(piece) && (isFirst || piece.trim().length >= minPieceChars);

  const takePieces = (isComplete: boolean): string[] => {
    const pieces: string[] = [];
    for (let piece = takePiece(isComplete); piece !== undefined; piece = takePiece(isComplete)) {
      pieces.push(piece);
    }
    return pieces;
  };

  return {
    push(delta) {
      rest += delta;
      return takePieces(false);
    },
    finish() {
      const pieces = takePieces(true);
      const last = rest;
      rest = "";
      scannedTo = 0;
      isFirst = isFirstShort;
      return last === "" ? pieces : [...pieces, last];
    },
  };
}

/** The pieces of a text that is there already. */
export function splitSentences(text: string, options?: SentenceSplitterOptions): string[] {
  const splitter = createSentenceSplitter(options);
  const pieces = [...splitter.push(text), ...splitter.finish()];
  const last = pieces.at(-1);
  // What cannot be said goes with what is said before it.
  if (pieces.length < 2 || last === undefined || isSpeakable(last)) return pieces;
  return [...pieces.slice(0, -2), (pieces.at(-2) ?? "") + last];
}

/** Where a code block begins that has not ended. */
function findOpenFence(text: string): number | undefined {
  let open: number | undefined;
  for (const match of text.matchAll(/```|~~~/g)) open = open === undefined ? match.index : undefined;
  return open;
}

function findFirstClause(text: string): number | undefined {
  const ends: number[] = [];
  for (const match of text.matchAll(clauseMarks)) {
    const end = match.index + match[0].length;
    if (countWords(text.slice(0, end)) >= minFirstWords) ends.push(skipOneBlank(text, end));
  }
  for (const match of text.matchAll(conjunctions)) {
    if (countWords(text.slice(0, match.index)) >= minWordsBeforeConjunction) ends.push(match.index + 1);
  }
  const end = Math.min(...ends);
  // What would be left over must be worth a piece of its own.
  return end < text.trimEnd().length ? end : undefined;
}

const countWords = (text: string): number => text.match(/[\p{L}\p{N}][^\s]*/gu)?.length ?? 0;
const skipOneBlank = (text: string, at: number): number => (/\s/.test(text.charAt(at)) ? at + 1 : at);

/** The last clause of the first `max` characters, else the last blank, else anywhere but inside a character. */
export function findLongCut(text: string, max: number): number {
  const head = text.slice(0, max);
  const clauses = [...head.matchAll(clauseMarks)].map((match) =>
    skipOneBlank(head, match.index + match[0].length),
  );
  const clause = clauses.findLast((end) => end >= max / 3);
  if (clause !== undefined) return clause;
  const blank = head.search(/\s\S*$/);
  if (blank > 0) return blank + 1;
  let hard = Math.min(max, text.length);
  while (hard > 1 && /^(?:\p{M}|\u200D|\uFE0F|[\uDC00-\uDFFF])/u.test(text.slice(hard))) hard--;
  return hard;
}
