// Single fields of OpenAI's GA events → the session's words.
import type { Item, MessagePart } from "../../session/items.ts";
import type {
  AudioFormat,
  ClientTool,
  SessionConfig,
  TurnDetectionPatch,
} from "../../session/session-config.ts";
import type {
  WireFormat,
  WireItem,
  WireMaxTokens,
  WireTool,
  WireToolChoice,
  WireTurnDetection,
} from "./ga-schema.ts";
import { WireFault } from "./wire-fault.ts";

/** Strict: what is no base64 is refused, never guessed at. */
export function decodeBase64(text: string, param: string): Uint8Array {
  try {
    return Uint8Array.fromBase64(text);
  } catch {
    throw new WireFault("invalid_value", `${param} is not base64`, param);
  }
}

export function decodeFormat({ type }: WireFormat): AudioFormat {
  switch (type) {
    case "audio/pcm":
      return { encoding: "pcm", sampleRateHz: 24_000 };
    case "audio/pcmu":
      return { encoding: "pcmu", sampleRateHz: 8000 };
    case "audio/pcma":
      return { encoding: "pcma", sampleRateHz: 8000 };
  }
}

/** OpenAI allows one of the two; a client that asks for both wants to hear. */
export function decodeModality(modalities: readonly ("text" | "audio")[]): SessionConfig["outputModality"] {
  return modalities.includes("audio") ? "audio" : "text";
}

export function decodeTurnDetection(wire: WireTurnDetection | null): TurnDetectionPatch {
  if (wire === null) return null;
  const both = { createResponse: wire.create_response, interruptResponse: wire.interrupt_response };
  if (wire.type === "semantic_vad") return { ...both, type: "semantic-vad", eagerness: wire.eagerness };
  return {
    ...both,
    type: wire.type && "server-vad",
    threshold: wire.threshold,
    prefixPaddingMs: wire.prefix_padding_ms,
    silenceDurationMs: wire.silence_duration_ms,
    idleTimeoutMs: wire.idle_timeout_ms,
  };
}

export function decodeTools(tools: readonly WireTool[]): ClientTool[] {
  return tools.map(({ name, description, parameters }) => ({
    name,
    description: description ?? "",
    parameters: parameters ?? { type: "object", properties: {} },
  }));
}

export function decodeToolChoice(choice: WireToolChoice): SessionConfig["toolChoice"] {
  return typeof choice === "string" ? choice : { name: choice.name };
}

/** Undefined: not said. Null: no limit. */
export function decodeMaxTokens(value: WireMaxTokens | undefined): number | null | undefined {
  return value === "inf" ? null : value;
}

export interface DecodedItem {
  item: Item;
  audio?: Uint8Array | undefined;
}

/** `param` is where the item stands in its event. */
export function decodeItem(wire: WireItem, param: string): DecodedItem {
  const id = wire.id ?? "";
  switch (wire.type) {
    case "function_call": {
      const { name, arguments: args } = wire;
      const callId = wire.call_id ?? `call_${crypto.randomUUID().replaceAll("-", "").slice(0, 16)}`;
      return { item: { type: "call", id, status: "completed", callId, name, arguments: args } };
    }
    case "function_call_output":
      return {
        item: { type: "call-output", id, status: "completed", callId: wire.call_id, output: wire.output },
      };
    case "message":
      return decodeMessage(wire, id, param);
  }
}

function decodeMessage(wire: Extract<WireItem, { type: "message" }>, id: string, param: string): DecodedItem {
  const audios: Uint8Array[] = [];
  const parts = wire.content.map((part, index): MessagePart => {
    const at = `${param}.content.${index}`;
    switch (part.type) {
      case "input_text":
        return { type: "input-text", text: part.text };
      case "output_text":
      case "text":
        return { type: "output-text", text: part.text };
      case "output_audio":
      case "audio":
        // Sound that was played elsewhere: only its words are of use.
        return { type: "output-text", text: part.transcript ?? "" };
      case "input_audio": {
        if (typeof part.transcript === "string") return { type: "input-audio", transcript: part.transcript };
        if (typeof part.audio !== "string") {
          throw new WireFault("missing_required_parameter", `${at}.audio is missing`, `${at}.audio`);
        }
        audios.push(decodeBase64(part.audio, `${at}.audio`));
        return { type: "input-audio", transcript: null };
      }
    }
  });
  if (audios.length > 1) {
    const message = "one item takes one piece of audio without a transcript; send one item for each";
    throw new WireFault("invalid_value", message, `${param}.content`);
  }
  const item: Item = { type: "message", id, role: wire.role, status: "completed", parts, toolRuns: [] };
  return { item, audio: audios[0] };
}

export function decodeVoice(voice: string | { id: string }): string {
  return typeof voice === "string" ? voice : voice.id;
}
