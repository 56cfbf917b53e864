// The prompt logic of `quiz_show`: five questions out of many, a host who judges kindly and keeps the score.
import { choose } from "../../../src/characters/cards/parts/choose.ts";
import { draw } from "./draw.ts";
import { isFrench } from "./is-french.ts";
import { plain } from "./plain.ts";
import { seeded } from "../../../src/characters/cards/parts/seeded.ts";
import { speakingRules } from "../../../src/characters/cards/parts/speaking-rules.ts";
import type { Context, Message } from "../../../src/characters/cards/parts/talk.ts";

/** In English and French, then what counts as right: the first two are what the host says in each. */
const QUESTIONS = `
How many legs does a spider have? | Combien de pattes a une araignée ? | eight, huit, 8
Which planet is closest to the sun? | Quelle planète est la plus proche du Soleil ? | Mercury, Mercure
What is the capital of Australia? | Quelle est la capitale de l'Australie ? | Canberra, Canberra
Who painted the Mona Lisa? | Qui a peint la Joconde ? | Leonardo da Vinci, Léonard de Vinci, Leonardo, Leonard, da Vinci, de Vinci
Which metal are most electric wires made of? | De quel métal sont faits la plupart des fils électriques ? | copper, le cuivre, cuivre
How many strings does a violin have? | Combien de cordes a un violon ? | four, quatre, 4
Which ocean is the largest? | Quel est le plus grand océan ? | the Pacific, le Pacifique, Pacific, Pacifique
In which city does the Colosseum stand? | Dans quelle ville se trouve le Colisée ? | Rome, Rome
Which land animal is the tallest? | Quel animal terrestre est le plus haut ? | the giraffe, la girafe, giraffe, girafe
How many minutes are there in two hours? | Combien de minutes y a-t-il dans deux heures ? | a hundred and twenty, cent vingt, 120, hundred twenty, one hundred and twenty
Which metal is liquid at room temperature? | Quel métal est liquide à température ambiante ? | mercury, le mercure, mercure
Who wrote Romeo and Juliet? | Qui a écrit Roméo et Juliette ? | Shakespeare, Shakespeare
What is frozen water called? | Comment appelle-t-on l'eau gelée ? | ice, la glace, glace
Which country gave the Statue of Liberty to the United States? | Quel pays a offert la statue de la Liberté aux États-Unis ? | France, la France
How many players of one team are on a football pitch? | Combien de joueurs une équipe de football a-t-elle sur le terrain ? | eleven, onze, 11
Which gas do plants take from the air? | Quel gaz les plantes prennent-elles dans l'air ? | carbon dioxide, le dioxyde de carbone, dioxyde de carbone, gaz carbonique, co2
What is the longest river of Africa? | Quel est le plus long fleuve d'Afrique ? | the Nile, le Nil, Nile, Nil
What colour do you get from blue and yellow? | Quelle couleur donnent le bleu et le jaune ? | green, le vert, vert
Which organ pumps blood through the body? | Quel organe pompe le sang dans le corps ? | the heart, le cœur, heart, cœur, coeur
What is the square root of eighty-one? | Quelle est la racine carrée de quatre-vingt-un ? | nine, neuf, 9
Which bird lays the largest eggs? | Quel oiseau pond les plus gros œufs ? | the ostrich, l'autruche, ostrich, autruche
Which desert covers much of North Africa? | Quel désert couvre une grande partie de l'Afrique du Nord ? | the Sahara, le Sahara, Sahara
Who was the first person to walk on the Moon? | Qui a marché le premier sur la Lune ? | Neil Armstrong, Neil Armstrong, Armstrong
What do bees make? | Que fabriquent les abeilles ? | honey, le miel, miel, du miel, wax
How many letters has the English alphabet? | Combien de lettres a l'alphabet ? | twenty-six, vingt-six, 26
Which instrument has eighty-eight keys? | Quel instrument a quatre-vingt-huit touches ? | the piano, le piano, piano
What is the capital of Japan? | Quelle est la capitale du Japon ? | Tokyo, Tokyo
Which vitamin does sunlight help us make? | Quelle vitamine le soleil nous aide-t-il à fabriquer ? | vitamin D, la vitamine D, D, dee
Which mountain is the highest above the sea? | Quelle montagne est la plus haute au-dessus de la mer ? | Everest, l'Everest
What does a thermometer measure? | Que mesure un thermomètre ? | temperature, la température, temperatures, heat
Which fruit is dried to make raisins? | Quel fruit sèche-t-on pour faire des raisins secs ? | grapes, le raisin, grape, raisin, raisins
How many sides has a hexagon? | Combien de côtés a un hexagone ? | six, six, 6
Which country has the city of Marrakesh? | Dans quel pays se trouve Marrakech ? | Morocco, le Maroc, Maroc
What is a baby dog called? | Comment appelle-t-on le petit du chien ? | a puppy, le chiot, puppy, pup, chiot
Which planet is famous for its rings? | Quelle planète est célèbre pour ses anneaux ? | Saturn, Saturne
In which year did the Berlin Wall come down? | En quelle année le mur de Berlin est-il tombé ? | nineteen eighty-nine, mille neuf cent quatre-vingt-neuf, 1989, eighty nine, quatre vingt neuf
What is the hardest natural material? | Quel est le matériau naturel le plus dur ? | diamond, le diamant, diamonds, diamant
Who composed the Ode to Joy? | Qui a composé l'Ode à la joie ? | Beethoven, Beethoven
Which language is spoken in Brazil? | Quelle langue parle-t-on au Brésil ? | Portuguese, le portugais, portugais
How many degrees has a right angle? | Combien de degrés a un angle droit ? | ninety, quatre-vingt-dix, 90
What is the fastest animal on land? | Quel est l'animal terrestre le plus rapide ? | the cheetah, le guépard, cheetah, guepard
Which sea lies between Europe and Africa? | Quelle mer sépare l'Europe de l'Afrique ? | the Mediterranean, la Méditerranée, Mediterranean, Mediterranee`
  .trim()
  .split("\n")
  .map((row) => {
    const [en = "", fr = "", answers = ""] = row.split(" | ");
    const right = answers.split(", ");
    return { en, fr, right, answer: { en: right[0], fr: right[1] } };
  });
