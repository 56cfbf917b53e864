// A function that writes the words, behind the same port as a language model: characters that answer in code.
import { throwIfAborted, waitFor } from "../base/deadline.ts";
import { estimateTokens } from "./estimate-tokens.ts";
import type { ReplyMessage, ReplyModel } from "./port.ts";

export type ReplyScript = (
  messages: readonly ReplyMessage[],
  context: { signal: AbortSignal },
) => AsyncIterable<string>;

/**
 * Pieces of text as the script gives them; empty ones are passed over. Tools and sampling settings are not for scripts and
 * are ignored. `usage` is an estimate (estimate-tokens.ts). What the script throws passes through as it is.
 */
export function createScriptedModel(script: ReplyScript, options: { model?: string } = {}): ReplyModel {
  return {
    id: "scripted",
    model: options.model ?? "scripted",
    async *reply({ messages, signal }) {
      throwIfAborted(signal);
      const left = new AbortController();
      const either = signal ? AbortSignal.any([signal, left.signal]) : left.signal;
      const pieces = script(messages, { signal: either })[Symbol.asyncIterator]();
      let text = "";
      let isDone = false;
      try {
        for (;;) {
          const next = await waitFor(pieces.next(), { signal: either });
          if (next.done === true) break;
          if (next.value === "") continue;
          text += next.value;
          yield { type: "text-delta", text: next.value };
        }
        isDone = true;
      } finally {
        left.abort();
        // A script that waits for something that never comes must not hold its reader: it is told, and left.
        if (!isDone) pieces.return?.().catch(() => undefined);
      }
      const inputTokens = messages.reduce((sum, message) => sum + estimateTokens(message.content), 0);
      const usage = { inputTokens, outputTokens: estimateTokens(text) };
      yield { type: "finish", reason: "stop", usage };
    },
  };
}
