// A character's reply → OpenAI's chat completion, whole or in chunks.
import type { ReplyEvent, ReplyFinishReason, ReplyUsage } from "../../reply/port.ts";

export interface CompletionIdentity {
  /** `chatcmpl-…` */
  id: string;
  /** Seconds since 1970. */
  created: number;
  /** The character's name. */
  model: string;
}

type ToolCallEvent = Extract<ReplyEvent, { type: "tool-call" }>;
type FinishReason = "stop" | "length" | "tool_calls" | "content_filter";

interface ToolCall {
  id: string;
  type: "function";
  function: { name: string; arguments: string };
}

/** What is for the client to do: calls that nobody on the server has answered by the end of the reply. */
function createOpenCalls() {
  const open = new Map<string, ToolCallEvent>();
  return {
    observe(event: ReplyEvent): void {
      if (event.type === "tool-call") open.set(event.callId, event);
      else if (event.type === "tool-result") open.delete(event.callId);
    },
    list: (): ToolCall[] =>
      [...open.values()].map((call) => ({
        id: call.callId,
        type: "function",
        function: { name: call.name, arguments: call.arguments },
      })),
  };
}

function encodeFinishReason(reason: ReplyFinishReason, calls: readonly ToolCall[]): FinishReason {
  if (reason === "content-filter") return "content_filter";
  if (reason === "tool-calls") return calls.length > 0 ? "tool_calls" : "stop";
  return reason;
}

export const encodeUsage = ({ inputTokens, outputTokens }: ReplyUsage) => ({
  prompt_tokens: inputTokens,
  completion_tokens: outputTokens,
  total_tokens: inputTokens + outputTokens,
});

/** Reads the reply to its end. */
export async function collectCompletion(
  reply: AsyncIterable<ReplyEvent>,
  { id, created, model }: CompletionIdentity,
) {
  const calls = createOpenCalls();
  let text = "";
  let usage: ReplyUsage = { inputTokens: 0, outputTokens: 0 };
  let reason: ReplyFinishReason = "stop";
  for await (const event of reply) {
    calls.observe(event);
    if (event.type === "text-delta") text += event.text;
    else if (event.type === "finish") ({ usage, reason } = event);
  }
  const toolCalls = calls.list();
  return {
    id,
    object: "chat.completion" as const,
    created,
    model,
    choices: [
      {
        index: 0,
        message: {
          role: "assistant" as const,
          content: text === "" && toolCalls.length > 0 ? null : text,
          refusal: null,
          ...(toolCalls.length > 0 && { tool_calls: toolCalls }),
        },
        logprobs: null,
        finish_reason: encodeFinishReason(reason, toolCalls),
      },
    ],
    usage: encodeUsage(usage),
  };
}

/**
 * Chunks as they come: the role, the text, the client's calls, the reason of the end, and with `includeUsage` a last one
 * with the usage and no choice.
 */
export async function* encodeChunks(
  reply: AsyncIterable<ReplyEvent>,
  { id, created, model }: CompletionIdentity,
  { includeUsage }: { includeUsage: boolean },
): AsyncIterable<unknown> {
  const head = { id, object: "chat.completion.chunk", created, model };
  const tail = includeUsage ? { usage: null } : {};
  const chunk = (delta: unknown, finishReason: FinishReason | null = null) => ({
    ...head,
    choices: [{ index: 0, delta, logprobs: null, finish_reason: finishReason }],
    ...tail,
  });

  const calls = createOpenCalls();
  let hasBegun = false;
  for await (const event of reply) {
    calls.observe(event);
    if (!hasBegun) {
      hasBegun = true;
      yield chunk({ role: "assistant", content: "", refusal: null });
    }
    if (event.type === "text-delta") {
      yield chunk({ content: event.text });
    } else if (event.type === "finish") {
      const toolCalls = calls.list();
      for (const [index, call] of toolCalls.entries()) yield chunk({ tool_calls: [{ index, ...call }] });
      yield chunk({}, encodeFinishReason(event.reason, toolCalls));
      if (includeUsage) yield { ...head, choices: [], usage: encodeUsage(event.usage) };
    }
  }
}
