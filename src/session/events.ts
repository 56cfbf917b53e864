// The one vocabulary of a voice session: what clients ask, what engines report, what clients are told. A dialect at the
// edge translates; the reducer (state.ts) knows nothing else.
import type { AppError } from "../base/errors.ts";
import type { Character } from "../characters/port.ts";
import type { ReplyFinishReason, ReplyUsage } from "../reply/port.ts";
import type { PartialTranscript, WordTime } from "../speech/ports.ts";
import type { CastVoice } from "./cast-voice.ts";
import type { SpokenWord } from "./heard-words.ts";
import type { Item, MessagePart } from "./items.ts";
import type { Memory } from "./memory.ts";
import type { SessionConfig, SessionPatch } from "./session-config.ts";
import type { VoiceFrame } from "./turn-taking.ts";

/** The character of a session, with what its defaults are to be shown as. */
export interface CastMember {
  character: Character;
  voice: CastVoice;
  /** Its system prompt when it took the stage. */
  prompt: string;
  /** An edited character before its prompt is known: it may answer already, and is shown as the version before it. */
  isSketch?: boolean;
}

/** What one response may have of its own. */
export interface ResponseWish {
  instructions?: string | undefined;
  voice?: string | undefined;
  outputModality?: SessionConfig["outputModality"] | undefined;
  outputFormat?: SessionConfig["outputFormat"] | undefined;
  tools?: SessionConfig["tools"] | undefined;
  toolChoice?: SessionConfig["toolChoice"] | undefined;
  maxOutputTokens?: number | null | undefined;
  /** "none": what it says does not join the conversation. Default "auto". */
  conversation?: "auto" | "none" | undefined;
  /** What it is told instead of the conversation; a string names one of the conversation's items. */
  input?: readonly (Item | string)[] | undefined;
  metadata?: Readonly<Record<string, string>> | null | undefined;
}

export type SessionCommand =
  | {
      type: "update-session";
      patch: SessionPatch;
      /** Another character, before the first turn. The runner looks it up. */
      characterName?: string | undefined;
      cast?: CastMember | undefined;
    }
  | { type: "commit-input" }
  | { type: "clear-input" }
  /** An empty id: the session gives one. `audio` is the sound of its part without a transcript, in the session's input format. */
  | { type: "create-item"; item: Item; after?: string | null | undefined; audio?: Uint8Array | undefined }
  | { type: "retrieve-item"; itemId: string }
  | { type: "delete-item"; itemId: string }
  | { type: "truncate-item"; itemId: string; contentIndex: number; audioEndMs: number }
  | { type: "create-response"; wish: ResponseWish }
  | { type: "cancel-response"; responseId?: string | undefined };

export interface Fault {
  /** OpenAI's vocabulary: `invalid_value`, `input_audio_buffer_commit_empty`… */
  code: string;
  message: string;
  kind: "invalid-request" | "server";
  param?: string | undefined;
  /** The client event at fault, when it had an id. */
  eventId?: string | undefined;
}

/** "replaced": its conversation goes on elsewhere. */
export type EndReason =
  | "client"
  | "expired"
  | "spent"
  | "idle"
  | "stuck"
  | "shutdown"
  | "replaced"
  | "failed";

export type TimerName = "pace" | "silence" | "expiry" | "neglect" | "stuck";

/** What the reducer is told. Samples count at 16 kHz from the session's beginning. */
export type SessionInput =
  | { type: "open" }
  | { type: "command"; command: SessionCommand; eventId?: string | undefined }
  | { type: "fault"; fault: Fault }
  | { type: "audio-received"; toSample: number }
  | { type: "voice-frame"; frame: VoiceFrame }
  | {
      type: "partial-transcript";
      itemId: string;
      partial: PartialTranscript;
      /** Of the turn being over, 0 to 1; undefined where no turn detector judges. */
      endChance?: number | undefined;
      /** A reply to it may be begun and dropped. */
      mayReplyEarly?: boolean | undefined;
    }
  /** The chance (0 to 1) that the turn is over, by the sound of it and of the silence that began there. */
  | { type: "pause-judged"; itemId: string; silenceFrom: number; endChance: number }
  | { type: "transcript"; itemId: string; text: string; audioMs: number }
  | { type: "transcript-failed"; itemId: string; error: AppError }
  | { type: "reply-text"; responseId: string; text: string }
  /** Written to be spoken; its sound follows as "speech". */
  | { type: "reply-written"; responseId: string; text: string; isWhole: boolean }
  | {
      type: "speech";
      responseId: string;
      pcm: Float32Array;
      sampleRateHz: number;
      text: string;
      words?: WordTime[] | undefined;
    }
  | { type: "client-call"; responseId: string; callId: string; name: string; arguments: string }
  | {
      type: "tool-start";
      responseId: string;
      callId: string;
      name: string;
      arguments: string;
      atChar: number;
    }
  | {
      type: "tool-end";
      responseId: string;
      callId: string;
      outcome: "ok" | "error" | "timeout";
      content: string;
      durationMs: number;
    }
  /** The reply will bring nothing more. */
  | { type: "reply-end"; responseId: string; reason: ReplyFinishReason; usage: ReplyUsage }
  | { type: "reply-failed"; responseId: string; error: AppError }
  | { type: "timer"; name: TimerName }
  | { type: "socket"; isWritable: boolean }
  /** Null: nothing came of it. */
  | { type: "condensed"; memory: Memory | null }
  | { type: "cast-changed"; cast: CastMember }
  | { type: "close"; reason: EndReason };

