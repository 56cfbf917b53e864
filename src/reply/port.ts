// The port of replies: messages in, text and tool events out, in the order in which they happen.

/** A JSON Schema object, as OpenAI's `parameters`. */
export type JsonSchema = Readonly<Record<string, unknown>>;

export interface ReplyToolCall {
  callId: string;
  name: string;
  /** JSON text, as the model wrote it. */
  arguments: string;
}

export type ReplyMessage =
  | { role: "system" | "user"; content: string }
  | { role: "assistant"; content: string; toolCalls?: readonly ReplyToolCall[] }
  | { role: "tool"; callId: string; name: string; content: string };

export interface ReplyTool {
  name: string;
  description: string;
  parameters: JsonSchema;
  /** Default 2000. */
  timeoutMs?: number | undefined;
  /**
   * Runs here; its result (any JSON value) goes back to the model. A tool without it is the client's: the reply ends with
   * `finish {reason: "tool-calls"}` once one has been called.
   */
  execute?: ((args: unknown, context: { signal: AbortSignal }) => Promise<unknown>) | undefined;
}

export type ReplyToolChoice = "auto" | "none" | "required" | { name: string };

export interface ReplyRequest {
  /** System message first. */
  messages: readonly ReplyMessage[];
  tools?: readonly ReplyTool[] | undefined;
  toolChoice?: ReplyToolChoice | undefined;
  /** Overrides the reply source's own model. */
  model?: string | undefined;
  temperature?: number | undefined;
  topP?: number | undefined;
  /** -2 to 2, for servers that know them. */
  frequencyPenalty?: number | undefined;
  presencePenalty?: number | undefined;
  maxOutputTokens?: number | undefined;
  stop?: readonly string[] | undefined;
  seed?: number | undefined;
  signal?: AbortSignal | undefined;
}

export interface ReplyUsage {
  inputTokens: number;
  outputTokens: number;
}

export type ReplyFinishReason = "stop" | "length" | "tool-calls" | "content-filter";

export type ReplyEvent =
  | { type: "text-delta"; text: string }
  /** A complete call. Those of tools with `execute` are followed by their `tool-result`. */
  | { type: "tool-call"; callId: string; name: string; arguments: string }
  | {
      type: "tool-result";
      callId: string;
      name: string;
      outcome: "ok" | "error" | "timeout";
      content: string;
      durationMs: number;
    }
  /** Exactly one, last, unless the stream throws. */
  | { type: "finish"; reason: ReplyFinishReason; usage: ReplyUsage };

/**
 * Who writes the words. The stream throws E_NET (upstream cannot be reached, failed, stalled or broke off), E_PERM (key
 * refused), E_NOT_FOUND (no such model), E_QUOTA (rate, credit; `details.retryAfterMs` when told), E_ARGS (request refused,
 * conversation too long), E_BUSY (a model that runs here: too many wait, or its process stopped in the middle), E_CHARACTER
 * (scripted replies), E_INTERRUPTED (signal). Leaving the loop early cancels upstream.
 */
export interface ReplyModel {
  /** `openai-compatible`, `anthropic`, `scripted`… */
  readonly id: string;
  /** The default model's name, for display. */
  readonly model: string;
  reply(request: ReplyRequest): AsyncIterable<ReplyEvent>;
}
