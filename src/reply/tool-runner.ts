// The loop over tools: a language model's rounds, with the tools that run here run in between, as one reply.
import type { Clock } from "../base/clock.ts";
import { throwIfAborted } from "../base/deadline.ts";
import type { LanguageModel } from "./language-model.ts";
import type {
  ReplyEvent,
  ReplyFinishReason,
  ReplyMessage,
  ReplyModel,
  ReplyRequest,
  ReplyToolCall,
} from "./port.ts";
import { runTool, type ToolOutcome } from "./run-tool.ts";

export interface ToolRunnerOptions {
  /** Requests upstream for one reply. In the last one the model may only speak. Default 8. */
  maxRounds?: number | undefined;
}

/**
 * Tools start the moment their call is complete, beside each other and beside the text that is still coming. Their results
 * are told in the order of the calls, after the round's text. A call of a client's tool ends the reply with `tool-calls`,
 * after the results of those that run here.
 */
export function createToolRunner(
  dependencies: { clock: Clock },
  model: LanguageModel,
  options: ToolRunnerOptions = {},
): ReplyModel {
  const { clock } = dependencies;
  const maxRounds = options.maxRounds ?? 8;
  return {
    id: model.id,
    model: model.model,
    async *reply(request) {
      throwIfAborted(request.signal);
      // One signal for all that runs on behalf of this reply; aborted when the reader leaves, too.
      const left = new AbortController();
      const signal = request.signal ? AbortSignal.any([request.signal, left.signal]) : left.signal;
      try {
        yield* runRounds(clock, model, { ...request, signal }, maxRounds);
      } finally {
        left.abort();
      }
    },
  };
}

async function* runRounds(
  clock: Clock,
  model: LanguageModel,
  request: ReplyRequest & { signal: AbortSignal },
  maxRounds: number,
): AsyncGenerator<ReplyEvent, void, undefined> {
  const { signal } = request;
  const tools = new Map((request.tools ?? []).map((tool) => [tool.name, tool]));
  // A tool of the client's is one we know and cannot run; an unknown name is answered with an error, here.
  const isOfClient = (call: ReplyToolCall): boolean => {
    const tool = tools.get(call.name);
    return tool !== undefined && tool.execute === undefined;
  };
  const messages: ReplyMessage[] = [...request.messages];
  const usage = { inputTokens: 0, outputTokens: 0 };
  let toolChoice = request.toolChoice;

  for (let round = 1; ; round += 1) {
    const mustSpeak = tools.size > 0 && round === maxRounds;
    const calls: ReplyToolCall[] = [];
    const running: { call: ReplyToolCall; outcome: Promise<ToolOutcome> }[] = [];
    let text = "";
    let reason: ReplyFinishReason = "stop";
    const events = model.streamRound({
      ...request,
      messages,
      // The list stays: a conversation with calls in it is refused without their tools.
      toolChoice: mustSpeak ? "none" : toolChoice,
    });
    for await (const event of events) {
      if (event.type === "text-delta") {
        text += event.text;
        yield event;
      } else if (event.type === "finish") {
        reason = event.reason;
        usage.inputTokens += event.usage.inputTokens;
        usage.outputTokens += event.usage.outputTokens;
      } else if (!mustSpeak) {
        const { type: _, ...call } = event;
        calls.push(call);
        if (!isOfClient(call)) {
          const outcome = runTool(clock, call, tools.get(call.name), signal);
          // It is awaited below, unless the round fails before.
          outcome.catch(() => undefined);
          running.push({ call, outcome });
        }
        yield event;
      }
    }

    if (calls.length === 0) {
      // A model that asks for tools when it may only speak has been cut off.
      yield { type: "finish", reason: reason === "tool-calls" ? "length" : reason, usage };
      return;
    }
    messages.push({ role: "assistant", content: text, toolCalls: calls });
    for (const { call, outcome } of running) {
      const result = await outcome;
      messages.push({ role: "tool", callId: call.callId, name: call.name, content: result.content });
      yield { type: "tool-result", callId: call.callId, name: call.name, ...result };
    }
    if (calls.some(isOfClient)) {
      yield { type: "finish", reason: "tool-calls", usage };
      return;
    }
    // Once it has been obeyed; again, it would never end.
    if (toolChoice !== "none") toolChoice = toolChoice === undefined ? undefined : "auto";
  }
}