export interface SessionView {
  id: string;
  config: SessionConfig;
  cast: CastMember;
  /** Unix seconds */
  expiresAt: number;
}

export type ResponseStatus = "in-progress" | "completed" | "cancelled" | "incomplete" | "failed";

export interface ResponseView {
  id: string;
  status: ResponseStatus;
  cancelReason?: "turn-detected" | "client-cancelled" | undefined;
  incompleteReason?: "max-output-tokens" | "content-filter" | undefined;
  error?: { code: string; message: string } | undefined;
  output: readonly Item[];
  conversation: "auto" | "none";
  outputModality: SessionConfig["outputModality"];
  outputFormat: SessionConfig["outputFormat"];
  voice: string | null;
  maxOutputTokens: number | null;
  metadata: Readonly<Record<string, string>> | null;
  usage: ReplyUsage | null;
}

/** Where in a response a delta belongs. */
export interface PartAddress {
  responseId: string;
  itemId: string;
  outputIndex: number;
  contentIndex: number;
}

/** What the client is told. */
export type SessionOutput =
  | { type: "session-created" | "session-updated"; session: SessionView }
  | { type: "fault"; fault: Fault }
  | { type: "speech-started"; itemId: string; audioStartMs: number }
  | { type: "speech-stopped"; itemId: string; audioEndMs: number }
  | { type: "silence-noticed"; itemId: string; audioStartMs: number; audioEndMs: number }
  | { type: "input-committed"; itemId: string; previousItemId: string | null }
  | { type: "input-cleared" }
  | { type: "item-added" | "item-done"; item: Item; previousItemId: string | null }
  | { type: "item-retrieved"; item: Item }
  | { type: "item-deleted"; itemId: string }
  | { type: "item-truncated"; itemId: string; contentIndex: number; audioEndMs: number }
  | { type: "transcript-delta"; itemId: string; delta: string }
  | { type: "transcript-done"; itemId: string; transcript: string; audioMs: number }
  | { type: "transcript-failed"; itemId: string; code: string; message: string }
  | { type: "response-created" | "response-done"; response: ResponseView }
  | { type: "output-item-added" | "output-item-done"; responseId: string; outputIndex: number; item: Item }
  | ({ type: "part-added" | "part-done"; part: MessagePart } & PartAddress)
  | ({ type: "text-delta" | "speech-text-delta"; delta: string } & PartAddress)
  | ({ type: "text-done" | "speech-text-done"; text: string } & PartAddress)
  | ({ type: "audio-delta"; pcm: Float32Array; format: SessionConfig["outputFormat"] } & PartAddress)
  | ({ type: "audio-done" } & PartAddress)
  | ({ type: "call-delta"; callId: string; delta: string } & PartAddress)
  | ({ type: "call-done"; callId: string; name: string; arguments: string } & PartAddress)
  | { type: "limits" }
  /** Extensions: only for who asked (session-config.ts). */
  | ({ type: "words"; words: readonly SpokenWord[] } & PartAddress)
  | { type: "partial-transcript"; itemId: string; partial: PartialTranscript }
  | { type: "tool-started"; responseId: string; callId: string; name: string; arguments: string }
  | {
      type: "tool-finished";
      responseId: string;
      callId: string;
      name: string;
      outcome: "ok" | "error" | "timeout";
      content: string;
      durationMs: number;
    }
  | { type: "character-changed"; session: SessionView };

/** For metrics and logs. */
export type VoiceSessionEvent =
  | { type: "voice-session-start"; sessionId: string; character: string }
  | { type: "voice-session-end"; sessionId: string; reason: EndReason; durationMs: number }
  | { type: "voice-session-fault"; sessionId: string; error: Error }
  /** From the end of the user's turn, where one was answered, or from the request: first sound of a response, by stage. */
  | {
      type: "voice-first-audio";
      sessionId: string;
      responseId: string;
      totalMs: number;
      /** From the audio that made the pause long enough to its being found so. Null: no turn was heard. */
      detectorMs: number | null;
      /** From there to the words. */
      recognizerMs: number | null;
      /** To the first piece of the reply. */
      replyMs: number;
      /** To the first sound. */
      synthesizerMs: number;
      /** All the rest. */
      ownMs: number;
    }
  /** The user's speech stopped a response. */
  | { type: "voice-interruption"; sessionId: string; responseId: string }
  /** One that came when there was no room, or the server was stopping. */
  | { type: "voice-session-refuse" }
  | {
      type: "voice-response-end";
      sessionId: string;
      responseId: string;
      status: ResponseStatus;
      /** From the response's start, or the end of the user's turn where that was heard, to its first audio. */
      firstAudioMs: number | null;
      durationMs: number;
    };
