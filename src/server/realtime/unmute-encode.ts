// What the session tells → the events of the unmute project: the beta's names without ids, words one by one, Ogg Opus.
import type { AudioEncoder } from "../../audio/codecs/encoder-port.ts";
import { createPcmFramer } from "../../audio/pcm.ts";
import type { Fault, ResponseView, SessionOutput } from "../../session/events.ts";
import { farewellCodes } from "../../session/reduce.ts";
import type { WireEvent } from "./dialect.ts";
import { type ChatLine, createUnmuteChat } from "./unmute-chat.ts";
import type { UnmuteSession } from "./unmute-schema.ts";

export interface UnmuteEncoder {
  /** What the client has set last, as it is told when it is in force, and what is to be said about it. */
  noteSettings(session: UnmuteSession, warnings: readonly string[]): void;
  encode(output: SessionOutput): WireEvent[];
  /** The character has said goodbye, as its prompt told it to. */
  readonly hasSaidBye: boolean;
}

/** Theirs: 80 ms at 24 kHz. Readers of recordings count on whole ones. */
const frameSamples = 1920;
/** What is still in the encoder when the last frame has gone in, rounded up. */
const encoderDelaySamples = 240;

const paramNames: Readonly<Record<string, string>> = {
  "session.audio.output.voice": "session.voice",
  "session.model": "session.voice",
};

/** `opus` is one stream for the whole session, at 24 kHz. */
export function createUnmuteEncoder(opus: Pick<AudioEncoder, "push">): UnmuteEncoder {
  const chat = createUnmuteChat();
  let settings: UnmuteSession = { allow_recording: false };
  let warnings: readonly string[] = [];
  let turnStartMs = 0;
  const framer = createPcmFramer(frameSamples);
  let hasSaidBye = false;

  const encodeFrame = (frame: Float32Array): WireEvent[] => [
    { type: "unmute.response.audio.delta.ready", number_of_samples: frame.length },
    { type: "response.audio.delta", delta: opus.push(frame).toBase64() },
  ];

  const encodeWords = (text: string, toEvents: (word: string) => WireEvent[]): WireEvent[] =>
    (text.match(/\S+/g) ?? []).flatMap(toEvents);

  const encode = (output: SessionOutput): WireEvent[] => {
    switch (output.type) {
      case "session-updated": {
        const told = warnings;
        warnings = [];
        return [
          { type: "session.updated", session: { instructions: null, voice: null, ...settings } },
          ...told.map((message) => error("warning", { code: null, message, param: "session.voice" })),
        ];
      }
      case "fault":
        return [encodeFault(output.fault)];
      case "speech-started":
        turnStartMs = output.audioStartMs;
        return [{ type: "input_audio_buffer.speech_started" }];
      case "speech-stopped":
        return [{ type: "input_audio_buffer.speech_stopped" }];
      case "transcript-delta": {
        // When each word began is not known; its turn's beginning is.
        const start_time = turnStartMs / 1000;
        const type = "conversation.item.input_audio_transcription.delta";
        return encodeWords(output.delta, (delta) => [{ type, delta, start_time }]);
      }
      case "transcript-failed":
        return [error("server_error", { code: output.code, message: output.message, param: null })];
      case "response-created":
        return [{ type: "response.created", response: encodeResponse(output.response) }];
      case "words":
        return output.words.flatMap(({ text }) =>
          encodeWords(text, (delta) => [
            { type: "unmute.response.text.delta.ready", delta },
            { type: "response.text.delta", delta },
          ]),
        );
      case "audio-delta":
        return framer.push(output.pcm).flatMap(encodeFrame);
      case "audio-done": {
        const frames = framer.push(new Float32Array(encoderDelaySamples));
        const last = framer.flush();
        const rest = last ? [...frames, last] : frames;
        return [...rest.flatMap(encodeFrame), { type: "response.audio.done" }];
      }
      case "speech-text-done":
        return [{ type: "response.text.done", text: output.text.trim() }];
      case "response-done":
        hasSaidBye ||= output.response.status === "completed" && isBye(chat.lines().at(-1));
        return [...encodeEnd(output.response), encodeAdditional()];
      default:
        return [];
    }
  };

  const encodeResponse = ({ voice }: ResponseView): object => ({
    object: "realtime.response",
    status: "in_progress",
    voice: settings.voice ?? voice ?? "",
    chat_history: chat.lines(),
  });

  const encodeAdditional = (): WireEvent => ({
    type: "unmute.additional_outputs",
    args: { chat_history: chat.lines(), debug_dict: {}, debug_plot_data: [] },
  });

  return {
    noteSettings(session, told) {
      settings = session;
      warnings = told;
    },
    encode(output) {
      chat.note(output);
      return encode(output);
    },
    get hasSaidBye() {
      return hasSaidBye;
    },
  };
}

function isBye(line: ChatLine | undefined): boolean {
  return line?.role === "assistant" && /\bbye\W*$/i.test(line.content);
}

function encodeEnd({ status, cancelReason, error: failure }: ResponseView): WireEvent[] {
  if (status === "cancelled" && cancelReason === "turn-detected")
    return [{ type: "unmute.interrupted_by_vad" }];
  if (status !== "failed" || !failure) return [];
  return [error("server_error", { code: failure.code, message: failure.message, param: null })];
}

function encodeFault({ code, message, kind, param }: Fault): WireEvent {
  const known = param === undefined ? null : (paramNames[param] ?? param);
  if (kind === "invalid-request") return error("invalid_request_error", { code, message, param: known });
  return error(farewellCodes.has(code) ? "fatal" : "server_error", { code, message, param: known });
}

/** `warning` is not shown to users; `fatal` is the last that they are told. */
function error(
  type: "invalid_request_error" | "server_error" | "warning" | "fatal",
  details: { code: string | null; message: string; param: string | null },
): WireEvent {
  return { type: "error", error: { type, ...details, details: null } };
}
