// Chat completions: the checks and the stream of OpenAI's servers, for llm-server.ts.
import type { Dialect, LlmAnswer, LlmStep } from "./llm-server.ts";

interface ChatMessage {
  role: string;
  content?: unknown;
  tool_call_id?: string;
  tool_calls?: { id: string; type: string; function: { name: string; arguments: string } }[];
}

/** What OpenAI answers with status 400, or undefined. */
export function findChatFault(body: unknown): string | undefined {
  const { model, messages, tools, tool_choice } = (body ?? {}) as Record<string, unknown>;
  if (typeof model !== "string" || model === "") return "you must provide a model parameter";
  if (!Array.isArray(messages) || messages.length === 0) return "[] is too short - 'messages'";
  if (tool_choice !== undefined && !Array.isArray(tools)) {
    return "'tool_choice' is only allowed when 'tools' are specified";
  }
  let open = new Set<string>();
  for (const [index, message] of (messages as ChatMessage[]).entries()) {
    if (message.role === "tool") {
      if (!open.delete(message.tool_call_id ?? "")) {
        return "messages with role 'tool' must be a response to a preceding message with 'tool_calls'";
      }
    } else if (open.size > 0) {
      return `an assistant message with 'tool_calls' must be followed by tool messages: ${[...open].join()}`;
    } else if (!["system", "user", "assistant"].includes(message.role)) {
      return `invalid role at messages.${index}`;
    }
    if (message.content === undefined || (message.content === null && !message.tool_calls)) {
      return `invalid type for 'messages[${index}].content'`;
    }
    for (const call of message.tool_calls ?? []) JSON.parse(call.function.arguments);
    if (message.tool_calls) open = new Set(message.tool_calls.map((call) => call.id));
  }
  return open.size > 0
    ? "an assistant message with 'tool_calls' must be followed by tool messages"
    : undefined;
}

const finishReasons = {
  stop: "stop",
  length: "length",
  "tool-calls": "tool_calls",
  "content-filter": "content_filter",
};

export const encodeChat: Dialect["encode"] = (answer: LlmAnswer) => {
  let callCount = 0;
  const event = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`;
  const chunk = (choices: unknown[], more: object = {}): string =>
    event({
      id: "chatcmpl-1",
      object: "chat.completion.chunk",
      created: 1_767_600_000,
      model: "stage-1",
      choices,
      ...more,
    });
  const delta = (value: object, finish_reason: string | null = null): string =>
    chunk([{ index: 0, delta: value, finish_reason }]);

  const step = (step: LlmStep): string[] => {
    if ("text" in step) return [delta({ content: step.text })];
    if ("thinking" in step) return [delta({ reasoning_content: step.thinking })];
    if ("ping" in step) return [": keep-alive\n\n"];
    if ("raw" in step) return [step.raw];
    if ("error" in step) return [event({ error: { ...step.error, param: null, code: step.error.type } })];
    if (!("call" in step)) return [];
    const { id, name } = step.call;
    const index = callCount++;
    // The name comes with the first delta, the arguments in pieces that break anywhere.
    return [
      delta({ tool_calls: [{ index, id, type: "function", function: { name, arguments: "" } }] }),
      ...cutIntoPieces(step.call).map((part) =>
        delta({ tool_calls: [{ index, function: { arguments: part } }] }),
      ),
    ];
  };

  return {
    start: delta({ role: "assistant", content: "" }),
    step,
    end() {
      if (answer.finish === null) return "";
      const finish = answer.finish ?? (callCount > 0 ? "tool-calls" : "stop");
      const usage = answer.usage === undefined ? { input: 11, output: 7 } : answer.usage;
      const { input = 0, output = 0 } = usage ?? {};
      const total = { prompt_tokens: input, completion_tokens: output, total_tokens: input + output };
      return (
        delta({}, finishReasons[finish]) + (usage ? chunk([], { usage: total }) : "") + "data: [DONE]\n\n"
      );
    },
  };
};

export function cutIntoPieces(call: { arguments: string; pieces?: readonly string[] }): readonly string[] {
  if (call.pieces) return call.pieces;
  const size = Math.max(1, Math.ceil(call.arguments.length / 3));
  return call.arguments.match(new RegExp(`[^]{1,${size}}`, "g")) ?? [];
}
