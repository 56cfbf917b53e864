// The whole state of one voice session, and what the reducer may ask its runner to do. Plain values: a session can be
// replayed from its inputs.
import type { AppError } from "../base/errors.ts";
import type { ReplyMessage, ReplyToolChoice, ReplyUsage } from "../reply/port.ts";
import type { Character } from "../characters/port.ts";
import type { AudioSlice, Playback } from "./audio-pacer.ts";
import type {
  CastMember,
  EndReason,
  ResponseView,
  ResponseWish,
  SessionInput,
  SessionOutput,
  TimerName,
  VoiceSessionEvent,
} from "./events.ts";
import type { Item, ToolRun } from "./items.ts";
import type { CondensingPlan, Memory } from "./memory.ts";
import { type ClientTool, defaultConfig, type SessionConfig } from "./session-config.ts";
import { type Listening, quiet } from "./turn-taking.ts";

export interface SessionLimits {
  /** Audio sent ahead of what the listener can have heard. */
  aheadMs: number;
  /** A session's age at its end. */
  maxSessionMs: number;
  /** A session's end when nothing is heard of its client for so long. */
  neglectMs: number;
  /** How long a client may take nothing. */
  stuckMs: number;
  /** Of the conversation, told to the reply model at once (memory.ts). */
  historyTokens: number;
}

export const defaultLimits: SessionLimits = {
  aheadMs: 5000,
  maxSessionMs: 3_600_000,
  neglectMs: 300_000,
  stuckMs: 10_000,
  historyTokens: Number.POSITIVE_INFINITY,
};

/** Speech while the character talks, which may be none. Positions are samples. */
export interface Murmur {
  fromSample: number;
  speechFrom: number;
  /** The recogniser has looked at it and found no words: a laugh, an "mm-hm". */
  isWordless: boolean;
}

/** What is being said right now, as the recogniser follows it. */
export interface Utterance {
  itemId: string;
  /** What the client has been told of it. */
  toldText: string;
  /** Of the turn being over by the words so far, 0 to 1. */
  endChance?: number | undefined;
  /** The same by the sound of one silence; `chance` is undefined while nobody has answered. */
  pauseJudgement?: { silenceFrom: number; chance?: number | undefined } | undefined;
  /** All that was said before the silence that began there, as far as can be told. */
  pauseWords?: { silenceFrom: number; text: string } | undefined;
  /** Nothing is done by writing a reply that nobody will hear. */
  mayReplyEarly?: boolean | undefined;
  earlyTries?: number | undefined;
  /** Of its loudest speech, dBFS; undefined before any was heard. */
  levelDb?: number | undefined;
}

export interface PendingTranscript extends Utterance {
  /** The character answers it by itself. */
  isTurn: boolean;
  /** It ended as a murmur (murmur.ts): the client knows nothing of it. */
  untold: { audioStartMs: number; audioEndMs: number; endedAtMs: number } | null;
}

/** Positions are samples at 16 kHz since the session began. */
export interface InputState {
  receivedSample: number;
  /** Where the audio begins that has not been committed. */
  startSample: number;
  /** Up to where voice detection has answered. */
  judgedSample: number;
  listening: Listening;
  /** The user is heard to speak: a turn is open. */
  isTurnOpen: boolean;
  utterance: Utterance | null;
  /** The open utterance may be a cough: no turn yet. */
  murmur: Murmur | null;
  /** How loud the user speaks, in dBFS; null before they have. */
  userLevelDb: number | null;
  pending: readonly PendingTranscript[];
  /** What the client has committed last and nobody could make out; the response that it asks for says so. */
  unheard: AppError | null;
  /** What has come of the user's since the last answer that was asked for; "silence" is a commit without words. */
  news: "none" | "silence" | "words";
}

export interface ActiveResponse {
  id: string;
  wish: ResponseWish;
  /** In force for the whole response, whatever is updated meanwhile. */
  config: SessionConfig;
  cast: CastMember;
  /** Made because the user's turn was over. */
  isAutomatic: boolean;
  /** Not written anew: this is the rest of what was interrupted. */
  say: string | null;
  /** What has been written to be spoken. */
  writtenText: string;
  isWhollyWritten: boolean;
  /** Items whose words must be known before the reply can begin. */
  waitingFor: readonly string[];
  outputIds: readonly string[];
  /** Output of a response that does not join the conversation. */
  detached: readonly Item[];
  /** The message that is being written. */
  message: { itemId: string; outputIndex: number } | null;
  /** Sound that has been made and not sent. */
  queue: readonly AudioSlice[];
  /** Sound made so far, sent or not. */
  madeMs: number;
  calls: readonly { callId: string; name: string; arguments: string }[];
  runningTools: readonly ToolRun[];
  toolRuns: readonly ToolRun[];
  /** How it will end, once all that was made has been sent. */
  outcome: Pick<ResponseView, "status" | "incompleteReason" | "error"> | null;
  usage: ReplyUsage | null;
  startedAtMs: number;
  /** From when its promptness is counted: the end of the user's speech, where that was heard. */
  waitedSinceMs: number;
  firstAudioMs: number | null;
}

