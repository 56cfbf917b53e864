// Talks with a prompt generator as a session would, with a seed instead of chance.
import { seeded } from "../../../src/characters/cards/parts/seeded.ts";
import type { Context, Message } from "../../../src/characters/cards/parts/talk.ts";

interface Generator {
  makeSystemPrompt(context?: Context): string | Promise<string>;
  reply(messages: readonly Message[], context: Context): string | Promise<string>;
}

export interface Talk {
  readonly messages: Message[];
  /** Says something (nothing to let the character begin) and returns the answer. */
  say(content?: string): Promise<string>;
  prompt(): Promise<string>;
}

export function openTalk(
  generator: Generator,
  { seed = "1", now = new Date(2026, 4, 4, 9, 30) }: { seed?: string; now?: Date } = {},
): Talk {
  const messages: Message[] = [];
  const random = seeded(seed);
  const context = (): Context => ({ now, random, userName: undefined, messages });
  return {
    messages,
    async say(content) {
      if (content !== undefined) messages.push({ role: "user", content });
      const answer = await generator.reply([...messages], context());
      messages.push({ role: "assistant", content: answer });
      return answer;
    },
    async prompt() {
      return generator.makeSystemPrompt(context());
    },
  };
}
