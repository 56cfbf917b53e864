// The serving process's side of a model that runs here: each round of a reply is one job of its engine.
import type { Engine } from "../../../base/engine.ts";
import { createBoundedQueue } from "../../../base/bounded-queue.ts";
import { abortReason, throwIfAborted } from "../../../base/deadline.ts";
import { AppError } from "../../../base/errors.ts";
import type { RoundEvent } from "../../../reply/language-model.ts";
import type { LocalLanguageModel } from "../../../reply/local-model.ts";
import { createThinkingFilter } from "../../../reply/thinking-filter.ts";
import type { ReplyJob, ReplyPiece } from "./reply-job.ts";

export interface LocalLanguageModelOptions {
  name: string;
  temperature: number | undefined;
  maxOutputTokens: number | undefined;
  /** A process that shows no sign of life for so long (reply-job.ts) hangs. */
  silenceTimeoutMs: number;
}

/** Lively but on the matter; most makers of small models advise 0.6 to 0.8. */
const defaultTemperature = 0.7;
const defaultTopP = 0.95;
/** A long answer of a large model on a slow machine. */
const jobTimeoutMs = 15 * 60_000;
/** Who waits behind a process that hangs is served by its successor, if that loads within so long. */
const reloadMs = 60_000;
/** More pieces than any answer has: one for each token of the window, and its tools. */
const maxPieces = 262_144;

/** Owns the engine, and the hold on its files. */
export function createLocalLanguageModel(
  { engine, hold }: { engine: Engine; hold: AsyncDisposable | undefined },
  options: LocalLanguageModelOptions,
): LocalLanguageModel {
  return {
    id: "local",
    model: options.name,
    get state() {
      return engine.state;
    },
    start: () => engine.start(),
    async *streamRound(request) {
      throwIfAborted(request.signal);
      if (request.model !== undefined && request.model !== options.name) {
        throw new AppError(
          "E_NOT_FOUND",
          `the model that runs here is ${options.name}, not ${request.model}; set [reply] model, or take METADATA.model out of the character`,
        );
      }
      const left = new AbortController();
      const signal = request.signal ? AbortSignal.any([request.signal, left.signal]) : left.signal;
      const pieces = createBoundedQueue<ReplyPiece>(maxPieces);
      const job: ReplyJob = {
        messages: request.messages,
        tools: (request.tools ?? []).map(({ name, description, parameters }) => ({
          name,
          description,
          parameters,
        })),
        toolChoice: request.toolChoice,
        temperature: request.temperature ?? options.temperature ?? defaultTemperature,
        topP: request.topP ?? defaultTopP,
        seed: request.seed,
        maxOutputTokens: request.maxOutputTokens ?? options.maxOutputTokens,
        stop: request.stop ?? [],
      };
      const onChunk = (chunk: unknown): void => {
        if (!pieces.push(chunk as ReplyPiece)) left.abort(new AppError("E_BUSY", "nobody reads the answer"));
      };
      try {
        const { silenceTimeoutMs } = options;
        const limits = {
          timeoutMs: jobTimeoutMs,
          silenceTimeoutMs,
          waitTimeoutMs: silenceTimeoutMs + reloadMs,
        };
        engine.run("reply", job, { signal, onChunk, ...limits }).then(
          () => pieces.close(),
          (error: unknown) => pieces.fail(error),
        );
        yield* readPieces(pieces, signal);
      } finally {
        // The reader may have left in the middle.
        left.abort();
      }
    },
    async [Symbol.asyncDispose]() {
      await engine[Symbol.asyncDispose]();
      await hold?.[Symbol.asyncDispose]();
    },
  };
}

async function* readPieces(
  pieces: AsyncIterable<ReplyPiece>,
  signal: AbortSignal,
): AsyncGenerator<RoundEvent, void, undefined> {
  const thinking = createThinkingFilter();
  const speak = function* (text: string): Generator<RoundEvent> {
    if (text !== "") yield { type: "text-delta", text };
  };
  for await (const piece of pieces) {
    // What was written before a cancel is not wanted any more.
    if (signal.aborted) throw abortReason(signal);
    if (piece.type === "alive") continue;
    if (piece.type === "text") {
      yield* speak(thinking.push(piece.text));
      continue;
    }
    yield* speak(thinking.finish());
    if (piece.type === "tool-call") yield piece;
    else yield { type: "finish", reason: piece.reason, usage: piece.usage };
  }
}
