// The answer without a language model: the greeting, then what the lore and the example dialogue know.
import { choose } from "./choose.ts";
import { spoken } from "./spoken.ts";
import type { Message } from "./talk.ts";

export interface CardLines {
  greetings: readonly string[];
  /** Lore that the last message calls for. */
  lore: readonly string[];
  /** What the character says in its example dialogue. */
  examples: readonly string[];
}

const MAX_CHARS = 280;
const PUZZLED = [
  "I would say more if a language model were set up for me. Ask me about my world, and I'll tell you what I know.",
  "Go on, I'm listening, though without a language model I have few words of my own.",
];

/** Whole sentences, as many as fit. */
function firstSentences(text: string): string {
  const sentences = spoken(text).match(/[^.!?…]+[.!?…]*["”»]?\s*/g) ?? [];
  let said = sentences.shift() ?? "";
  for (const sentence of sentences) {
    if (said.length + sentence.length > MAX_CHARS) break;
    said += sentence;
  }
  return said.slice(0, MAX_CHARS * 2).trim();
}

export function cardReply(messages: readonly Message[], lines: CardLines, random: () => number): string {
  const said = messages.filter(({ role }) => role === "assistant").map(({ content }) => content);
  const heard = messages.filter(({ role }) => role === "user").map(({ content }) => content);
  const last = heard.at(-1) ?? "";
  const fresh = (from: readonly string[]): string[] =>
    from.map(firstSentences).filter((line) => line !== "" && !said.includes(line));
  if (said.length === 0) {
    const greetings = lines.greetings.map(spoken).filter((line) => line !== "");
    return greetings.length > 0 ? choose(greetings, random) : "Hello. It is good to meet you.";
  }
  if (/\b(?:bye|goodbye|good night|see you)\b/i.test(last)) return "Until next time, then. Bye!";
  if (!/[\p{L}\p{N}]/u.test(last)) {
    const silences = heard.length - 1 - heard.findLastIndex((text) => /[\p{L}\p{N}]/u.test(text));
    return silences >= 3 ? "I'll let you rest. Bye!" : "Take your time. I'm here.";
  }
  return fresh(lines.lore)[0] ?? choose([...fresh(lines.examples), ...fresh(PUZZLED), ...PUZZLED], random);
}
