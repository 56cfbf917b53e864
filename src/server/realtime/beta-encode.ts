// Today's server events → the beta's: other names, flat session, flat response.
import { useBetaNames } from "./beta-names.ts";
import type { WireEvent } from "./dialect.ts";

type Json = Readonly<Record<string, unknown>>;
const fieldsOf = (value: unknown): Json => (value ?? {}) as Json;

const names: Readonly<Record<string, string>> = {
  "conversation.item.added": "conversation.item.created",
  "response.output_text.delta": "response.text.delta",
  "response.output_text.done": "response.text.done",
  "response.output_audio.delta": "response.audio.delta",
  "response.output_audio.done": "response.audio.done",
  "response.output_audio_transcript.delta": "response.audio_transcript.delta",
  "response.output_audio_transcript.done": "response.audio_transcript.done",
};
/** The beta has no words for these. */
const unknownThere = new Set(["conversation.item.done", "input_audio_buffer.timeout_triggered"]);

const formats: Readonly<Record<string, string>> = {
  "audio/pcm": "pcm16",
  "audio/pcmu": "g711_ulaw",
  "audio/pcma": "g711_alaw",
};
/** OpenAI's; shown where a client has set none. */
const defaultTemperature = 0.8;

export function encodeBetaEvent(event: WireEvent, conversationId: string): WireEvent[] {
  if (unknownThere.has(event.type)) return [];
  const type = names[event.type] ?? event.type;
  const changed: WireEvent = {
    ...event,
    type,
    ...("error" in event && { error: encodeError(fieldsOf(event["error"])) }),
    ...("item" in event && { item: encodeItem(fieldsOf(event["item"])) }),
    ...("session" in event && { session: flattenSession(fieldsOf(event["session"])) }),
    ...("response" in event && { response: flattenResponse(fieldsOf(event["response"])) }),
  };
  if (type !== "session.created") return [changed];
  const conversation = { id: conversationId, object: "realtime.conversation" };
  return [changed, { type: "conversation.created", conversation }];
}

/** Fields are named as the client knows them. */
function encodeError(error: Json): Json {
  const { message, param } = error;
  if (typeof message !== "string" || typeof param !== "string") return error;
  return { ...error, message: useBetaNames(message), param: useBetaNames(param) };
}

function encodeItem(item: Json): Json {
  const { content } = item;
  if (!Array.isArray(content)) return item;
  return { ...item, content: content.map((part) => encodeContent(fieldsOf(part))) };
}

function encodeContent(part: Json): Json {
  const { type } = part;
  return type === "output_text" || type === "output_audio"
    ? { ...part, type: type.slice("output_".length) }
    : part;
}

/** Who is spoken to is written to as well. */
function encodeModalities(value: unknown): string[] {
  return Array.isArray(value) && value.includes("audio") ? ["audio", "text"] : ["text"];
}

function encodeFormat(value: unknown): string | undefined {
  return formats[String(fieldsOf(value)["type"])];
}

function flattenSession(session: Json): Json {
  const { type: _, audio, output_modalities, max_output_tokens, ...same } = session;
  const { input, output } = fieldsOf(audio);
  const { format: inputFormat, transcription, noise_reduction, turn_detection } = fieldsOf(input);
  const { format: outputFormat, voice, speed } = fieldsOf(output);
  return {
    temperature: defaultTemperature,
    ...same,
    modalities: encodeModalities(output_modalities),
    voice,
    speed,
    input_audio_format: encodeFormat(inputFormat),
    output_audio_format: encodeFormat(outputFormat),
    input_audio_transcription: transcription,
    input_audio_noise_reduction: noise_reduction,
    turn_detection,
    max_response_output_tokens: max_output_tokens,
  };
}

function flattenResponse(response: Json): Json {
  const { audio, output_modalities, output, ...same } = response;
  const { format, voice } = fieldsOf(fieldsOf(audio)["output"]);
  return {
    temperature: defaultTemperature,
    ...same,
    modalities: encodeModalities(output_modalities),
    voice,
    output_audio_format: encodeFormat(format),
    output: Array.isArray(output) ? output.map((item) => encodeItem(fieldsOf(item))) : [],
  };
}