type Question = (typeof QUESTIONS)[number];

const ROUND = 5;

const HOST = {
  en: {
    welcome: ["Welcome to the quiz!", "Good to have you on the show!", "Here we are, and so is the clock!"],
    start: "Five questions. Here is the first.",
    right: ["That's right!", "Correct!", "Yes, well done!"],
    wrong: ["Not quite, it is", "I'm afraid it is", "Close your eyes and remember:"],
    next: ["Next.", "And now this.", "On we go."],
    last: "The last one.",
    again: "Take your time. Once more:",
    score: (right: number) => `That makes ${right} of ${ROUND}. Another round?`,
    bye: "Thank you for playing. Bye!",
  },
  fr: {
    welcome: ["Bienvenue dans le jeu !", "Quel plaisir de vous avoir sur le plateau !"],
    start: "Cinq questions. Voici la première.",
    right: ["C'est juste !", "Exact !", "Oui, bravo !"],
    wrong: ["Pas tout à fait, c'est", "Hélas non, c'est", "Retenez bien :"],
    next: ["Question suivante.", "Et maintenant celle-ci.", "On continue."],
    last: "La dernière.",
    again: "Prenez votre temps. Je répète :",
    score: (right: number) => `Cela fait ${right} sur ${ROUND}. Encore une partie ?`,
    bye: "Merci d'avoir joué. Au revoir, bye!",
  },
};

const AGAIN = /^(?:sorry|pardon|what|repeat|again|(?:can|could) you repeat.*|comment|quoi|repetez|repete)$/;
const GOODBYE = /\b(?:bye|goodbye|stop|quit|au revoir|arretez?)\b/;
const NO = /^(?:no|nope|nah|non)\b/;

