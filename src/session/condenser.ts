// Puts the old turns of a conversation in short, in the words of the reply model.
import { AppError } from "../base/errors.ts";
import { meterReply, type SpendTokens } from "./metered-reply.ts";
import type { ReplyMessage } from "../reply/port.ts";
import type { ReplySource } from "../reply/source.ts";

/** Null where no model is there to write a summary. Rejects with what the model's reply throws. */
export type Condense = (
  messages: readonly ReplyMessage[],
  options: { signal: AbortSignal; spend?: SpendTokens | undefined },
) => Promise<string | null>;

const instruction = `You keep the memory of a conversation between a user and a character who speaks with them.
Put what is below in short, for the character to remember: who the user is, what they asked, were told, promised and
decided, names, numbers, and how they feel about it. An earlier summary, if there is one, comes first: keep what matters
of it. At most ten sentences, in the language of the conversation, and nothing but the summary.`;

const maxSummaryTokens = 400;
/** A model that does not know when to stop is stopped. */
const maxSummaryChars = 4000;

export function createCondenser({ replies }: { replies: Pick<ReplySource, "current"> }): Condense {
  return async (messages, { signal, spend }) => {
    const model = replies.current();
    if (!model) return null;
    let summary = "";
    const request = {
      messages: [
        { role: "system", content: instruction },
        { role: "user", content: messages.map(tellMessage).filter(Boolean).join("\n") },
      ] satisfies ReplyMessage[],
      temperature: 0.2,
      maxOutputTokens: maxSummaryTokens,
      signal,
    };
    for await (const event of meterReply(model.reply(request), request.messages, spend)) {
      if (event.type === "text-delta") summary += event.text;
      if (summary.length > maxSummaryChars) break;
    }
    summary = summary.slice(0, maxSummaryChars).trim();
    if (summary === "") throw new AppError("E_NET", "the reply model gave an empty summary");
    return summary;
  };
}

function tellMessage(message: ReplyMessage): string {
  switch (message.role) {
    case "system":
      return message.content;
    case "user":
      return `User: ${message.content}`;
    case "assistant":
      return message.content === "" ? "" : `Character: ${message.content}`;
    case "tool":
      return `(${message.name}: ${message.content})`;
  }
}
