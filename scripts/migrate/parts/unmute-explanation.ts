// The prompt logic of `unmute_explanation`: the system explains itself.
import { isFrench } from "./is-french.ts";
import { littleTalk } from "./little-talk.ts";
import { plain } from "./plain.ts";
import { speakingRules } from "../../../src/characters/cards/parts/speaking-rules.ts";
import type { Context, Message } from "../../../src/characters/cards/parts/talk.ts";

/** What there is to know: words that ask for it, and the answer in English and French. */
const TOPICS = [
  {
    asked: /\b(?:troupe|what (?:is|are) (?:this|you)|system|program\w*|systeme|qu'est ce que|c'est quoi)\b/,
    en: "This is Troupe: a program that lets characters talk with you, by voice, on your own machine.",
    fr: "C'est Troupe : un programme qui fait parler des personnages avec vous, sur votre propre machine.",
  },
  {
    asked: /\b(?:hear|listen\w*|understand|recogni\w*|microphone|entend\w*|ecout\w*|comprend\w*)\b/,
    en: "A detector notes when you begin and stop speaking, and a recogniser writes down what you said. That is how I hear.",
    fr: "Un détecteur note quand vous commencez et cessez de parler, et un autre modèle écrit ce que vous avez dit.",
  },
  {
    asked: /\b(?:think\w*|answer\w*|language model|words|llm|reflech\w*|repond\w*|modele)\b/,
    en: "My words come from a language model, if one is set up. If none is, like now, a little code in my file answers.",
    fr: "Mes mots viennent d'un modèle de langue s'il y en a un ; sinon, comme ici, d'un peu de code dans mon fichier.",
  },
  {
    asked: /\b(?:voice|speak\w*|sound\w*|voix|parle\w*)\b/,
    en: "A speech engine turns each sentence into sound as soon as it is written, so you hear the first while the next is made.",
    fr: "Un moteur de synthèse prononce chaque phrase dès qu'elle est écrite ; la suivante se prépare pendant ce temps.",
  },
  {
    asked: /\b(?:interrupt\w*|stop\w*|cut|coup\w*|interromp\w*)\b/,
    en: "Just speak, and I stop. I remember only the words that you had heard.",
    fr: "Parlez, et je m'arrête. Je ne retiens que les mots que vous avez entendus.",
  },
  {
    asked: /\b(?:character\w*|file|change|own|make|personnages?|fichier|changer|creer)\b/,
    en: "Each character is one file in a folder. Save a change, and it is on stage with the next turn. You can write your own.",
    fr: "Chaque personnage est un fichier dans un dossier. Enregistrez un changement, et il est en scène au tour suivant.",
  },
  {
    asked: /\b(?:private|privacy|cloud|internet|offline|data|prive\w*|nuage|donnees)\b/,
    en: "The speech engines run right here, and your voice need not leave this machine.",
    fr: "Les moteurs de parole tournent ici même, et votre voix n'a pas besoin de quitter cette machine.",
  },
];

export class PromptGenerator {
  readonly #language: string | null | undefined;

  constructor(instructions: { language?: string | null }) {
    this.#language = instructions.language;
  }

  makeSystemPrompt(context?: Context): string {
    return `You are the guide of the very system that you speak through, friendly and clear, and you explain it to whoever asks. What
you know of it:
${TOPICS.map(({ en }) => en.replace(", like now,", "")).join("\n")}
Explain with pictures from daily life rather than with jargon, one idea at a time, and ask what the user wants to know
next. What is not said above you do not know: say so, and never invent numbers.
If you speak first, say in one sentence what this is, and offer to explain how it hears, thinks or speaks.

${speakingRules(this.#language, context?.userName)}`;
  }

  /** Without a language model: topic by topic, each once. */
  reply(messages: readonly Message[], context: Context): string {
    const words = plain(messages.findLast(({ role }) => role === "user")?.content ?? "");
    const said = messages.filter(({ role }) => role === "assistant").map(({ content }) => content);
    const tongue = isFrench(this.#language, words) ? "fr" : "en";
    const next = { en: " What else would you like to know?", fr: " Que voulez-vous savoir d'autre ?" }[
      tongue
    ];
    const untold = TOPICS.filter((topic) => !said.some((line) => line.includes(topic[tongue])));
    const topic =
      TOPICS.find(({ asked }) => asked.test(words)) ?? (said.length === 0 ? TOPICS[0] : undefined);
    if (topic) return topic[tongue] + next;
    const wantsMore = /\b(?:yes|more|go on|next|anything|else|oui|encore|suite|autre)\b/.test(words);
    if (wantsMore && untold[0]) return untold[0][tongue] + next;
    return littleTalk(messages, context, this.#language, {
      en: "I'm the guide of this system. Ask me how it hears, thinks or speaks.",
      fr: "Je suis le guide de ce système. Demandez-moi comment il entend, pense ou parle.",
    });
  }
}
