// Whether a full stop, a question mark or a line break ends a sentence, judged from the characters around it.

/** Marks that end a sentence whatever follows. */
const certain = /[!?。！？।؟]/;
const closers = /["'”’»)\]}」』*_~]/;
const abbreviations = new Set(
  (
    "mr mrs ms dr prof sr jr st mt sgt col gen capt lt rev hon gov sen rep dept univ fig figs vol pp ed eds approx " +
    "vs e.g i.e cf al incl excl m mm mme mlle pr p.ex env av bd art chap éd z.b d.h u.a bzw ca nr hr fr str vgl " +
    "sra srta ud uds p.ej núm pág"
  ).split(" "),
);
/** These may stand at the end of a sentence; a capital letter behind them tells. */
const endingAbbreviations = new Set("etc inc ltd co corp usw a.m p.m".split(" "));
/** These are abbreviations before a digit only. */
const beforeDigits = new Set(
  "no nos p pp art fig vol n nr núm jan feb mar apr jun jul aug sep sept oct nov dec janv févr avr juil déc".split(
    " ",
  ),
);

/**
 * Looks at the mark at `at`. Gives the index behind the sentence (its closing quotes and the blanks that have come
 * included), 0 when no sentence ends there, or undefined when that depends on text that has not come yet; with
 * `isComplete` there is no such text.
 */
export function findSentenceEnd(text: string, at: number, isComplete: boolean): number | undefined {
  const mark = text.charAt(at);
  if (mark === "\n") return findLineEnd(text, at, isComplete);
  let end = at + 1;
  while (/[.!?…。！？]/.test(text.charAt(end))) end++;
  while (closers.test(text.charAt(end))) end++;
  if (end === text.length) return isComplete ? end : undefined;
  // Scripts that set no blanks between sentences.
  if (/[。！？।]/.test(mark)) return end;
  if (!/\s/.test(text.charAt(end))) return 0;
  if (certain.test(text.slice(at, end))) return skipBlanks(text, end);

  const next = /^\s+(\S)/u.exec(text.slice(end))?.[1];
  if (next === undefined && !isComplete && !text.slice(end).includes("\n\n")) return undefined;
  if (mark === ".") {
    const word = /[^\s"'“”«»(]*$/.exec(text.slice(0, at))?.[0] ?? "";
    if (isAbbreviation(word, next ?? "", text.slice(0, at))) return 0;
  }
  // "Wait... what" and "approx. five" go on.
  if (next !== undefined && /\p{Ll}/u.test(next)) return 0;
  return skipBlanks(text, end);
}

function isAbbreviation(word: string, next: string, before: string): boolean {
  const folded = word.toLowerCase();
  if (beforeDigits.has(folded) && /\d/.test(next)) return true;
  if (endingAbbreviations.has(folded)) return !/\p{Lu}/u.test(next);
  if (abbreviations.has(folded)) return next !== "";
  // "1. Flour" opens a line of a list; "J. Smith" and "U.S. Army" are names. "I" is a word.
  if (/^\d{1,3}$/.test(word)) return new RegExp(`(?:^|\\n)[ \\t]*${word}$`).test(before);
  return /^(?:\p{Lu}|(?:\p{L}\.)+\p{L})$/u.test(word) && word !== "I" && next !== "";
}

/** An empty line ends whatever came before it; a single line break does not when the next line goes on in small letters. */
function findLineEnd(text: string, at: number, isComplete: boolean): number | undefined {
  const [blanks = "", next] = /^(\s*)(\S)?/u.exec(text.slice(at))?.slice(1) ?? [];
  if (next === undefined && !isComplete && blanks.split("\n").length < 3) return undefined;
  if (next !== undefined && /\p{Ll}/u.test(next) && blanks.split("\n").length < 3) return 0;
  return at + blanks.length;
}

function skipBlanks(text: string, from: number): number {
  let end = from;
  while (/\s/.test(text.charAt(end))) end++;
  return end;
}
