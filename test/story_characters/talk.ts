// Talks with one shipped character, as a session would: each answer comes from a new instance, so that whatever a character
// knows of the talk can only come from the messages.
import { join } from "node:path";

export interface Message {
  role: "user" | "assistant";
  content: string;
}

export interface Context {
  now: Date;
  random: () => number;
  userName?: string | undefined;
  messages: readonly Message[];
}

type Pieces = string | Iterable<string> | AsyncIterable<string>;

export interface ToolModule {
  name: string;
  description: string;
  parameters: unknown;
  execute(args: unknown, context: Partial<Context>): unknown;
}

export interface CharacterModule {
  CHARACTER_NAME: string;
  VOICE_SOURCE: { source_type: string; voice: string };
  INSTRUCTIONS: { type: string; language?: string | null };
  METADATA: { good: boolean; tagline: string; color: string; greeting: string };
  TOOLS?: readonly ToolModule[];
  PromptGenerator: new (
    instructions: unknown,
  ) => {
    makeSystemPrompt(context?: Context): string | Promise<string>;
    reply(messages: readonly Message[], context: Context): Pieces | Promise<Pieces>;
  };
}

export const castFolder = join(import.meta.dir, "../../story_characters");

/** A character by its file name without `.ts`. */
export const loadCharacter = async (file: string): Promise<CharacterModule> =>
  (await import(join(castFolder, `${file}.ts`))) as CharacterModule;

/** Numbers in [0, 1) that depend on the seed alone (splitmix32). */
export function seededRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
}

/** A Friday in the afternoon, local time. */
export const someFriday = new Date(2026, 10, 20, 16, 47, 10);

export interface TalkOptions {
  seed?: number;
  now?: Date;
  userName?: string;
  instructions?: unknown;
}

export interface Talk {
  readonly messages: Message[];
  now: Date;
  /** The character's next line; without words it speaks first, or again. */
  say(words?: string): Promise<string>;
  /** Says several things, gives the last answer. */
  sayAll(...lines: string[]): Promise<string>;
}

export async function textOf(pieces: Pieces | Promise<Pieces>): Promise<string> {
  const given = await pieces;
  if (typeof given === "string") return given;
  let text = "";
  for await (const piece of given) text += piece;
  return text;
}

export function startTalk(character: CharacterModule, options: TalkOptions = {}): Talk {
  const random = seededRandom(options.seed ?? 1);
  const messages: Message[] = [];
  const talk: Talk = {
    messages,
    now: options.now ?? someFriday,
    async say(words) {
      if (words !== undefined) messages.push({ role: "user", content: words });
      const generator = new character.PromptGenerator(options.instructions ?? character.INSTRUCTIONS);
      const seen = structuredClone(messages);
      const context = { now: talk.now, random, userName: options.userName, messages: seen };
      const content = await textOf(generator.reply(seen, context));
      messages.push({ role: "assistant", content });
      return content;
    },
    async sayAll(...lines) {
      let answer = "";
      for (const line of lines) answer = await talk.say(line);
      return answer;
    },
  };
  return talk;
}
