// What an author imports as `troupe`: types for a character file, and a function that checks it in the editor.
// Plain exports work without it. This file imports no code, since every character that uses it loads it.
import type { AnyKokoroVoice, KokoroVoice, KokoroVoiceId, VoiceFault } from "./kokoro-voice.ts";
import type { Instructions, Metadata, VoiceSource as DeclaredSource } from "./module-contract.ts";

export type { Instructions, KokoroVoice, KokoroVoiceId, Metadata };

/** Written out: of an intersection with what the contract declares, editors offer no voices. */
interface KokoroSource<Voice extends string> {
  source_type: "kokoro";
  voice: Voice;
  /** 0.25 to 4 */
  speed?: number | undefined;
  [key: string]: unknown;
}
type OtherSource = Exclude<DeclaredSource, { source_type: "kokoro" }>;

/** Checks a plain export: `export const VOICE_SOURCE = { … } satisfies VoiceSource`. Other providers' voices are any text. */
export type VoiceSource = KokoroSource<KokoroVoice> | OtherSource;

/** One message of the talk so far, the newest last. */
export interface TalkMessage {
  role: "system" | "user" | "assistant" | "tool";
  content: string;
}

/** What a character's code is told. The same `now`, `random` and `messages` give the same answer. */
export interface PromptContext {
  now: Date;
  /** 0 ≤ x < 1; a fresh sequence for each call. */
  random: () => number;
  userName: string | undefined;
  messages: readonly TalkMessage[];
}

export interface CallContext extends PromptContext {
  /** Aborts when nobody waits for the answer any more. */
  signal: AbortSignal;
}

export type Reply = string | Iterable<string> | AsyncIterable<string>;

/**
 * One instance serves every session of its character: what is remembered of a talk is read from `messages`, never kept
 * in the instance.
 */
export interface Generator {
  makeSystemPrompt(context: PromptContext): string | Promise<string>;
  /** The answer without a language model: text, or pieces of it as they come. */
  reply?(messages: readonly TalkMessage[], context: CallContext): Reply | Promise<Reply>;
}

/** The arguments' type that a zod object gives; anything for a JSON Schema. */
type Arguments<P> = P extends { _zod: { output: infer T } } ? T : unknown;

export interface Tool<P = unknown> {
  /** ^[a-zA-Z][a-zA-Z0-9_]*$ */
  name: string;
  /** For the model: when to call it. */
  description: string;
  /** A zod object or a JSON Schema of type object. Arguments that do not fit never reach `execute`. */
  parameters: P;
  /** Any JSON value, at most 64 KiB. */
  execute(args: Arguments<P>, context: CallContext): unknown;
  /** Default 2000. */
  timeout_ms?: number;
}

export interface CharacterDefinition<I extends Instructions = Instructions> {
  /** 1–80 characters, unique in the folder. */
  CHARACTER_NAME: string;
  VOICE_SOURCE: KokoroSource<AnyKokoroVoice> | OtherSource;
  INSTRUCTIONS: I;
  METADATA?: Metadata;
  /** At most 10. */
  TOOLS?: readonly Tool[];
  PromptGenerator: new (instructions: I) => Generator;
}

/**
 * Asks nothing of a good voice. What it asks of a wrong one is no text, since two texts that differ would make `never` of
 * the whole, and the editor would underline more than the voice.
 */
type CheckedVoice<Source> = Source extends { source_type: "kokoro"; voice: infer Voice extends string }
  ? [VoiceFault<Voice>] extends [never]
    ? unknown
    : { VOICE_SOURCE: { voice: { fault: VoiceFault<Voice> } } }
  : unknown;

/**
 * Checks a character while it is written:
 *
 *     export default defineCharacter({ CHARACTER_NAME: "Ada", … });
 *     export const { CHARACTER_NAME, VOICE_SOURCE, INSTRUCTIONS, PromptGenerator } = defineCharacter({ … });
 */
export function defineCharacter<
  const I extends Instructions,
  const D extends CharacterDefinition<I> = CharacterDefinition<I>,
>(definition: D & CharacterDefinition<I> & CheckedVoice<D["VOICE_SOURCE"]>): D {
  return definition;
}

/** Checks one tool, with `args` typed by its zod object. */
export function defineTool<P>(tool: Tool<P>): Tool<P> {
  return tool;
}
