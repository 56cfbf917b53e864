// A reply request in the words of the AI SDK's language-model interface.
import type {
  LanguageModelV4CallOptions,
  LanguageModelV4Message,
  LanguageModelV4Prompt,
  LanguageModelV4ToolChoice,
} from "@ai-sdk/provider";
import type { LanguageModelOptions } from "./language-model.ts";
import { pairToolMessages } from "./paired-messages.ts";
import type { ReplyMessage, ReplyRequest, ReplyToolCall, ReplyToolChoice } from "./port.ts";

export function buildCallOptions(
  request: ReplyRequest,
  defaults: Pick<LanguageModelOptions, "temperature" | "maxOutputTokens">,
  signal: AbortSignal,
): LanguageModelV4CallOptions {
  const temperature = request.temperature ?? defaults.temperature;
  const maxOutputTokens = request.maxOutputTokens ?? defaults.maxOutputTokens;
  const tools = (request.tools ?? []).map(({ name, description, parameters }) => ({
    type: "function" as const,
    name,
    description,
    inputSchema: parameters,
  }));
  return {
    prompt: buildPrompt(request.messages),
    abortSignal: signal,
    ...(temperature === undefined ? {} : { temperature }),
    ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
    ...(request.topP === undefined ? {} : { topP: request.topP }),
    ...(request.frequencyPenalty === undefined ? {} : { frequencyPenalty: request.frequencyPenalty }),
    ...(request.presencePenalty === undefined ? {} : { presencePenalty: request.presencePenalty }),
    ...(request.seed === undefined ? {} : { seed: request.seed }),
    ...(request.stop && request.stop.length > 0 ? { stopSequences: [...request.stop] } : {}),
    ...(tools.length > 0 ? { tools } : {}),
    ...(tools.length > 0 && request.toolChoice !== undefined
      ? { toolChoice: buildToolChoice(request.toolChoice) }
      : {}),
  };
}

function buildToolChoice(choice: ReplyToolChoice): LanguageModelV4ToolChoice {
  return typeof choice === "string" ? { type: choice } : { type: "tool", toolName: choice.name };
}

function buildPrompt(messages: readonly ReplyMessage[]): LanguageModelV4Prompt {
  return pairToolMessages(messages).map((message): LanguageModelV4Message => {
    switch (message.role) {
      case "system":
        return { role: "system", content: message.content };
      case "user":
        return { role: "user", content: [{ type: "text", text: message.content }] };
      case "assistant":
        return {
          role: "assistant",
          content: [
            ...(message.content === "" ? [] : [{ type: "text" as const, text: message.content }]),
            ...(message.toolCalls ?? []).map((call) => ({
              type: "tool-call" as const,
              toolCallId: call.callId,
              toolName: call.name,
              input: parseArguments(call),
            })),
          ],
        };
      case "tool":
        return {
          role: "tool",
          content: [
            {
              type: "tool-result",
              toolCallId: message.callId,
              toolName: message.name,
              output: { type: "text", value: message.content },
            },
          ],
        };
    }
  });
}

/** An object, as servers demand; what the model wrote wrongly goes back to it as it stood. */
function parseArguments(call: ReplyToolCall): object {
  if (call.arguments.trim() === "") return {};
  try {
    const value: unknown = JSON.parse(call.arguments);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  } catch {
    return { invalid: call.arguments };
  }
  return { invalid: call.arguments };
}
