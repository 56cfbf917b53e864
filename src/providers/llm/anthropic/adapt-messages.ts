// What the Messages API demands of a conversation and others do not.
import { silenceText, tellAsNote, tellWithoutTools } from "../../../reply/plain-messages.ts";
import type { ReplyMessage, ReplyRequest } from "../../../reply/port.ts";

/**
 * The user speaks first and last (a character that opens the talk, or goes on unasked, answers a silence), no message is
 * empty, system messages after the first turn become notes from the user's side, and so do the results of tools that the
 * character has lost since: calls in a conversation without tools are refused.
 */
export function adaptMessages({ messages, tools }: Pick<ReplyRequest, "messages" | "tools">): ReplyMessage[] {
  const adapted: ReplyMessage[] = [];
  let hasBegun = false;
  for (const original of messages) {
    const message = tools?.length ? original : tellWithoutTools(original);
    if (message.role === "system") {
      if (message.content.trim() === "") continue;
      adapted.push(hasBegun ? tellAsNote(message.content) : message);
      continue;
    }
    if (message.role === "assistant" && message.content.trim() === "" && !message.toolCalls?.length) continue;
    if (!hasBegun && message.role !== "user") adapted.push({ role: "user", content: silenceText });
    hasBegun = true;
    const isEmptyUser = message.role === "user" && message.content.trim() === "";
    adapted.push(isEmptyUser ? { role: "user", content: silenceText } : message);
  }
  const last = adapted.at(-1);
  const awaitsUser = !hasBegun || (last?.role === "assistant" && !last.toolCalls?.length);
  return awaitsUser ? [...adapted, { role: "user", content: silenceText }] : adapted;
}
