// What of a conversation the model gets to see: all of it while it fits, else without its oldest turns. The system prompt
// and the newest turn always stay.
import type { ReplyMessage } from "../../../reply/port.ts";

export interface FittedConversation {
  messages: readonly ReplyMessage[];
  droppedTurns: number;
  /** As `countTokens` says of the messages. */
  tokenCount: number;
}

/**
 * Turns leave by the handful: the beginning of the prompt then stays the same for some replies, and what the model has
 * read of it need not be read again, which on a processor takes longer than the answer.
 */
const handful = 4;

/**
 * A turn is a user message with all that follows it; the newest begins with the last user message. Undefined when even the
 * system prompt and the newest turn are more than `limitTokens`.
 */
export function fitWindow(
  messages: readonly ReplyMessage[],
  countTokens: (messages: readonly ReplyMessage[]) => number,
  limitTokens: number,
): FittedConversation | undefined {
  const { system, turns } = splitTurns(messages);
  const mostDropped = Math.max(0, turns.length - 1);
  const drop = (count: number): FittedConversation => {
    const kept = [...system, ...turns.slice(count).flat()];
    return { messages: kept, droppedTurns: count, tokenCount: countTokens(kept) };
  };
  const whole = drop(0);
  if (whole.tokenCount <= limitTokens) return whole;
  // Fewer turns are never more tokens, so the smallest number that fits can be halved in on.
  let low = 1;
  let high = mostDropped + 1;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (drop(middle).tokenCount <= limitTokens) high = middle;
    else low = middle + 1;
  }
  if (low > mostDropped) return undefined;
  return drop(Math.min(mostDropped, Math.ceil(low / handful) * handful));
}

function splitTurns(messages: readonly ReplyMessage[]): { system: ReplyMessage[]; turns: ReplyMessage[][] } {
  const head = messages.findIndex(({ role }) => role !== "system");
  const system = messages.slice(0, head < 0 ? messages.length : head);
  const turns: ReplyMessage[][] = [];
  for (const message of messages.slice(system.length)) {
    const last = turns.at(-1);
    // Before the first word of the user, each word of the character is a turn of its own.
    const isAlone = last !== undefined && last[0]?.role === "assistant" && message.role === "assistant";
    if (last === undefined || message.role === "user" || isAlone) turns.push([message]);
    else last.push(message);
  }
  return { system, turns };
}
