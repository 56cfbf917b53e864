// Written text → what a voice says, each piece of it with the range of the text that it stands for, so that the moment
// of "twelve dollars" in the sound is the moment of "$12" on the page.
import { spokenLanguageOf } from "./languages/by-tag.ts";
import { measureMarkup } from "./markup.ts";
import { createNumberRules } from "./number-rules.ts";
import type { ReadingRule } from "./reading-rule.ts";
import { createAddressRules, createWordRules } from "./word-rules.ts";

export interface SpeakableToken {
  /** One or several words without punctuation around them, or one punctuation mark. Never empty. */
  spoken: string;
  isPunctuation: boolean;
  /** What it stands for: UTF-16 offsets in the written text, in order and without overlap. */
  start: number;
  end: number;
}

export interface TextReader {
  /** Reads one piece of text on its own. Nothing speakable gives no tokens. */
  read(text: string): SpeakableToken[];
}

/** Punctuation of all scripts → the marks that a voice's pauses and tone follow. */
const marks: Readonly<Record<string, string>> = {
  ",": ",",
  "，": ",",
  "、": ",",
  "،": ",",
  ";": ";",
  "；": ";",
  ":": ":",
  "：": ":",
  ".": ".",
  "。": ".",
  "।": ".",
  "!": "!",
  "！": "!",
  "?": "?",
  "？": "?",
  "؟": "?",
  "…": "…",
  "—": "—",
  "–": "—",
  "(": "(",
  ")": ")",
  "“": "“",
  "„": "“",
  "«": "“",
  "「": "“",
  "”": "”",
  "»": "”",
  "」": "”",
  "|": ",",
};

/** Longer runs of letters are no words; they are said in stretches of this many characters. */
const maxWordChars = 40;

/** For a BCP 47 tag. Digits and signs are read out in English, French, German and Spanish; elsewhere they stay. */
export function createTextReader(languageTag: string): TextReader {
  const language = spokenLanguageOf(languageTag);
  const rules: readonly ReadingRule[] = [
    ...(language ? [...createAddressRules(language), ...createNumberRules(language)] : []),
    ...createWordRules(language),
  ];

  const readMark = (text: string, at: number): SpeakableToken | undefined => {
    const character = text.charAt(at);
    const run = character === "." ? (/\.+/y.exec(text.slice(at))?.[0].length ?? 1) : 1;
    let mark = run > 1 ? "…" : marks[character];
    if (character === '"') mark = /[\s([]|^$/.test(text.charAt(at - 1)) ? "“" : "”";
    // A hyphen between blanks is a dash.
    if (character === "-" && /\s/.test(text.charAt(at - 1)) && /\s/.test(text.charAt(at + 1))) mark = "—";
    return mark === undefined ? undefined : { spoken: mark, isPunctuation: true, start: at, end: at + run };
  };

  return {
    read(text) {
      const tokens: SpeakableToken[] = [];
      for (let at = 0; at < text.length; ) {
        const skipped = measureMarkup(text, at);
        if (skipped > 0) {
          at += skipped;
          continue;
        }
        const found = readByRule(rules, text, at);
        if (found) {
          if (found.spoken !== "") tokens.push(...splitLong({ ...found, isPunctuation: false, start: at }));
          at = found.end;
          // "… cake, etc." ends with its abbreviation; the voice still has to come to rest.
          if (text.charAt(at - 1) === "." && /^[\s"'”’)\]]*$/.test(text.slice(at))) {
            const last = tokens.at(-1);
            if (last) last.end = at - 1;
            tokens.push({ spoken: ".", isPunctuation: true, start: at - 1, end: at });
          }
          continue;
        }
        const mark = readMark(text, at);
        if (mark) pushMark(tokens, mark);
        else {
          const sign = text.charAt(at);
          const name = language?.symbols[sign === "*" ? "×" : sign];
          if (name) tokens.push({ spoken: name, isPunctuation: false, start: at, end: at + 1 });
        }
        at = mark?.end ?? at + String.fromCodePoint(text.codePointAt(at) ?? 0).length;
      }
      return tokens;
    },
  };
}

/** Of several marks in a row one is enough: the first, unless only the second ends a sentence. */
function pushMark(tokens: SpeakableToken[], mark: SpeakableToken): void {
  const last = tokens.at(-1);
  const isPause = /^[,;:.!?…—]$/.test(mark.spoken);
  if (isPause && !tokens.some((token) => !token.isPunctuation)) return;
  if (!isPause || !last?.isPunctuation || !/^[,;:.!?…—]$/.test(last.spoken)) tokens.push(mark);
  else if (/[.!?]/.test(mark.spoken) && /[,;:—]/.test(last.spoken)) last.spoken = mark.spoken;
}

function readByRule(rules: readonly ReadingRule[], text: string, at: number) {
  for (const rule of rules) {
    const { pattern } = rule;
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    const spoken = match && match[0] !== "" ? rule.read(match) : undefined;
    if (spoken !== undefined) return { spoken, end: at + (match?.[0].length ?? 0) };
  }
  return undefined;
}

function splitLong(token: SpeakableToken): SpeakableToken[] {
  const { spoken, start, end } = token;
  // Only a word as written can be cut: of "twelve dollars" no part stands for a part of "$12".
  if (spoken.length <= maxWordChars || /\s/.test(spoken) || spoken.length !== end - start) return [token];
  const tokens: SpeakableToken[] = [];
  for (let at = 0; at < spoken.length; ) {
    let next = Math.min(at + maxWordChars, spoken.length);
    while (next < spoken.length && /^[\p{M}\uDC00-\uDFFF]/u.test(spoken.slice(next))) next++;
    tokens.push({ ...token, spoken: spoken.slice(at, next), start: start + at, end: start + next });
    at = next;
  }
  return tokens;
}

/** True when a voice would say something of it. */
export function isSpeakable(text: string): boolean {
  for (let at = 0; at < text.length; ) {
    const skipped = measureMarkup(text, at);
    if (skipped === 0 && /[\p{L}\p{N}]/u.test(String.fromCodePoint(text.codePointAt(at) ?? 0))) return true;
    at += Math.max(1, skipped);
  }
  return false;
}
