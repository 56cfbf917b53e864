// The prompt logic of `constant`: a part to play, given as text.
import { isFrench } from "./is-french.ts";
import { littleTalk } from "./little-talk.ts";
import { plain } from "./plain.ts";
import { speakingRules } from "../../../src/characters/cards/parts/speaking-rules.ts";
import type { Context, Message } from "../../../src/characters/cards/parts/talk.ts";

export class PromptGenerator {
  readonly #part: string;
  readonly #language: string | null | undefined;

  constructor(instructions: { text: string; language?: string | null }) {
    this.#part = instructions.text;
    this.#language = instructions.language;
  }

  makeSystemPrompt(context?: Context): string {
    return `This is the part you play, and you stay in it:
${this.#part}

${speakingRules(this.#language, context?.userName)}
Where the part says which languages to speak or how the talk begins, the part is right.
If you speak first, say hello as this part would, and ask one easy question.`;
  }

  /** Without a language model: a short chat that can at least say what the part is. */
  reply(messages: readonly Message[], context: Context): string {
    const [sentence = ""] = /^[^.!?\n]{1,200}/.exec(this.#part.trim()) ?? [];
    // A part that is written in French and names no language begins in French.
    const language = this.#language ?? (isFrench(null, plain(this.#part)) ? "fr/en" : null);
    return littleTalk(messages, context, language, {
      en: `My part reads: ${sentence}.`,
      fr: `Voici mon rôle : ${sentence}.`,
    });
  }
}
