// A conversation in the words of the model's own template. Templates differ in what they bear: some know no system
// message, some want user and assistant in strict turns. What a template refuses is told to it another way.
import { Template } from "@huggingface/jinja";
import { AppError, messageOf } from "../../../base/errors.ts";
import { pairToolMessages } from "../../../reply/paired-messages.ts";
import { silenceText, tellAsNote, tellWithoutTools } from "../../../reply/plain-messages.ts";
import type { JsonSchema, ReplyMessage } from "../../../reply/port.ts";

export interface ChatTool {
  name: string;
  description: string;
  parameters: JsonSchema;
}

export interface ChatTemplate {
  /** Calls are written `<tool_call>{"name", "arguments"}</tool_call>`, as Hermes and Qwen do it. */
  readonly knowsTools: boolean;
  /** The prompt up to where the assistant speaks. Throws E_SCHEMA when no way of telling it is taken. */
  render(messages: readonly ReplyMessage[], tools: readonly ChatTool[]): string;
}

/** `source` is Jinja. Throws E_SCHEMA when it is not. */
export function createChatTemplate(
  source: string,
  tokens: { beginToken: string; endToken: string },
): ChatTemplate {
  const template = parse(source);
  const knowsTools = /\btools\b/.test(source) && source.includes("<tool_call>");

  const attempt = (messages: readonly ReplyMessage[], tools: readonly ChatTool[]): string => {
    const prompt = template.render({
      messages: messages.map((message) => encodeMessage(message)),
      ...(tools.length > 0 && { tools: tools.map((tool) => ({ type: "function", function: { ...tool } })) }),
      bos_token: tokens.beginToken,
      eos_token: tokens.endToken,
      add_generation_prompt: true,
      // Qwen's switch, and others': a voice that thinks for half a minute is no voice.
      enable_thinking: false,
    });
    // A template that passes over what it does not know would leave the character without its character.
    const mustBeTold = messages.filter(({ role }) => role === "system" || role === "user");
    const lost = mustBeTold.find(({ content }) => !prompt.includes(content.trim()));
    if (lost) throw new Error(`the template leaves out a ${lost.role} message`);
    return prompt;
  };

  return {
    knowsTools,
    render(messages, tools) {
      const paired = pairToolMessages(messages);
      const plain = knowsTools ? paired : paired.map(tellWithoutTools);
      const filled = plain.filter((message) => message.content.trim() !== "" || hasCalls(message));
      const turns = takeTurns(filled);
      let problem: unknown;
      for (const told of [filled, turns, withoutSystem(turns)]) {
        try {
          return attempt(told, knowsTools ? tools : []);
        } catch (error) {
          problem ??= error;
        }
      }
      throw new AppError(
        "E_SCHEMA",
        `the model's chat template cannot tell this conversation (${messageOf(problem)}); take another model`,
      );
    },
  };
}

function parse(source: string): Template {
  try {
    return new Template(source);
  } catch (error) {
    throw new AppError(
      "E_SCHEMA",
      `the model's chat template cannot be read (${messageOf(error)}); take another model`,
    );
  }
}

const hasCalls = (message: ReplyMessage): boolean =>
  message.role === "assistant" && (message.toolCalls?.length ?? 0) > 0;

function encodeMessage(message: ReplyMessage): Record<string, unknown> {
  if (message.role === "tool") {
    return { role: "tool", tool_call_id: message.callId, name: message.name, content: message.content };
  }
  if (message.role !== "assistant" || !message.toolCalls?.length) {
    return { role: message.role, content: message.content };
  }
  const calls = message.toolCalls.map(({ callId, name, arguments: text }) => ({
    id: callId,
    type: "function",
    function: { name, arguments: parseArguments(text) },
  }));
  return { role: "assistant", content: message.content, tool_calls: calls };
}

/** Templates print an object with `tojson`; what the model wrote wrongly goes back to it as it stood. */
function parseArguments(text: string): unknown {
  try {
    return text.trim() === "" ? {} : JSON.parse(text);
  } catch {
    return text;
  }
}

/** The system first, then user and assistant in strict turns, the user first and last. */
function takeTurns(messages: readonly ReplyMessage[]): ReplyMessage[] {
  const turns: ReplyMessage[] = [];
  const head = messages.findIndex(({ role }) => role !== "system");
  const system = messages.slice(0, head < 0 ? messages.length : head);
  if (system.length > 0) turns.push({ role: "system", content: join(system) });
  const start = turns.length;
  for (const original of messages.slice(system.length)) {
    const message = original.role === "system" ? tellAsNote(original.content) : original;
    const last = turns[turns.length - 1];
    const isFirst = turns.length === start;
    if (isFirst && message.role !== "user") turns.push({ role: "user", content: silenceText });
    const canJoin = !isFirst && last?.role === message.role && !hasCalls(message) && !hasCalls(last);
    if (canJoin && last?.role === "user")
      turns[turns.length - 1] = { role: "user", content: join([last, message]) };
    else if (canJoin && last?.role === "assistant") {
      turns[turns.length - 1] = { role: "assistant", content: join([last, message]) };
    } else turns.push(message);
  }
  const last = turns.at(-1);
  if (turns.length === start || last?.role === "assistant")
    turns.push({ role: "user", content: silenceText });
  return turns;
}

const join = (messages: readonly { content: string }[]): string =>
  messages.map(({ content }) => content).join("\n\n");

/** For templates that know no system: the first user message begins with it. */
function withoutSystem(turns: readonly ReplyMessage[]): ReplyMessage[] {
  const [system, first, ...rest] = turns;
  if (system?.role !== "system" || first?.role !== "user") return [...turns];
  return [{ role: "user", content: join([system, first]) }, ...rest];
}
