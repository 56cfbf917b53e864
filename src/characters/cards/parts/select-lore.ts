// Which entries of the lorebook belong in the prompt now: the constant ones, and those whose keys occur in the last
// messages.
import type { LoreBook, LoreEntry } from "./card.ts";
import { findKey, type ScannedText } from "./find-key.ts";
import type { StepBudget } from "./linear-pattern.ts";
import { type DecoratedText, readDecorators } from "./read-decorators.ts";
import type { Message } from "./talk.ts";

export interface Lore {
  before: string[];
  after: string[];
}

const SCAN_DEPTH = 4;
const MAX_MESSAGE_CHARS = 4000;
const MAX_SCANNED_CHARS = 16_000;
/** About four characters make a token. */
const CHARS_PER_TOKEN = 4;
const TOKEN_BUDGET = 4000;
const MAX_TOKEN_BUDGET = 16_000;
const MAX_PASSES = 5;
/** For all keys together: about a tenth of a second. What is not looked for by then is not found. */
const MAX_STEPS = 2_000_000;

interface Candidate extends DecoratedText {
  entry: LoreEntry;
}

/** `fill` fills the macros of keys and contents. */
export function selectLore(
  book: LoreBook | null | undefined,
  messages: readonly Message[],
  fill: (text: string) => string,
): Lore {
  const talk = messages.filter(({ role }) => role === "user" || role === "assistant");
  const answers = talk.filter(({ role }) => role === "assistant").length;
  const budget: StepBudget = { left: MAX_STEPS };
  let found = "";
  let scanned = new Map<number, ScannedText>();
  const textFor = (depth: number): ScannedText => {
    const known = scanned.get(depth);
    if (known) return known;
    const last = depth > 0 ? talk.slice(-depth) : [];
    const said = last.map(({ content }) => content.slice(-MAX_MESSAGE_CHARS)).join("\n");
    const exact = said.slice(-MAX_SCANNED_CHARS) + found;
    const text = { exact, lowerCase: exact.toLowerCase() };
    scanned.set(depth, text);
    return text;
  };
  const isWanted = ({ entry, rules }: Candidate): boolean => {
    if (rules.has("activate")) return true;
    if (rules.has("dont_activate")) return false;
    const after = numberOf(rules.get("activate_only_after"));
    if (after !== undefined && answers < after) return false;
    const every = numberOf(rules.get("activate_only_every"));
    if (every !== undefined && every > 0 && answers % every !== 0) return false;
    if (entry.constant === true) return true;
    const text = textFor(numberOf(rules.get("scan_depth")) ?? book?.scan_depth ?? SCAN_DEPTH);
    const occurs = (key: string): boolean => findKey(text, fill(key), entry, budget);
    const oneOf = (keys: readonly string[]): boolean => keys.length === 0 || keys.some(occurs);
    return (
      (entry.keys ?? []).some(occurs) &&
      (entry.selective !== true || oneOf(listOf(entry.secondary_keys))) &&
      oneOf(listOf(rules.get("additional_keys"))) &&
      !listOf(rules.get("exclude_keys")).some(occurs)
    );
  };

  let waiting: Candidate[] = (book?.entries ?? [])
    .filter(({ enabled }) => enabled !== false)
    .map((entry) => ({ entry, ...readDecorators(entry.content ?? "") }))
    .filter(({ content }) => content !== "");
  const chosen: Candidate[] = [];
  for (let pass = 0; pass < MAX_PASSES; pass++) {
    const [wanted, others] = [new Set(waiting.filter(isWanted)), waiting];
    chosen.push(...wanted);
    if (wanted.size === 0 || book?.recursive_scanning !== true) break;
    waiting = others.filter((candidate) => !wanted.has(candidate));
    const contents = [...wanted].map(({ content }) => content.slice(0, MAX_MESSAGE_CHARS));
    found = `${found}\n${contents.join("\n")}`.slice(0, MAX_SCANNED_CHARS);
    scanned = new Map();
  }
  const tokens = Math.min(book?.token_budget ?? TOKEN_BUDGET, MAX_TOKEN_BUDGET);
  return arrange(chosen, tokens * CHARS_PER_TOKEN, fill);
}

/** What does not fit goes, the least important first; the rest stands in its order. */
function arrange(candidates: readonly Candidate[], maxChars: number, fill: (text: string) => string): Lore {
  const order = ({ entry }: Candidate): number => entry.insertion_order ?? 0;
  const rank = ({ entry }: Candidate): number => entry.priority ?? entry.insertion_order ?? 0;
  const kept = new Map<Candidate, string>();
  let left = maxChars;
  for (const candidate of [...candidates].sort((a, b) => rank(b) - rank(a))) {
    if (candidate.content.length > maxChars) continue;
    const content = fill(candidate.content);
    if (content.length > left) continue;
    left -= content.length;
    kept.set(candidate, content);
  }
  const lore: Lore = { before: [], after: [] };
  for (const candidate of [...kept.keys()].sort((a, b) => order(a) - order(b))) {
    const place = candidate.rules.get("position") ?? candidate.entry.position;
    const isBefore = place === "before_char" || place === "before_desc";
    (isBefore ? lore.before : lore.after).push(kept.get(candidate) ?? "");
  }
  return lore;
}

function numberOf(text: string | undefined): number | undefined {
  const number = Number(text || Number.NaN);
  return Number.isFinite(number) ? number : undefined;
}

const listOf = (keys: readonly string[] | string | null | undefined): string[] =>
  (typeof keys === "string" ? keys.split(",") : [...(keys ?? [])]).map((key) => key.trim()).filter(Boolean);
