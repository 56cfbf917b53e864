// OpenAI's GA client events → what the session is asked. Refusals carry OpenAI's codes and name the field.
import type { z } from "zod";
import type { Fault, ResponseWish, SessionCommand } from "../../session/events.ts";
import type { SessionPatch } from "../../session/session-config.ts";
import type { Decoded } from "./dialect.ts";
import {
  decodeBase64,
  decodeFormat,
  decodeItem,
  decodeMaxTokens,
  decodeModality,
  decodeToolChoice,
  decodeTools,
  decodeTurnDetection,
  decodeVoice,
} from "./ga-fields.ts";
import { isOpenAiModel } from "./openai-names.ts";
import { WireFault } from "./wire-fault.ts";
import {
  type ClientEvent,
  type ClientEventType,
  clientEventSchemas,
  secretRequestSchema,
  type WireResponse,
  type WireSession,
} from "./ga-schema.ts";

export function decodeGaEvent(message: string): Decoded {
  const parsed = parseJson(message);
  return "fault" in parsed ? { type: "fault", fault: parsed.fault } : decodeGaValue(parsed.value);
}

export function parseJson(message: string): { value: unknown } | { fault: Fault } {
  try {
    return { value: JSON.parse(message) };
  } catch {
    return { fault: fault("invalid_json", "the message is not valid JSON") };
  }
}

/** Never throws. */
export function decodeGaValue(value: unknown): Decoded {
  const eventId = readEventId(value);
  try {
    return decodeEvent(parseEvent(value));
  } catch (error) {
    if (!(error instanceof WireFault)) throw error;
    return { type: "fault", fault: { ...fault(error.code, error.message, error.param), eventId } };
  }
}

function fault(code: string, message: string, param?: string): Fault {
  return { code, message, kind: "invalid-request", param };
}

export function readEventId(value: unknown): string | undefined {
  const id = (value as { event_id?: unknown } | null)?.event_id;
  return typeof id === "string" ? id.slice(0, 512) : undefined;
}

function parseEvent(value: unknown): ClientEvent {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new WireFault("invalid_event", "an event is a JSON object with a type");
  }
  const { type } = value as { type?: unknown };
  if (type === undefined) throw new WireFault("missing_required_parameter", "the event has no type", "type");
  if (typeof type === "string" && Object.hasOwn(unofferedEvents, type)) {
    throw new WireFault("invalid_value", `${type} is not offered here: ${unofferedEvents[type]}`, "type");
  }
  if (typeof type !== "string" || !isClientEventType(type)) {
    const known = Object.keys(clientEventSchemas).join(", ");
    const shown = typeof type === "string" ? `"${type.slice(0, 80)}"` : typeof type;
    throw new WireFault("invalid_value", `${shown} is no event; known are ${known}`, "type");
  }
  const parsed = clientEventSchemas[type].safeParse(value);
  if (!parsed.success) throw explain(parsed.error, value);
  return parsed.data;
}

/** OpenAI's events that this system knows and has no use for, with what to do instead. */
export const unofferedEvents: Readonly<Record<string, string>> = {
  "output_audio_buffer.clear":
    "over a WebSocket the client plays the sound; stop playing it, and send response.cancel and conversation.item.truncate",
  "transcription_session.update":
    "sessions that only transcribe are not; send audio to POST /v1/audio/transcriptions, or set create_response to false",
};

/** The body of `POST /v1/realtime/client_secrets`. Throws WireFault. */
export function decodeSecretRequest(value: unknown): {
  lifetimeSeconds: number | undefined;
  command: Extract<SessionCommand, { type: "update-session" }>;
} {
  const parsed = secretRequestSchema.safeParse(value);
  if (!parsed.success) throw explain(parsed.error, value);
  const { expires_after, session } = parsed.data;
  return { lifetimeSeconds: expires_after?.seconds, command: decodeUpdate(session ?? {}) };
}

const isClientEventType = (type: string): type is ClientEventType => Object.hasOwn(clientEventSchemas, type);

/** The first thing that is wrong, at its deepest: unions say only that nothing fitted. */
function explain(error: z.ZodError, value: unknown): WireFault {
  let issue = error.issues[0];
  let path: PropertyKey[] = [];
  while (issue) {
    path = [...path, ...issue.path];
    if (issue.code !== "invalid_union") break;
    const best = issue.errors
      .filter((issues) => issues.length > 0)
      .sort((a, b) => depthOf(b) - depthOf(a) || a.length - b.length)[0];
    if (!best) break;
    issue = best[0];
  }
  const param = path.map(String).join(".");
  const found = path.reduce<unknown>(
    (at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key],
    value,
  );
  if (found === undefined) {
    return new WireFault("missing_required_parameter", `${param} is missing`, param);
  }
  const code = issue?.code === "invalid_type" ? "invalid_type" : "invalid_value";
  return new WireFault(code, `${param}: ${issue?.message ?? "not valid"}`, param);
}

const depthOf = (issues: readonly z.core.$ZodIssue[]): number => issues[0]?.path.length ?? 0;

