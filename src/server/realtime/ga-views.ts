// The session's things as OpenAI's GA events show them.
import type { ResponseView, SessionView } from "../../session/events.ts";
import { type Item, type MessagePart, partText } from "../../session/items.ts";
import {
  type AudioFormat,
  defaultConfig,
  type SessionConfig,
  type TurnDetection,
} from "../../session/session-config.ts";

type Json = Readonly<Record<string, unknown>>;

export function encodeFormat({ encoding, sampleRateHz }: AudioFormat): Json {
  return encoding === "pcm" ? { type: "audio/pcm", rate: sampleRateHz } : { type: `audio/${encoding}` };
}

function encodeTurnDetection(detection: TurnDetection): Json | null {
  if (detection === null) return null;
  const both = {
    create_response: detection.createResponse,
    interrupt_response: detection.interruptResponse,
  };
  if (detection.type === "semantic-vad") {
    return { type: "semantic_vad", eagerness: detection.eagerness, ...both };
  }
  return {
    type: "server_vad",
    threshold: detection.threshold,
    prefix_padding_ms: detection.prefixPaddingMs,
    silence_duration_ms: detection.silenceDurationMs,
    idle_timeout_ms: detection.idleTimeoutMs,
    ...both,
  };
}

export function encodeSession({ id, config, cast, expiresAt }: SessionView): Json {
  const { noise_reduction, ...extra } = config.extra;
  const tools = config.tools ?? cast.character.tools;
  const { transcription, extensions, greeting, allowRecording, interruption } = config;
  const hasOwnInterruption = !Bun.deepEquals(interruption, defaultConfig.interruption);
  const wantsOurs =
    greeting || allowRecording || hasOwnInterruption || Object.values(extensions).includes(true);
  return {
    tracing: null,
    truncation: "auto",
    prompt: null,
    include: null,
    ...extra,
    type: "realtime",
    object: "realtime.session",
    id,
    model: cast.character.name,
    expires_at: expiresAt,
    instructions: config.instructions ?? cast.prompt,
    output_modalities: [config.outputModality],
    audio: {
      input: {
        format: encodeFormat(config.inputFormat),
        transcription: transcription && { language: null, prompt: null, ...transcription },
        noise_reduction: noise_reduction ?? null,
        turn_detection: encodeTurnDetection(config.turnDetection),
      },
      output: {
        format: encodeFormat(config.outputFormat),
        voice: config.voice ?? cast.voice.voice,
        speed: config.speed,
      },
    },
    tools: tools.map(({ name, description, parameters }) => ({
      type: "function",
      name,
      description,
      parameters,
    })),
    tool_choice: encodeToolChoice(config.toolChoice),
    max_output_tokens: config.maxOutputTokens ?? "inf",
    ...(wantsOurs && {
      troupe: {
        words: extensions.words,
        tools: extensions.tools,
        character_changes: extensions.characterChanges,
        partials: extensions.partials,
        greeting,
        allow_recording: allowRecording,
        interruption: {
          faint_db: interruption.faintDb,
          min_speech_ms: interruption.minSpeechMs,
          min_words: interruption.minWords,
          resume_ms: interruption.resumeMs,
        },
      },
    }),
  };
}

function encodeToolChoice(choice: SessionConfig["toolChoice"]): unknown {
  return typeof choice === "string" ? choice : { type: "function", name: choice.name };
}

const statuses = { "in-progress": "in_progress", completed: "completed", incomplete: "incomplete" } as const;

export function encodeItem(item: Item): Json {
  const base = { id: item.id, object: "realtime.item", status: statuses[item.status] };
  switch (item.type) {
    case "message":
      return { ...base, type: "message", role: item.role, content: item.parts.map(encodeContent) };
    case "call": {
      const { callId, name, arguments: args } = item;
      return { ...base, type: "function_call", call_id: callId, name, arguments: args };
    }
    case "call-output":
      return { ...base, type: "function_call_output", call_id: item.callId, output: item.output };
  }
}

function encodeContent(part: MessagePart): Json {
  switch (part.type) {
    case "input-text":
      return { type: "input_text", text: part.text };
    case "input-audio":
      return { type: "input_audio", transcript: part.transcript };
    case "output-text":
      return { type: "output_text", text: part.text };
    case "output-audio":
      return { type: "output_audio", transcript: partText(part) };
  }
}

/** `content_part` events know only text and audio. */
export function encodePart(part: MessagePart): Json {
  return part.type === "output-audio"
    ? { type: "audio", transcript: part.words.map((word) => word.text).join("") }
    : { type: "text", text: partText(part) };
}

export function encodeResponse(response: ResponseView, conversationId: string): Json {
  const { usage } = response;
  return {
    object: "realtime.response",
    id: response.id,
    status: response.status === "in-progress" ? "in_progress" : response.status,
    status_details: encodeStatusDetails(response),
    output: response.output.map(encodeItem),
    conversation_id: response.conversation === "none" ? null : conversationId,
    output_modalities: [response.outputModality],
    max_output_tokens: response.maxOutputTokens ?? "inf",
    audio: { output: { format: encodeFormat(response.outputFormat), voice: response.voice } },
    usage: usage && {
      total_tokens: usage.inputTokens + usage.outputTokens,
      input_tokens: usage.inputTokens,
      output_tokens: usage.outputTokens,
      // The words are counted; sound costs nothing here.
      input_token_details: {
        text_tokens: usage.inputTokens,
        audio_tokens: 0,
        image_tokens: 0,
        cached_tokens: 0,
      },
      output_token_details: { text_tokens: usage.outputTokens, audio_tokens: 0 },
    },
    metadata: response.metadata,
  };
}

function encodeStatusDetails(response: ResponseView): Json | null {
  switch (response.status) {
    case "cancelled": {
      const reason = response.cancelReason === "turn-detected" ? "turn_detected" : "client_cancelled";
      return { type: "cancelled", reason };
    }
    case "incomplete": {
      const reason = response.incompleteReason === "content-filter" ? "content_filter" : "max_output_tokens";
      return { type: "incomplete", reason };
    }
    case "failed":
      return { type: "failed", error: { type: "server_error", ...response.error } };
    default:
      return null;
  }
}
