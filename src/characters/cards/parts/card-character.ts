// How a card becomes a prompt, each time anew: the lore follows the talk.
import { CARD, CHARACTER_NAME } from "./card-data.ts";
import { cardReply } from "./card-reply.ts";
import { choose } from "./choose.ts";
import { fillMacros } from "./fill-macros.ts";
import { selectLore } from "./select-lore.ts";
import { speakingRules } from "./speaking-rules.ts";
import type { Context, Message } from "./talk.ts";

const CHAR = (CARD.data.nickname || CHARACTER_NAME).trim().slice(0, 80);

const greetingsOf = ({ first_mes, alternate_greetings }: typeof CARD.data): string[] =>
  [first_mes ?? "", ...(alternate_greetings ?? [])].filter((greeting) => greeting.trim() !== "");

export class PromptGenerator {
  readonly #description: string;
  readonly #language: string | null | undefined;

  constructor(instructions: { text: string; language?: string | null }) {
    this.#description = instructions.text;
    this.#language = instructions.language;
  }

  makeSystemPrompt(context?: Context): string {
    const { data } = CARD;
    const messages = context?.messages ?? [];
    const random = context?.random ?? Math.random;
    const fill = this.#filler(context);
    const lead = `You are {{char}}, in a spoken conversation. Say only what {{char}} says aloud, in the first person and always in
character; never speak for the other, and never describe actions.`;
    const lore = selectLore(data.character_book, messages, fill);
    const examples = (data.mes_example ?? "").replace(/^[ \t]*<START>[ \t]*$/gim, "(Another talk:)").trim();
    const greetings = greetingsOf(data);
    const hasSpoken = messages.some(({ role }) => role === "assistant");
    const section = (title: string, text: string | null | undefined): string =>
      text?.trim() ? `${title}\n${fill(text).trim()}` : "";
    return [
      fill(data.system_prompt?.trim() || lead, lead),
      ...lore.before,
      fill(this.#description),
      section("Personality:", data.personality),
      section("The situation:", data.scenario),
      ...lore.after,
      section(`How ${CHAR} talks, in examples that have not happened:`, examples),
      hasSpoken || greetings.length === 0
        ? ""
        : section(
            "If you speak first, begin like this, as far as it can be said:",
            choose(greetings, random),
          ),
      section("Above all:", data.post_history_instructions),
      speakingRules(this.#language, context?.userName),
      "What stands between asterisks above is narration. You speak, so you write none of it.",
    ]
      .filter((text) => text !== "")
      .join("\n\n");
  }

  /** Without a language model. */
  reply(messages: readonly Message[], context: Context): string {
    const { data } = CARD;
    const fill = this.#filler(context);
    // What is always in the prompt is no answer to anything.
    const entries = data.character_book?.entries?.filter(({ constant }) => constant !== true) ?? [];
    const lore = selectLore({ ...data.character_book, entries }, messages.slice(-1), fill);
    const own = /^[ \t]*(?:\{\{char\}\}|<(?:bot|char)>)[ \t]*:(.+)$/gim;
    return cardReply(
      messages,
      {
        greetings: greetingsOf(data).map((greeting) => fill(greeting)),
        lore: [...lore.before, ...lore.after],
        examples: [...(data.mes_example ?? "").matchAll(own)].map(([, line = ""]) => fill(line)),
      },
      context.random,
    );
  }

  #filler(context: Context | undefined): (text: string, original?: string) => string {
    const values = {
      char: CHAR,
      user: context?.userName?.trim() || "you",
      now: context?.now ?? new Date(),
      random: context?.random ?? Math.random,
    };
    return (text, original) => fillMacros(text, { ...values, original });
  }
}
