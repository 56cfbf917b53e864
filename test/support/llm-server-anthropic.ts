// Anthropic's messages: the checks and the stream of its servers, for llm-server.ts.
import type { IncomingMessage } from "node:http";
import { cutIntoPieces } from "./llm-server-chat.ts";
import type { Dialect, LlmAnswer, LlmStep } from "./llm-server.ts";

interface Block {
  type: string;
  id?: string;
  text?: string;
  tool_use_id?: string;
  input?: unknown;
}

/** What Anthropic answers with status 400, or undefined. */
export function findAnthropicFault(body: unknown, headers: IncomingMessage["headers"]): string | undefined {
  const { max_tokens, messages, tools } = (body ?? {}) as Record<string, unknown>;
  if (headers["anthropic-version"] === undefined) return "anthropic-version: header is required";
  if (!Number.isInteger(max_tokens) || (max_tokens as number) < 1) return "max_tokens: Field required";
  if (!Array.isArray(messages) || messages.length === 0) return "messages: at least one message is required";
  let open: string[] = [];
  let last = "";
  for (const [index, message] of (messages as { role: string; content: string | Block[] }[]).entries()) {
    const { role, content } = message;
    if (!["user", "assistant"].includes(role)) return `messages.${index}.role: unexpected value ${role}`;
    if (index === 0 && role !== "user") return "messages: first message must use the user role";
    if (role === last) return "messages: roles must alternate";
    last = role;
    const blocks = typeof content === "string" ? [{ type: "text", text: content }] : content;
    if (blocks.length === 0) return `messages.${index}: content must not be empty`;
    if (blocks.some((block) => block.type === "text" && block.text?.trim() === "")) {
      return "messages: text content blocks must contain non-whitespace text";
    }
    const answered = blocks.flatMap((block) => block.tool_use_id ?? []);
    if (open.some((id) => !answered.includes(id)) || answered.some((id) => !open.includes(id))) {
      return "tool_use ids were found without tool_result blocks immediately after";
    }
    const uses = blocks.filter((block) => block.type === "tool_use");
    if (uses.some(({ input }) => typeof input !== "object" || input === null)) {
      return "tool_use.input: Input should be a valid dictionary";
    }
    if ((uses.length > 0 || answered.length > 0) && !Array.isArray(tools)) {
      return "Requests which include `tool_use` or `tool_result` blocks must define tools";
    }
    open = uses.map((block) => block.id ?? "");
  }
  return last === "assistant" ? "this model does not support assistant message prefill" : undefined;
}

const stopReasons = {
  stop: "end_turn",
  length: "max_tokens",
  "tool-calls": "tool_use",
  "content-filter": "refusal",
};

export const encodeAnthropic: Dialect["encode"] = (answer: LlmAnswer) => {
  const usage = answer.usage ?? { input: 11, output: 7 };
  let index = -1;
  let open: string | undefined;
  let callCount = 0;
  const event = (value: { type: string; [key: string]: unknown }): string =>
    `event: ${value.type}\ndata: ${JSON.stringify(value)}\n\n`;
  const close = (): string => {
    if (open === undefined) return "";
    open = undefined;
    return event({ type: "content_block_stop", index });
  };
  const begin = (type: string, block: object): string => {
    const before = close();
    index += 1;
    open = type;
    return before + event({ type: "content_block_start", index, content_block: { type, ...block } });
  };
  const delta = (value: object): string => event({ type: "content_block_delta", index, delta: value });

  const step = (step: LlmStep): string[] => {
    if ("text" in step) {
      const start = open === "text" ? "" : begin("text", { text: "" });
      return [start + delta({ type: "text_delta", text: step.text })];
    }
    if ("thinking" in step) {
      const start = open === "thinking" ? "" : begin("thinking", { thinking: "", signature: "" });
      return [start + delta({ type: "thinking_delta", thinking: step.thinking })];
    }
    if ("ping" in step) return [event({ type: "ping" })];
    if ("raw" in step) return [step.raw];
    if ("error" in step) return [event({ type: "error", error: step.error })];
    if (!("call" in step)) return [];
    const { id, name } = step.call;
    callCount += 1;
    return [
      begin("tool_use", { id, name, input: {} }),
      delta({ type: "input_json_delta", partial_json: "" }),
      ...cutIntoPieces(step.call).map((part) => delta({ type: "input_json_delta", partial_json: part })),
    ];
  };

  return {
    start: event({
      type: "message_start",
      message: {
        id: "msg_1",
        type: "message",
        role: "assistant",
        model: "stage-1",
        content: [],
        stop_reason: null,
        stop_sequence: null,
        usage: { input_tokens: usage.input, output_tokens: 1 },
      },
    }),
    step,
    end() {
      if (answer.finish === null) return close();
      const stop_reason = stopReasons[answer.finish ?? (callCount > 0 ? "tool-calls" : "stop")];
      return (
        close() +
        event({
          type: "message_delta",
          delta: { stop_reason, stop_sequence: null },
          usage: { output_tokens: usage.output },
        }) +
        event({ type: "message_stop" })
      );
    },
  };
};
