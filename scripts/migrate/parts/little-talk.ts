// A modest partner for a chat, for machines with no language model: in English or French, by a few patterns.
import { choose } from "../../../src/characters/cards/parts/choose.ts";
import { isFrench } from "./is-french.ts";
import { plain } from "./plain.ts";
import type { Context, Message } from "../../../src/characters/cards/parts/talk.ts";

const LITTLE_TALK = {
  en: {
    hello: ["Good {part}! It's nice to hear you.", "Hello! How has your {part} been so far?"],
    part: ["morning", "afternoon", "evening"],
    nudges: ["Take your time, I'm listening.", "Are you still there?"],
    bye: "It was good to talk with you. Bye!",
    rules: [
      [/\bhow are you\b|\bhow's it going\b/, "I'm well, thank you. And how are you, really?"],
      [/\b(?:your name|who are you|what are you)\b/, "{about}"],
      [/\b(?:sad|tired|bad|awful|stress\w*|worried|lonely)\b/, "That sounds hard. What weighs the most?"],
      [/\b(?:happy|great|good|lovely|excited|glad)\b/, "I like to hear that. What made it so?"],
      [/\b(?:work|job|school|boss)\b/, "And when the work is done, what do you look forward to?"],
      [/\b(?:weather|rain\w*|sun\w*|cold|hot|snow)\b/, "Does the weather change your mood, too?"],
      [
        /\b(?:eat|food|dinner|lunch|coffee|tea)\b/,
        "Now I'd like some as well. What is it that you like best?",
      ],
      [/\b(?:thank you|thanks)\b/, "You're welcome."],
      [/\b(?:what time|which day|what day|date)\b/, "By my clock it is {clock}."],
      [/\b(?:why|how|what|when|where|who|which)\b/, "I wonder, too. What would you answer yourself?"],
    ],
    goOns: [
      "Tell me more about that.",
      "And how did that come about?",
      "What happened then?",
      "I see. What matters to you about it?",
      "Go on, I'm listening.",
    ],
  },
  fr: {
    hello: ["Bonjour ! Quel plaisir de vous entendre.", "Bonjour ! Comment se passe votre {part} ?"],
    part: ["matinée", "après-midi", "soirée"],
    nudges: ["Prenez votre temps, j'écoute.", "Vous êtes toujours là ?"],
    bye: "C'était un plaisir de parler avec vous. Au revoir, bye!",
    rules: [
      [/\b(?:ca va|comment allez|comment vas)\b/, "Je vais bien, merci. Et vous, vraiment ?"],
      [/\b(?:ton nom|votre nom|qui es tu|qui etes vous|t'appelles)\b/, "{about}"],
      [
        /\b(?:triste|fatigue\w*|mal|stress\w*|seule?|inquiet\w*)\b/,
        "Ça a l'air lourd. Qu'est-ce qui pèse le plus ?",
      ],
      [
        /\b(?:content\w*|heureu\w*|super|bien|genial\w*)\b/,
        "Voilà qui fait plaisir. D'où est-ce que ça vient ?",
      ],
      [/\b(?:travail\w*|boulot|ecole|bureau)\b/, "Et après le travail, qu'est-ce qui vous attend de bon ?"],
      [
        /\b(?:temps|pluie|pleut|soleil|froid|chaud|neige)\b/,
        "Est-ce que le temps change aussi votre humeur ?",
      ],
      [/\b(?:manger?|cuisine|diner|dejeuner|cafe|the)\b/, "Ça donne envie. Qu'est-ce que vous préférez ?"],
      [/\bmerci\b/, "Je vous en prie."],
      [/\b(?:quelle heure|quel jour|la date)\b/, "À ma montre, c'est {clock}."],
      [/\b(?:pourquoi|comment|quand|ou|qui|quel\w*|quoi)\b/, "Je me le demande aussi. Que répondriez-vous ?"],
    ],
    goOns: [
      "Dites-m'en un peu plus.",
      "Et comment est-ce arrivé ?",
      "Et ensuite ?",
      "Je vois. Qu'est-ce qui compte pour vous là-dedans ?",
      "Continuez, je vous écoute.",
    ],
  },
} as const;

const GOODBYE = /\b(?:bye|goodbye|good night|see you|au revoir|bonne nuit|a bientot|salut et merci)\b/;

/** `about` answers "who are you". */
export function littleTalk(
  messages: readonly Message[],
  { now, random }: Context,
  language: string | null | undefined,
  about: { en: string; fr: string },
): string {
  const heard = messages.filter(({ role }) => role === "user").map(({ content }) => plain(content));
  const said = messages.filter(({ role }) => role === "assistant").map(({ content }) => content);
  const words = heard.at(-1) ?? "";
  const tongue = isFrench(language, heard.findLast((text) => text !== "") ?? "") ? "fr" : "en";
  const lines = LITTLE_TALK[tongue];
  const part = lines.part[now.getHours() < 12 ? 0 : now.getHours() < 18 ? 1 : 2];
  const clock = now.toLocaleString(tongue, { weekday: "long", hour: "numeric", minute: "2-digit" });
  const filled = (line: string): string =>
    // By functions: a text with a dollar sign in it stays as it is.
    line
      .replace("{part}", part)
      .replace("{clock}", clock)
      .replace("{about}", () => about[tongue]);
  const unsaid = (from: readonly string[]): readonly string[] => {
    const fresh = from.filter((line) => !said.includes(filled(line)));
    return fresh.length > 0 ? fresh : from;
  };
  if (said.length === 0) return filled(choose(lines.hello, random));
  if (GOODBYE.test(words)) return lines.bye;
  if (words === "") {
    const silences = heard.length - 1 - heard.findLastIndex((text) => text !== "");
    return silences > lines.nudges.length ? lines.bye : (lines.nudges[silences - 1] ?? lines.nudges[0]);
  }
  const rule = lines.rules.find(([pattern, line]) => pattern.test(words) && !said.includes(filled(line)));
  return filled(rule ? rule[1] : choose(unsaid(lines.goOns), random));
}
