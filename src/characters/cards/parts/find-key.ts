// Whether a key of a lore entry occurs in a text: as plain words, or as a regular expression.
import type { LoreEntry } from "./card.ts";
import { compileLinearPattern, type StepBudget } from "./linear-pattern.ts";

export interface ScannedText {
  exact: string;
  lowerCase: string;
}

/** What it costs to look for a key, and to take a pattern apart, in steps. */
const KEY_STEPS = 100;
const PATTERN_STEPS = 500;

/** "/…/flags", or with `use_regex` any key that is more than plain words, is a pattern; the rest is found as it stands. */
export function findKey(text: ScannedText, key: string, entry: LoreEntry, budget: StepBudget): boolean {
  budget.left -= KEY_STEPS;
  if (budget.left < 0 || key.trim() === "") return false;
  const isExact = entry.case_sensitive === true;
  const [, quoted, flags = ""] = /^\/((?:\\.|[^\\/])+)\/([a-z]*)$/s.exec(key) ?? [];
  if (quoted !== undefined || (entry.use_regex === true && /[\\^$.*+?()[\]{}|]/.test(key))) {
    budget.left -= PATTERN_STEPS;
    // What is written with slashes says by its flags whether case counts.
    const ownFlags = quoted !== undefined || isExact ? flags : "i";
    return compileLinearPattern(quoted ?? key, ownFlags)?.(text.exact, budget) ?? false;
  }
  return isExact
    ? occursIn(text.exact, key.trim(), budget)
    : occursIn(text.lowerCase, key.trim().toLowerCase(), budget);
}

const LETTER = /[\p{L}\p{N}]/u;
/** Scripts that are written without spaces, or that join words. */
const JOINED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}]/u;

/** At the beginning of a word, so that "elf" is found in "elfish" and not in "myself". */
function occursIn(text: string, key: string, budget: StepBudget): boolean {
  const first = String.fromCodePoint(key.codePointAt(0) ?? 0);
  const needsEdge = LETTER.test(first) && !JOINED.test(first);
  for (let at = text.indexOf(key); at >= 0; at = text.indexOf(key, at + 1)) {
    if (!needsEdge || at === 0 || !LETTER.test(text.charAt(at - 1))) return true;
    if (--budget.left < 0) return false;
  }
  return false;
}