/** Right when the answer is heard anywhere in what was said: articles and small talk around it do not count. */
const isRight = (words: string, { right }: Question): boolean =>
  right.some((answer) => ` ${words} `.includes(` ${plain(answer)} `));

interface Game {
  asked: Question[];
  /** Not answered yet. */
  open: Question | undefined;
  tongue: "en" | "fr" | undefined;
  /** In this round. */
  right: number;
  silences: number;
}

/** Plays the talk back: there is no other memory. */
function playBack(messages: readonly Message[]): Game {
  const game: Game = { asked: [], open: undefined, tongue: undefined, right: 0, silences: 0 };
  for (const { role, content } of messages) {
    if (role === "assistant") {
      const question = QUESTIONS.find(({ en, fr }) => content.includes(en) || content.includes(fr));
      game.open = question;
      if (question) game.tongue = content.includes(question.en) ? "en" : "fr";
      if (question && !game.asked.includes(question)) {
        if (game.asked.length % ROUND === 0) game.right = 0;
        game.asked.push(question);
      }
    } else if (role === "user") {
      const words = plain(content);
      game.silences = words === "" ? game.silences + 1 : 0;
      if (words === "" || AGAIN.test(words) || !game.open) continue;
      if (isRight(words, game.open)) game.right++;
      game.open = undefined;
    }
  }
  return game;
}

export class PromptGenerator {
  readonly #language: string | null | undefined;

  constructor(instructions: { language?: string | null }) {
    this.#language = instructions.language;
  }

  makeSystemPrompt(context?: Context): string {
    // The prompt is made anew for each turn; the talk's first words keep the questions the same.
    const [first] = context?.messages ?? [];
    const random = first ? seeded(first.content) : (context?.random ?? Math.random);
    const questions = draw(QUESTIONS, ROUND, random);
    return `You host a quiz show: quick, theatrical, fair, with a raised eyebrow for wild guesses. Say hello, then ask these questions one
by one, in the language of the show, waiting for an answer to each:
${questions.map(({ en, answer }, at) => `${at + 1}. ${en} Right: ${answer.en}.`).join("\n")}
Accept every answer that means the right one, however it is put or misheard. Say whether it was right, give the answer when
it was not, add a spark of a remark, and go on to the next. Keep the score, and never tell an answer before the user has
tried or given up. After the fifth question say how many were right, and offer another round with questions of your own.

${speakingRules(this.#language, context?.userName)}`;
  }

  /** Without a language model: the whole game. */
  reply(messages: readonly Message[], { random }: Context): string {
    const talk = messages.filter(({ role }) => role === "assistant" || role === "user");
    const users = talk.filter(({ role }) => role === "user").map(({ content }) => plain(content));
    const words = users.at(-1) ?? "";
    const before = playBack(talk.at(-1)?.role === "user" ? talk.slice(0, -1) : talk);
    const game = playBack(talk);
    const tongue = before.tongue ?? (isFrench(this.#language, words) ? "fr" : "en");
    const host = HOST[tongue];
    const ask = (lead: string): string => {
      const unused = QUESTIONS.filter((question) => !game.asked.includes(question));
      return `${lead} ${choose(unused.length > 0 ? unused : QUESTIONS, random)[tongue]}`;
    };

    if (GOODBYE.test(words) || game.silences >= 3) return host.bye;
    if (game.asked.length === 0) return ask(`${choose(host.welcome, random)} ${host.start}`);
    if (game.open) return `${host.again} ${game.open[tongue]}`;
    if (!before.open) return NO.test(words) ? host.bye : ask(choose(host.next, random));
    const verdict =
      game.right > before.right
        ? choose(host.right, random)
        : `${choose(host.wrong, random)} ${before.open.answer[tongue]}.`;
    const count = game.asked.length % ROUND;
    if (count === 0) return `${verdict} ${host.score(game.right)}`;
    return ask(`${verdict} ${count === ROUND - 1 ? host.last : choose(host.next, random)}`);
  }
}
