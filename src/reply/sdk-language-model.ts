// A language model on the AI SDK's low-level interface (`doStream`): one request, its parts as they come. The SDK's own
// loop over steps is left out: tools are run by tool-runner.ts, alike for every provider.
import type { LanguageModelV4, LanguageModelV4FinishReason, LanguageModelV4Usage } from "@ai-sdk/provider";
import { abortReason, throwIfAborted, waitFor } from "../base/deadline.ts";
import { AppError } from "../base/errors.ts";
import { estimateTokens } from "./estimate-tokens.ts";
import type {
  Fetch,
  LanguageModel,
  LanguageModelDependencies,
  LanguageModelOptions,
  RoundEvent,
} from "./language-model.ts";
import type { ReplyFinishReason, ReplyMessage, ReplyRequest, ReplyUsage } from "./port.ts";
import { buildCallOptions } from "./sdk-prompt.ts";
import { createThinkingFilter } from "./thinking-filter.ts";
import { fromUpstreamError } from "./upstream-error.ts";
import { createWatchedFetch } from "./upstream-fetch.ts";

export interface SdkAdaptation {
  id: string;
  /** The SDK's model for one round. It must take key and address from `options` alone, never from the environment. */
  createSdkModel(options: LanguageModelOptions, model: string, fetch: Fetch): LanguageModelV4;
  /** What this kind of server demands of a conversation. */
  adaptMessages?: (request: ReplyRequest) => readonly ReplyMessage[];
}

export function createSdkLanguageModel(
  dependencies: LanguageModelDependencies,
  options: LanguageModelOptions,
  adaptation: SdkAdaptation,
): LanguageModel {
  return {
    id: adaptation.id,
    model: options.model,
    async *streamRound(request) {
      throwIfAborted(request.signal);
      const abort = new AbortController();
      const onAbort = (): void => abort.abort(abortReason(request.signal as AbortSignal));
      request.signal?.addEventListener("abort", onAbort, { once: true });
      const model = request.model ?? options.model;
      try {
        const fetch = createWatchedFetch(dependencies, options, abort);
        const sdkModel = adaptation.createSdkModel(options, model, fetch);
        const messages = adaptation.adaptMessages?.(request) ?? request.messages;
        const callOptions = buildCallOptions({ ...request, messages }, options, abort.signal);
        yield* readRound(sdkModel, callOptions, request, options.title);
      } catch (error) {
        // Whatever an aborted connection looks like from within, its reason is why it ended.
        if (abort.signal.aborted) throw abortReason(abort.signal);
        throw fromUpstreamError(error, { ...options, model });
      } finally {
        request.signal?.removeEventListener("abort", onAbort);
        // Closes the connection when the reader leaves in the middle; nothing is left to abort otherwise.
        abort.abort();
      }
    },
  };
}

async function* readRound(
  model: LanguageModelV4,
  callOptions: Parameters<LanguageModelV4["doStream"]>[0],
  request: ReplyRequest,
  title: string,
): AsyncGenerator<RoundEvent, void, undefined> {
  const signal = callOptions.abortSignal;
  const { stream } = await waitFor(Promise.resolve(model.doStream(callOptions)), { signal });
  const reader = stream.getReader();
  const thinking = createThinkingFilter();
  let written = "";
  const speak = function* (text: string): Generator<RoundEvent> {
    written += text;
    if (text !== "") yield { type: "text-delta", text };
  };
  try {
    for (;;) {
      const { done, value: part } = await waitFor(reader.read(), { signal });
      if (done) throw createCutOffError(title);
      if (part.type === "text-delta") {
        yield* speak(thinking.push(part.delta));
      } else if (part.type === "tool-call") {
        yield* speak(thinking.finish());
        written += part.input;
        yield { type: "tool-call", callId: part.toolCallId, name: part.toolName, arguments: part.input };
      } else if (part.type === "error") {
        throw part.error;
      } else if (part.type === "finish") {
        yield* speak(thinking.finish());
        const reason = translateFinishReason(part.finishReason, title);
        yield { type: "finish", reason, usage: translateUsage(part.usage, request, written) };
        return;
      }
    }
  } finally {
    // The connection is closed by the caller's abort; a rejected cancel has nothing more to say.
    reader.cancel().catch(() => undefined);
  }
}

const createCutOffError = (title: string): AppError =>
  new AppError("E_NET", `${title} broke its answer off in the middle; try again`);

function translateFinishReason(reason: LanguageModelV4FinishReason, title: string): ReplyFinishReason {
  switch (reason.unified) {
    case "stop":
    case "length":
    case "tool-calls":
    case "content-filter":
      return reason.unified;
    case "error":
    case "interrupted":
      throw createCutOffError(title);
    default:
      return "stop";
  }
}

/** Local servers often leave usage out: then it is estimated. */
function translateUsage(usage: LanguageModelV4Usage, request: ReplyRequest, written: string): ReplyUsage {
  const read = (): number => request.messages.reduce((sum, { content }) => sum + estimateTokens(content), 0);
  return {
    inputTokens: usage.inputTokens.total ?? read(),
    outputTokens: usage.outputTokens.total ?? estimateTokens(written),
  };
}
