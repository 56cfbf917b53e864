// OpenAI's messages and tools → the conversation that a character is given.
import type { ReplyMessage, ReplyTool, ReplyToolChoice } from "../../reply/port.ts";
import { badField } from "../http-error.ts";
import type { ChatRequest, ChatRequestMessage, ChatRequestTool } from "./request-schema.ts";

/** Throws E_ARGS naming the message: parts that are no text, answers to calls that nobody made. */
export function parseMessages(messages: readonly ChatRequestMessage[]): ReplyMessage[] {
  const callNames = new Map<string, string>();
  return messages.map((message, index): ReplyMessage => {
    const path = `messages.${index}`;
    switch (message.role) {
      case "system":
      case "developer":
        return { role: "system", content: joinText(message.content) };
      case "user":
        return { role: "user", content: joinUserContent(message.content, `${path}.content`) };
      case "assistant": {
        const toolCalls = (message.tool_calls ?? []).map((call) => ({
          callId: call.id,
          name: call.function.name,
          arguments: call.function.arguments,
        }));
        for (const call of toolCalls) callNames.set(call.callId, call.name);
        const content = joinText(message.content ?? "");
        return { role: "assistant", content, ...(toolCalls.length > 0 && { toolCalls }) };
      }
      case "tool": {
        const name = callNames.get(message.tool_call_id);
        if (name === undefined) {
          throw badField(
            `${path}.tool_call_id`,
            `no earlier assistant message has a tool call with the id "${message.tool_call_id}"`,
          );
        }
        return { role: "tool", callId: message.tool_call_id, name, content: joinText(message.content) };
      }
    }
  });
}

type TextPart = { type: "text"; text: string } | { type: "refusal"; refusal: string };

function joinText(content: string | readonly TextPart[]): string {
  if (typeof content === "string") return content;
  return content.map((part) => (part.type === "text" ? part.text : part.refusal)).join("");
}

const refusals: Readonly<Record<string, string>> = {
  image_url: "characters cannot see: images are not supported, describe the picture in words",
  input_audio: "sound is not taken here; use /v1/audio/transcriptions, or a voice session at /v1/realtime",
  file: "files are not supported; send their text",
};

function joinUserContent(content: string | readonly Record<string, unknown>[], path: string): string {
  if (typeof content === "string") return content;
  const texts = content.map((part, index) => {
    if (part["type"] === "text" && typeof part["text"] === "string") return part["text"];
    const type = String(part["type"]);
    const reason = type === "text" ? "a text part needs `text`" : refusals[type];
    throw badField(`${path}.${index}`, reason ?? `parts of type "${type}" are not known`);
  });
  return texts.join("");
}

/** Tools of the client: they have no `execute`, so the reply ends with the call. */
export function parseTools(tools: readonly ChatRequestTool[]): ReplyTool[] {
  const names = new Set<string>();
  return tools.map((tool, index) => {
    const { name, description, parameters } = tool.function;
    if (names.has(name)) throw badField(`tools.${index}.function.name`, `"${name}" is there twice`);
    names.add(name);
    return {
      name,
      description: description ?? "",
      parameters: parameters ?? { type: "object", properties: {} },
    };
  });
}

export function parseToolChoice(
  choice: ChatRequest["tool_choice"],
  tools: readonly ReplyTool[],
): ReplyToolChoice | undefined {
  if (choice === null || choice === undefined) return undefined;
  if (typeof choice === "string") return choice;
  const { name } = choice.function;
  if (!tools.some((tool) => tool.name === name)) {
    throw badField("tool_choice.function.name", `"${name}" is not among the tools of this request`);
  }
  return { name };
}
