// Tells what a model says from what it asks of tools: `<tool_call>{"name": …, "arguments": {…}}</tool_call>`.
import { countOpening } from "./stop-strings.ts";

export type SpokenPart =
  | { type: "text"; text: string }
  /** `arguments` is JSON text, or what the model wrote in its place. */
  | { type: "call"; name: string; arguments: string };

export interface ToolCallReader {
  push(text: string): SpokenPart[];
  /** What is open counts as complete: small models forget the closing mark. */
  finish(): SpokenPart[];
}

export const callOpening = "<tool_call>";
const callClosing = "</tool_call>";

export function createToolCallReader(): ToolCallReader {
  let held = "";
  let isInCall = false;
  let hasCalled = false;

  const speak = (text: string): SpokenPart[] => {
    // Line breaks between calls are no speech.
    if (text === "" || (hasCalled && text.trim() === "")) return [];
    return [{ type: "text", text }];
  };
  const read = (): SpokenPart[] => {
    const parts: SpokenPart[] = [];
    for (;;) {
      const mark = isInCall ? callClosing : callOpening;
      const at = held.indexOf(mark);
      if (at < 0) break;
      const before = held.slice(0, at);
      if (isInCall) parts.push(parseCall(before));
      else parts.push(...speak(before));
      held = held.slice(at + mark.length);
      isInCall = !isInCall;
      hasCalled = true;
    }
    if (isInCall) return parts;
    const safe = held.length - countOpening(held, callOpening);
    parts.push(...speak(held.slice(0, safe)));
    held = held.slice(safe);
    return parts;
  };

  return {
    push(text) {
      held += text;
      return read();
    },
    finish() {
      const rest = held;
      held = "";
      if (!isInCall) return speak(rest);
      return rest.trim() === "" ? [] : [parseCall(rest)];
    },
  };
}

/** What is no call stays one: the answer "there is no such tool" lets the model try again. */
function parseCall(body: string): SpokenPart {
  try {
    const value = JSON.parse(body) as { name?: unknown; arguments?: unknown; parameters?: unknown } | null;
    const given = value?.arguments ?? value?.parameters ?? {};
    const name = typeof value?.name === "string" ? value.name : "";
    return { type: "call", name, arguments: typeof given === "string" ? given : JSON.stringify(given) };
  } catch {
    const name = /"name"\s*:\s*"([^"]*)"/.exec(body)?.[1] ?? "";
    return { type: "call", name, arguments: body.trim() };
  }
}