/** A reply that has begun before the turn was over (early-reply.ts). */
export interface EarlyReply {
  /** Of the response that it will be. */
  responseId: string;
  plan: ReplyPlan;
  /** What has come of it so far. */
  inputs: readonly SessionInput[];
}

/** What the user's speech has cut off. */
export interface Interrupted {
  /** The user's. */
  itemId: string;
  /** The character's, of which a part was not heard. */
  itemIds: readonly string[];
  /** What was written and had not been sent. */
  unsaidText: string;
  wish: ResponseWish;
}

export interface SessionState {
  id: string;
  limits: SessionLimits;
  config: SessionConfig;
  cast: CastMember;
  /** A new version of the character, for the next turn. */
  nextCast: CastMember | null;
  items: readonly Item[];
  /** What the oldest items are told as. */
  memory: Memory | null;
  isCondensing: boolean;
  input: InputState;
  response: ActiveResponse | null;
  earlyReply: EarlyReply | null;
  /** What the listener is hearing, or has still to hear. */
  playing: readonly Playback[];
  /** The user has said something that nobody has answered. */
  isReplyOwed: boolean;
  interrupted: Interrupted | null;
  speechEndedAtMs: number | null;
  isWritable: boolean;
  isClosed: boolean;
  /** When the client was last heard of. */
  lastHeardAtMs: number;
  openedAtMs: number;
  /** Unix seconds */
  expiresAt: number;
  /** For ids: they are unique within the session. */
  nextNumber: number;
}

/** Everything that one reply needs, fixed at its start. */
export interface ReplyPlan {
  character: Character;
  /** Undefined: the character answers the messages. */
  say?: string | undefined;
  messages: readonly ReplyMessage[];
  /** A model is told no more of them than this. */
  historyTokens: number;
  /** Undefined: the character's own. */
  instructions: string | undefined;
  clientTools: readonly ClientTool[];
  toolChoice: ReplyToolChoice;
  maxOutputTokens: number | null;
  /** Null: only text is wanted. */
  speech: { voice: string | null; speed: number; sampleRateHz: number } | null;
}

export type SessionEffect =
  | { type: "send"; output: SessionOutput }
  | {
      type: "open-utterance";
      itemId: string;
      fromSample: number;
      language?: string | undefined;
      wantsPartials: boolean;
      /** Audio before the first of them; undefined: the recogniser's own measure. */
      firstPartialMs?: number | undefined;
    }
  /** Judge by the sound of the open utterance up to here whether it is over; "pause-judged" may answer. */
  | { type: "judge-pause"; itemId: string; silenceFrom: number; toSample: number }
  /** The open utterance goes on at least to here. */
  | { type: "extend-utterance"; toSample: number }
  | { type: "finish-utterance"; itemId: string; toSample: number }
  | { type: "drop-utterance" }
  /** Recognise the sound of an item that came whole. */
  | { type: "recognise-item"; itemId: string; audio: Uint8Array; language?: string | undefined }
  | { type: "forget-audio"; beforeSample: number }
  /** Judge frames from here on; null: none. */
  | { type: "listen-from"; sample: number | null }
  /** Put these in short; "condensed" answers, whatever comes of it. */
  | ({ type: "condense" } & CondensingPlan)
  | { type: "start-reply"; responseId: string; plan: ReplyPlan }
  /** The early reply is the response's. */
  | { type: "adopt-reply"; responseId: string }
  | { type: "stop-reply"; responseId: string }
  | { type: "set-timer"; name: TimerName; atMs: number }
  | { type: "clear-timer"; name: TimerName }
  /** Come back at once with the timer "pace", after what has been sent has had its effect. */
  | { type: "continue" }
  | { type: "report"; event: VoiceSessionEvent }
  /** Let go of everything. */
  | { type: "end"; reason: EndReason };

export interface SessionStart {
  id: string;
  cast: CastMember;
  limits?: Partial<SessionLimits> | undefined;
  config?: SessionConfig | undefined;
  /** Of a conversation that goes on. */
  items?: readonly Item[] | undefined;
  memory?: Memory | null | undefined;
  atMs: number;
  /** Unix seconds */
  now: number;
}

export function createSessionState(start: SessionStart): SessionState {
  const limits = { ...defaultLimits, ...start.limits };
  return {
    id: start.id,
    limits,
    config: start.config ?? defaultConfig,
    cast: start.cast,
    nextCast: null,
    items: start.items ?? [],
    memory: start.memory ?? null,
    isCondensing: false,
    input: {
      receivedSample: 0,
      startSample: 0,
      judgedSample: 0,
      listening: quiet,
      isTurnOpen: false,
      utterance: null,
      murmur: null,
      userLevelDb: null,
      pending: [],
      unheard: null,
      news: "none",
    },
    response: null,
    earlyReply: null,
    playing: [],
    isReplyOwed: false,
    interrupted: null,
    speechEndedAtMs: null,
    isWritable: true,
    isClosed: false,
    lastHeardAtMs: start.atMs,
    openedAtMs: start.atMs,
    expiresAt: Math.round(start.now + limits.maxSessionMs / 1000),
    nextNumber: 1,
  };
}
