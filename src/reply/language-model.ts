// A language model as a provider gives it: one round, one request upstream. The loop over tools is ours (tool-runner.ts),
// so that every provider runs tools alike.
import type { Clock } from "../base/clock.ts";
import type { ReplyEvent, ReplyRequest } from "./port.ts";

/** What one round can say: tools are called here, and run elsewhere. */
export type RoundEvent = Exclude<ReplyEvent, { type: "tool-result" }>;

export interface LanguageModel {
  /** `openai-compatible`, `anthropic`… */
  readonly id: string;
  /** The default model's name. */
  readonly model: string;
  /**
   * One answer of the model: text and tool calls, then exactly one `finish`. Never runs a tool. Throws E_ARGS (the request is
   * refused, the conversation too long), E_PERM (key refused), E_NOT_FOUND (no such model), E_QUOTA (rate, credit), E_NET
   * (unreachable, failed, stalled, cut off), E_INTERRUPTED (signal). Leaving the loop closes the connection.
   */
  streamRound(request: ReplyRequest): AsyncIterable<RoundEvent>;
}

/** `fetch` without what only the global one carries. */
export type Fetch = (url: string | URL | Request, init?: RequestInit) => Promise<Response>;

export interface LanguageModelDependencies {
  fetch: Fetch;
  clock: Clock;
}

export interface LanguageModelOptions {
  /** What it is, for messages: "Ollama", "the reply server". */
  title: string;
  /** Without a slash at its end, `/v1` included. */
  baseUrl: string;
  apiKey?: string | undefined;
  /** The variable that holds the key, for messages. */
  apiKeyName?: string | undefined;
  model: string;
  temperature?: number | undefined;
  maxOutputTokens?: number | undefined;
  /**
   * No byte from upstream for this long is E_NET. Default 60,000: a large model on a slow machine reads a long
   * conversation in silence before its first word.
   */
  stallTimeoutMs?: number | undefined;
}

export const defaultStallTimeoutMs = 60_000;

/** What a provider folder under providers/llm exports as `provider`. */
export interface LanguageModelProvider {
  kind: "llm";
  id: string;
  title: string;
  createLanguageModel(dependencies: LanguageModelDependencies, options: LanguageModelOptions): LanguageModel;
}
