// What the rest of the house knows of characters: an immutable book of them, and the stage that keeps it current.
import type { Instructions, Metadata, VoiceSource } from "./module-contract.ts";

export type LoadStage = "read" | "build" | "evaluate" | "shape" | "schema" | "duplicate" | "run";

export type LoadErrorType =
  | "ReadError"
  | "SyntaxError"
  | "ImportError"
  | "EvaluationError"
  | "Timeout"
  | "MissingExport"
  | "ValidationError"
  | "MissingMethod"
  | "InvalidTools"
  | "DuplicateName"
  | "BadPrompt"
  | "Crashed";

/** Why one file is not (or no longer) good. `file` is relative to the characters folder. */
export interface LoadProblem {
  file: string;
  stage: LoadStage;
  error_type: LoadErrorType;
  message: string;
  line?: number;
  column?: number;
}

export interface CharacterTool {
  name: string;
  description: string;
  /** JSON Schema of the arguments. */
  parameters: Readonly<Record<string, unknown>>;
  timeoutMs: number;
}

export interface ChatMessage {
  role: "system" | "user" | "assistant" | "tool";
  content: string;
}

/** What a character's code is told; the host fills in `now` and `random` from it, so that prompts are reproducible. */
export interface CharacterContext {
  /** ISO 8601 of the moment, default now. */
  now?: string | undefined;
  /** Seed of `context.random`; default drawn anew. */
  seed?: number | undefined;
  userName?: string | undefined;
  messages?: readonly ChatMessage[] | undefined;
}

export interface CallLimits {
  signal?: AbortSignal | undefined;
}

/** One good version of one character. Its methods run in the character host; they throw E_CHARACTER, E_INTERRUPTED and E_BUSY. */
export interface Character {
  readonly name: string;
  readonly file: string;
  /** The generation of the book in which this version first stood. */
  readonly generation: number;
  readonly status: "ready" | "stale" | "quarantined";
  /** Why it is stale or quarantined. */
  readonly error?: LoadProblem;
  readonly voiceSource: VoiceSource;
  readonly instructions: Instructions;
  readonly metadata: Metadata;
  readonly tools: readonly CharacterTool[];
  /** It can answer in code. */
  readonly hasReply: boolean;
  makeSystemPrompt(context: CharacterContext, limits?: CallLimits): Promise<string>;
  /** Pieces of text as the character's own `reply` gives them. */
  reply(
    messages: readonly ChatMessage[],
    context: CharacterContext,
    limits?: CallLimits,
  ): AsyncIterable<string>;
  /** Validates `args` against the tool's parameters, runs it, returns its JSON value. */
  callTool(name: string, args: unknown, context: CharacterContext, limits?: CallLimits): Promise<unknown>;
}

/** An immutable snapshot; characters in sorted file order. */
export interface CharacterBook {
  readonly generation: number;
  readonly characters: readonly Character[];
  /** Every failing file, those behind a stale or quarantined character too. */
  readonly problems: readonly LoadProblem[];
  /** Exact name, after trimming and NFC. */
  find(name: string): Character | undefined;
}

export interface ReloadReport {
  generation: number;
  total_files: number;
  loaded_count: number;
  error_count: number;
  load_duration_ms: number;
  errors: readonly LoadProblem[];
}

export type CharacterEvent =
  | {
      type: "characters-load-end";
      durationMs: number;
      reason: "start" | "watch" | "request";
      loadedCount: number;
      problems: readonly LoadProblem[];
      book: CharacterBook;
    }
  | { type: "character-quarantine"; name: string | undefined; file: string; problem: LoadProblem }
  /** `file` is empty for what went past the characters' own consoles. */
  | { type: "character-output"; file: string; line: string }
  /** Whoever was told of a new book threw. */
  | { type: "background-failure"; error: unknown }
  /** Changes may go unseen until the next reload. */
  | { type: "characters-watch-error"; message: string }
  | {
      type: "character-tool-call";
      character: string;
      tool: string;
      outcome: "ok" | "error" | "timeout";
      durationMs: number;
    };

export interface CharacterStage extends AsyncDisposable {
  /** The book in force. */
  readonly book: CharacterBook;
  /** Reads every file again. */
  reload(): Promise<ReloadReport>;
  /** Called after each swap. */
  onChange(listener: (book: CharacterBook) => void): Disposable;
}
