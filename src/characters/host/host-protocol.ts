// What crosses between the serving process, the character host and its cells. Everything is plain data.
import type { CharacterTool, ChatMessage, LoadProblem } from "../port.ts";
import type { Instructions, Metadata, VoiceSource } from "../module-contract.ts";

/** One character file as it was read, and the texts of what it imports from the characters folder. */
export interface CharacterSource {
  /** Names this reading of the file; a new one for each evaluation. */
  versionId: string;
  /** Relative to the characters folder. */
  file: string;
  /** Absolute, links resolved. */
  path: string;
  text: string;
  /** Absolute path → text, or how a file that is no code or data stood. A first evaluation has none, and reads the disk. */
  companions: Readonly<Record<string, string>>;
}

/** What a character may take of the processor while nobody calls it. */
export interface IdleLimit {
  /** It is judged when it has been without calls for this long in all. */
  windowMs: number;
  /** Of one processor, over that time: 0 to 1. */
  maxShare: number;
}

export interface HostLimits {
  evaluateTimeoutMs: number;
  promptTimeoutMs: number;
  toolTimeoutMs: number;
  /** To the first piece, and from each piece to the next. */
  replyTimeoutMs: number;
  memoryLimitMb: number;
  idle: IdleLimit;
}

export interface HostOptions extends HostLimits {
  /** Only a host for trials loads at its start what evaluation needs: zod, 12 ms and 10 MB. */
  purpose: "trial" | "talk";
  /** Absolute, links resolved. */
  folder: string;
}

/** What one good file declares. */
export interface CharacterRecord {
  name: string;
  voiceSource: VoiceSource;
  instructions: Instructions;
  metadata: Metadata;
  tools: readonly CharacterTool[];
  hasReply: boolean;
}

export type EvaluationOutcome =
  | { ok: true; record: CharacterRecord; companions: Readonly<Record<string, string>> }
  | { ok: false; problem: LoadProblem; companions: Readonly<Record<string, string>> };

/** A cell's answer: the declared data as JSON text, still to be validated. */
export type CellEvaluation =
  | { ok: true; exportsJson: string; companions: Readonly<Record<string, string>> }
  | { ok: false; problem: LoadProblem; companions: Readonly<Record<string, string>> };

/** Complete, so that a repeated call gives the same answer. */
export interface WireContext {
  /** ISO 8601 */
  now: string;
  seed: number;
  userName: string | undefined;
  messages: readonly ChatMessage[];
}

/** Sent without being asked, from a cell to its host. */
export type CellNotice =
  | { notice: "ready" }
  | { notice: "output"; line: string }
  /** It did, or something in it did, what ends a process: a late throw, `process.exit()`, a storm of workers. */
  | { notice: "offence"; message: string; stack: string };

/** Sent without being asked, from the host to the serving process. */
export type HostIncident =
  | { kind: "character"; versionId: string; problem: LoadProblem }
  | { kind: "output"; file: string; line: string }
  /** A cell does not stop when told to, or memory does not come back: this process is to be replaced. */
  | { kind: "worn-out"; reason: string };

export interface CellPulse {
  heapBytes: number;
  /** Processor time of the cell's thread so far. */
  cpuMs: number;
  /** Calls that were cancelled more than a second ago and still run. */
  abandonedCount: number;
}