function decodeEvent(event: ClientEvent): Decoded {
  const eventId = event.event_id;
  const ask = (command: SessionCommand): Decoded => ({ type: "command", command, eventId });
  switch (event.type) {
    case "session.update":
      return ask(decodeUpdate(event.session));
    case "input_audio_buffer.append":
      return { type: "audio", bytes: decodeBase64(event.audio, "audio"), eventId };
    case "input_audio_buffer.commit":
      return ask({ type: "commit-input" });
    case "input_audio_buffer.clear":
      return ask({ type: "clear-input" });
    case "conversation.item.create":
      return ask({ type: "create-item", ...decodeItem(event.item, "item"), after: event.previous_item_id });
    case "conversation.item.retrieve":
      return ask({ type: "retrieve-item", itemId: event.item_id });
    case "conversation.item.delete":
      return ask({ type: "delete-item", itemId: event.item_id });
    case "conversation.item.truncate": {
      const { item_id: itemId, content_index: contentIndex, audio_end_ms: audioEndMs } = event;
      return ask({ type: "truncate-item", itemId, contentIndex, audioEndMs: Math.floor(audioEndMs) });
    }
    case "response.create":
      return ask({ type: "create-response", wish: decodeWish(event.response ?? {}) });
    case "response.cancel":
      return ask({ type: "cancel-response", responseId: event.response_id ?? undefined });
  }
}

/** Where the flat session of the beta said it; a client that sends these believes that something changed. */
const betaFields: Readonly<Record<string, string>> = {
  modalities: "output_modalities",
  voice: "audio.output.voice",
  speed: "audio.output.speed",
  input_audio_format: "audio.input.format",
  output_audio_format: "audio.output.format",
  input_audio_transcription: "audio.input.transcription",
  turn_detection: "audio.input.turn_detection",
  max_response_output_tokens: "max_output_tokens",
};

function decodeUpdate(session: WireSession): Extract<SessionCommand, { type: "update-session" }> {
  const { type: _, model, instructions, output_modalities, audio, tools, tool_choice, ...others } = session;
  const { max_output_tokens, troupe, ...unused } = others;
  for (const [field, now] of Object.entries(betaFields)) {
    if (field in unused) {
      throw new WireFault("unknown_parameter", `session.${field} is ${now} today`, `session.${field}`);
    }
  }
  const { input, output } = audio ?? {};
  const extra: Record<string, unknown> = { ...unused };
  if (input?.noise_reduction !== undefined) extra["noise_reduction"] = input.noise_reduction;
  const patch: SessionPatch = {
    instructions: instructions === undefined ? undefined : instructions.trim() === "" ? null : instructions,
    outputModality: output_modalities && decodeModality(output_modalities),
    inputFormat: input?.format && decodeFormat(input.format),
    outputFormat: output?.format && decodeFormat(output.format),
    voice: output?.voice && decodeVoice(output.voice),
    speed: output?.speed,
    transcription: input?.transcription && {
      model: input.transcription.model,
      language: input.transcription.language ?? undefined,
      prompt: input.transcription.prompt ?? undefined,
    },
    turnDetection:
      input?.turn_detection === undefined ? undefined : decodeTurnDetection(input.turn_detection),
    tools: tools && decodeTools(tools),
    toolChoice: tool_choice && decodeToolChoice(tool_choice),
    maxOutputTokens: decodeMaxTokens(max_output_tokens),
    greeting: troupe?.greeting,
    allowRecording: troupe?.allow_recording,
    interruption: troupe?.interruption && {
      faintDb: troupe.interruption.faint_db,
      minSpeechMs: troupe.interruption.min_speech_ms,
      minWords: troupe.interruption.min_words,
      resumeMs: troupe.interruption.resume_ms,
    },
    extensions: troupe && {
      words: troupe.words,
      tools: troupe.tools,
      characterChanges: troupe.character_changes,
      partials: troupe.partials,
    },
    extra,
  };
  // Null has a meaning of its own in these two.
  if (input?.transcription === null) patch.transcription = null;
  if (output?.voice === null) patch.voice = null;
  const characterName = model === undefined || isOpenAiModel(model) ? undefined : model;
  return { type: "update-session", patch, characterName };
}

function decodeWish(wire: WireResponse): ResponseWish {
  const { voice, format } = wire.audio?.output ?? {};
  return {
    instructions: wire.instructions?.trim() === "" ? undefined : wire.instructions,
    voice: voice === undefined ? undefined : decodeVoice(voice),
    outputModality: wire.output_modalities && decodeModality(wire.output_modalities),
    outputFormat: format && decodeFormat(format),
    tools: wire.tools && decodeTools(wire.tools),
    toolChoice: wire.tool_choice && decodeToolChoice(wire.tool_choice),
    maxOutputTokens: decodeMaxTokens(wire.max_output_tokens),
    conversation: wire.conversation,
    input: wire.input?.map((item, index) => {
      if (item.type === "item_reference") return item.id;
      const param = `response.input.${index}`;
      const decoded = decodeItem(item, param);
      if (!decoded.audio) return decoded.item;
      throw new WireFault("invalid_value", "audio here needs a transcript, or an item of its own", param);
    }),
    metadata: wire.metadata ?? null,
  };
}
