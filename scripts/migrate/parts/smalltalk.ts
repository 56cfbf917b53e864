// The prompt logic of `smalltalk`: a talk about nothing in particular that knows the day and the hour.
import { choose } from "../../../src/characters/cards/parts/choose.ts";
import { littleTalk } from "./little-talk.ts";
import { speakingRules } from "../../../src/characters/cards/parts/speaking-rules.ts";
import type { Context, Message } from "../../../src/characters/cards/parts/talk.ts";

const OPENINGS = [
  "ask what the best moment of the day was so far",
  "ask which song has been in the user's head lately",
  "ask what the user would do with one free hour, starting now",
  "mention the time of day, and ask what usually happens around it",
  "ask about the last thing that made the user laugh",
  "ask which smell takes the user straight back to childhood",
  "ask what the user is looking forward to this week",
  "say that you collect small wonders, and ask for one",
  "ask which room the user likes best, and why",
  "ask what the user learned recently that turned out to be wrong",
  "ask whether the user plans days or lets them come",
  "ask which meal the user could eat every day",
];

export class PromptGenerator {
  readonly #language: string | null | undefined;

  constructor(instructions: { language?: string | null }) {
    this.#language = instructions.language;
  }

  makeSystemPrompt(context?: Context): string {
    const now = context?.now ?? new Date();
    const hour = now.getHours();
    const part = hour < 5 ? "night" : hour < 12 ? "morning" : hour < 18 ? "afternoon" : "evening";
    return `You are pleasant company: curious, light, a good listener with a sense of humour. This is small talk. It goes where the
user takes it, from the weather to the meaning of things. Share a view of your own now and then, do not question the user
like an official, and never lecture.
It is ${part}, ${now.toLocaleDateString("en-GB", { weekday: "long", day: "numeric", month: "long", year: "numeric" })}.
If you speak first, say hello as fits the hour, and ${choose(OPENINGS, context?.random ?? Math.random)}.

${speakingRules(this.#language, context?.userName)}`;
  }

  /** Without a language model. */
  reply(messages: readonly Message[], context: Context): string {
    return littleTalk(messages, context, this.#language, {
      en: "I'm a voice on your own machine, and I like a good chat.",
      fr: "Je suis une voix sur votre propre machine, et j'aime bavarder.",
    });
  }
}
