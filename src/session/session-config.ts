// What a client can set about its session, in the house's own words; a dialect's codec translates.
import type { JsonSchema, ReplyToolChoice } from "../reply/port.ts";

export interface AudioFormat {
  encoding: "pcm" | "pcmu" | "pcma";
  /** 24,000 for pcm, 8000 for the two of G.711. */
  sampleRateHz: number;
}

export const pcm24k: AudioFormat = { encoding: "pcm", sampleRateHz: 24_000 };

export interface ServerVad {
  type: "server-vad";
  /** 0 to 1 */
  threshold: number;
  /** Audio before the first speech that belongs to the turn. */
  prefixPaddingMs: number;
  silenceDurationMs: number;
  /** Answer when the turn is over. */
  createResponse: boolean;
  /** The user's speech stops the character. */
  interruptResponse: boolean;
  /** After so long a silence the character is told of it. Null: never. */
  idleTimeoutMs: number | null;
}

export interface SemanticVad {
  type: "semantic-vad";
  eagerness: "low" | "medium" | "high" | "auto";
  createResponse: boolean;
  interruptResponse: boolean;
}

/** Null: the client commits. */
export type TurnDetection = ServerVad | SemanticVad | null;

export interface Transcription {
  model: string;
  /** BCP 47 */
  language?: string | undefined;
  prompt?: string | undefined;
}

export interface ClientTool {
  name: string;
  description: string;
  parameters: JsonSchema;
}

/** Events of our own, beside the dialect's; only who asks for them gets them. */
export interface Extensions {
  /** When each word of the reply sounds. */
  words: boolean;
  /** Tools that run on the server. */
  tools: boolean;
  /** The session's character has a new version. */
  characterChanges: boolean;
  /** What the recogniser guesses while the user talks. */
  partials: boolean;
}

/** When speech while the character talks is taken for an interruption. */
export interface Interruption {
  /** Speech this long is one, whatever it says. 0: all speech is. */
  minSpeechMs: number;
  /** Shorter speech is one with so many words; "mm-hm" is none. */
  minWords: number;
  /** Speech quieter than the user's by so much is somebody else's. 0: none is. */
  faintDb: number;
  /** Without words, known so soon after its end, it was none, and the character goes on. 0: it never does. */
  resumeMs: number;
}

export interface SessionConfig {
  /** Null: the character's own. */
  instructions: string | null;
  /** A voice of the synthesizer, a character, or a name of the dialect's (casting.ts). Null: the character's own. */
  voice: string | null;
  /** Times the voice's own speed. */
  speed: number;
  outputModality: "audio" | "text";
  inputFormat: AudioFormat;
  outputFormat: AudioFormat;
  /** Null: the client is not told what was understood. */
  transcription: Transcription | null;
  turnDetection: TurnDetection;
  interruption: Interruption;
  /** Run by the client. Null: none were set, so the character's own are shown. */
  tools: readonly ClientTool[] | null;
  toolChoice: ReplyToolChoice;
  /** Null: no limit. */
  maxOutputTokens: number | null;
  /** The character opens the conversation. */
  greeting: boolean;
  /** The client allows its session to be recorded, where that is set up. */
  allowRecording: boolean;
  extensions: Extensions;
  /** Fields of the dialect that change nothing here; kept and shown again. */
  extra: Readonly<Record<string, unknown>>;
}

export const defaultServerVad: ServerVad = {
  type: "server-vad",
  threshold: 0.5,
  prefixPaddingMs: 300,
  silenceDurationMs: 500,
  createResponse: true,
  interruptResponse: true,
  idleTimeoutMs: null,
};

export const defaultSemanticVad: SemanticVad = {
  type: "semantic-vad",
  eagerness: "auto",
  createResponse: true,
  interruptResponse: true,
};

export const defaultConfig: SessionConfig = {
  instructions: null,
  voice: null,
  speed: 1,
  outputModality: "audio",
  inputFormat: pcm24k,
  outputFormat: pcm24k,
  transcription: { model: "default" },
  turnDetection: defaultServerVad,
  interruption: { minSpeechMs: 500, minWords: 1, faintDb: 20, resumeMs: 2000 },
  tools: null,
  toolChoice: "auto",
  maxOutputTokens: null,
  greeting: false,
  allowRecording: false,
  extensions: { words: false, tools: false, characterChanges: false, partials: false },
  extra: {},
};

type Partly<T> = { [K in keyof T]?: T[K] | undefined };

export type TurnDetectionPatch = (Partly<ServerVad> | Partly<SemanticVad>) | null;

/** What an update says; what it leaves out stays. */
export interface SessionPatch
  extends Partly<Omit<SessionConfig, "turnDetection" | "transcription" | "extensions" | "interruption">> {
  turnDetection?: TurnDetectionPatch | undefined;
  transcription?: Partly<Transcription> | null | undefined;
  extensions?: Partly<Extensions> | undefined;
  interruption?: Partly<Interruption> | undefined;
}

export function mergeConfig(config: SessionConfig, patch: SessionPatch): SessionConfig {
  const { turnDetection, transcription, extensions, interruption, extra, ...plain } = patch;
  return {
    ...assign(config, plain),
    turnDetection:
      turnDetection === undefined
        ? config.turnDetection
        : mergeTurnDetection(config.turnDetection, turnDetection),
    transcription:
      transcription === undefined
        ? config.transcription
        : transcription && assign(config.transcription ?? { model: "default" }, transcription),
    extensions: assign(config.extensions, extensions ?? {}),
    interruption: assign(config.interruption, interruption ?? {}),
    extra: { ...config.extra, ...extra },
  };
}

/** Another type begins from its own defaults. */
function mergeTurnDetection(before: TurnDetection, patch: TurnDetectionPatch): TurnDetection {
  if (patch === null) return null;
  const type = patch.type ?? before?.type ?? "server-vad";
  if (type === "semantic-vad") {
    const base = before?.type === type ? before : defaultSemanticVad;
    return { ...assign(base, patch as Partly<SemanticVad>), type };
  }
  const base = before?.type === type ? before : defaultServerVad;
  return { ...assign(base, patch as Partly<ServerVad>), type };
}

function assign<T extends object>(base: T, patch: Partly<T>): T {
  const given = Object.entries(patch).filter(([, value]) => value !== undefined);
  return { ...base, ...(Object.fromEntries(given) as Partial<T>) };
}
