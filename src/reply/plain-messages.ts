// What a conversation is told as to those who do not know all of its kinds of message.
import type { ReplyMessage } from "./port.ts";

/** What a silent user "says" everywhere in this house; the prompts explain it (spec/characters.md). */
export const silenceText = "...";

/** For a model without tools: what one said becomes a note, the calls themselves are no words of anybody. */
export function tellWithoutTools(message: ReplyMessage): ReplyMessage {
  if (message.role === "assistant") return { role: "assistant", content: message.content };
  if (message.role === "tool") return { role: "user", content: `[${message.name}: ${message.content}]` };
  return message;
}

/** An instruction in the midst of the talk, for a model that takes them at its head alone. */
export const tellAsNote = (content: string): ReplyMessage => ({
  role: "user",
  content: `[System: ${content}]`,
});
