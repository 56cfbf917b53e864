// Every call has its result, every result its call: servers refuse a conversation in which a barge-in tore them apart.
import type { ReplyMessage } from "./port.ts";

const unanswered = JSON.stringify({ error: "cancelled before it gave a result" });

/** The same messages; results directly after their calls, missing ones made up as cancelled, stray ones dropped. */
export function pairToolMessages(messages: readonly ReplyMessage[]): ReplyMessage[] {
  const results = new Map<string, Extract<ReplyMessage, { role: "tool" }>>();
  for (const message of messages) {
    if (message.role === "tool") results.set(message.callId, message);
  }
  return messages.flatMap((message): ReplyMessage[] => {
    if (message.role === "tool") return [];
    if (message.role !== "assistant" || !message.toolCalls) return [message];
    return [
      message,
      ...message.toolCalls.map(
        ({ callId, name }): ReplyMessage =>
          results.get(callId) ?? { role: "tool", callId, name, content: unanswered },
      ),
    ];
  });
}
