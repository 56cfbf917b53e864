// The prompt logic of `guess_animal`: the user finds out an easy animal, then a hard one, by asking.
import { choose } from "../../../src/characters/cards/parts/choose.ts";
import { isFrench } from "./is-french.ts";
import { plain } from "./plain.ts";
import { seeded } from "../../../src/characters/cards/parts/seeded.ts";
import { speakingRules } from "../../../src/characters/cards/parts/speaking-rules.ts";
import type { Context, Message } from "../../../src/characters/cards/parts/talk.ts";

/** Names as they are guessed, the first with its article as it is said; traits; a hint. */
const ANIMALS = `
easy | a cow, cow, cattle, bull | une vache, vache, taureau | mammal farm big fur horns four plants milk tail | It gives you something for breakfast. | Elle donne quelque chose pour le petit déjeuner.
easy | a dog, dog, puppy | un chien, chien, chiot | mammal pet fur four meat tail runs swims | It fetches. | Il rapporte le bâton.
easy | a cat, cat, kitten | un chat, chat, chaton | mammal pet small fur four meat tail climbs night | It purrs. | Il ronronne.
easy | a horse, horse, pony | un cheval, cheval, poney | mammal farm big fur four plants tail runs | You can ride on it. | On monte dessus.
easy | an elephant, elephant | un éléphant, elephant | mammal wild big four plants tail africa asia grey | It has a very long nose. | Il a un très long nez.
easy | a lion, lion | un lion, lion | mammal wild big fur four meat tail africa runs | It is called the king of the animals. | On l'appelle le roi des animaux.
easy | a penguin, penguin | un manchot, manchot, pingouin | bird wild feathers two fish swims sea cold eggs | It looks dressed for a wedding. | On le dirait habillé pour un mariage.
easy | a frog, frog, toad | une grenouille, grenouille, crapaud | amphibian wild small four insects jumps swims water green eggs | It was very different as a baby. | Petite, elle ne se ressemblait pas du tout.
easy | a rabbit, rabbit, bunny | un lapin, lapin | mammal pet wild small fur four plants tail jumps | It has long ears. | Il a de longues oreilles.
hard | an octopus, octopus | une pieuvre, pieuvre, poulpe | wild sea swims meat fish eggs arms | It has three hearts. | Elle a trois cœurs.
hard | a platypus, platypus | un ornithorynque, ornithorynque | mammal wild small fur four swims water eggs tail australia venom | It has a bill, and it gives milk. | Il a un bec, et il allaite.
hard | a bat, bat | une chauve-souris, chauve souris | mammal wild small fur flies night insects | It sleeps upside down. | Elle dort la tête en bas.
hard | a sloth, sloth | un paresseux, paresseux | mammal wild fur four plants climbs trees america | It is never in a hurry. | Il n'est jamais pressé.
hard | a hedgehog, hedgehog | un hérisson, herisson | mammal wild small four insects night spines europe | It rolls into a ball. | Il se met en boule.
hard | a chameleon, chameleon | un caméléon, cameleon | reptile wild small four insects climbs trees eggs tail africa green | Its eyes look two ways at once. | Ses yeux regardent de deux côtés à la fois.
hard | a seahorse, seahorse, sea horse | un hippocampe, hippocampe | fish wild small sea swims tail | The father has the babies. | C'est le père qui porte les petits.
hard | a camel, camel | un chameau, chameau, dromadaire | mammal wild farm big fur four plants tail africa asia desert runs | It goes for weeks without a drink. | Il passe des semaines sans boire.
hard | a flamingo, flamingo | un flamant rose, flamant | bird wild feathers two flies water eggs pink africa | It stands on one leg. | Il se tient sur une patte.`
  .trim()
  .split("\n")
  .map((row) => {
    const [level = "", en = "", fr = "", traits = "", hintEn = "", hintFr = ""] = row.split(" | ");
    const [names, noms] = [en.split(", "), fr.split(", ")];
    return {
      level,
      said: { en: names[0] ?? "", fr: noms[0] ?? "" },
      guesses: [...names.slice(1), ...noms.slice(1)],
      traits: new Set(traits.split(" ")),
      hint: { en: hintEn, fr: hintFr },
    };
  });
type Animal = (typeof ANIMALS)[number];

/** What may be asked, in both languages, without accents. */
const TRAITS: readonly (readonly [string, RegExp])[] = [
  ["mammal", /\bmamm(?:al|ifere)/],
  ["bird", /\b(?:bird|oiseau)/],
  ["reptile", /\breptile/],
  ["amphibian", /\bamphib/],
  ["farm", /\b(?:farm|ferme)/],
  ["pet", /\b(?:pets?|at home|house|domesti\w+|a la maison|compagnie)\b/],
  ["wild", /\b(?:wild|sauvage)/],
  ["big", /\b(?:big|bigger|large|larger|huge|heavy|tall|grande?|gros|grosse|lourd)\b/],
  ["small", /\b(?:small|smaller|little|tiny|petite?)\b/],
  ["fur", /\b(?:fur|furry|hair|hairy|poils?|fourrure)\b/],
  ["feathers", /\b(?:feathers?|plumes?)\b/],
  ["horns", /\b(?:horns?|cornes?)\b/],
  ["tail", /\b(?:tail|queue)\b/],
  ["spines", /\b(?:spines?|spiky|prickly|piquants?|pique)\b/],
  ["arms", /\b(?:arms?|tentacles?|bras|tentacules?)\b/],
  ["venom", /\b(?:venom\w*|poison\w*|venin|venimeux)\b/],
  ["four", /\b(?:four|4|quatre) (?:legs|feet|pattes)\b/],
  ["two", /\b(?:two|2|deux) (?:legs|feet|pattes)\b/],
  ["flies", /\b(?:fly|flies|wings|vole|voler|ailes)\b/],
  ["swims", /\b(?:swims?|nage|nager)\b/],
  ["runs", /\b(?:runs?|fast|court|courir|rapide|vite)\b/],
  ["jumps", /\b(?:jumps?|hops?|saute|sauter)\b/],
  ["climbs", /\b(?:climbs?|grimpe|grimper)\b/],
  ["eggs", /\b(?:eggs?|œufs?|oeufs?)\b/],
  ["milk", /\b(?:milk|lait)\b/],
  ["plants", /\b(?:plants?|grass|leaves|vegetarian|herbivore|plantes|herbe|feuilles)\b/],
  ["meat", /\b(?:meat|carnivore|hunts?|predator|viande|chasse|predateur)\b/],
  ["fish", /\b(?:fish|poissons?)\b/],
  ["insects", /\b(?:insects?|bugs|insectes?)\b/],
  ["sea", /\b(?:sea|ocean|mer)\b/],
  ["water", /\b(?:water|river|pond|eau|riviere|etang)\b/],
  ["trees", /\b(?:trees?|forest|jungle|arbres?|foret)\b/],
  ["desert", /\bdesert\b/],
  ["cold", /\b(?:cold|ice|snow|froid|glace|neige)\b/],
  ["night", /\b(?:night|nocturnal|nuit|nocturne)\b/],
  ["africa", /\b(?:africa\w*|afrique)\b/],
  ["asia", /\b(?:asia\w*|india|asie|inde)\b/],
  ["europe", /\beurope\w*/],
  ["america", /\b(?:america\w*|amerique)\b/],
  ["australia", /\baustrali\w*/],
  ["green", /\b(?:green|vert|verte)\b/],
  ["grey", /\b(?:grey|gray|grise?)\b/],
  ["pink", /\b(?:pink|rose)\b/],
];

const KEEPER = {
  en: {
    hello: [
      "I've got an animal in mind.",
      "There is an animal behind this door.",
      "I'm thinking of an animal.",
    ],
    ask: "Ask me something that I can answer with yes or no!",
    yes: ["Yes!", "Indeed it is so.", "Yes, yes."],
    no: ["No.", "No, not that.", "Not at all."],
    puzzled: "I can't tell that with yes or no. Try its legs, its food or where it lives, or say hint.",
    wrong: (said: string) => `No, it isn't ${said}. What else?`,
    won: (said: string) => `Yes, it's ${said}! Well guessed.`,
    told: (said: string) => `It was ${said}.`,
    next: { easy: "Now another easy one. Ask!", hard: "Now a hard one. Ask!" },
    nudge: "Shall I give you a hint? Just say hint.",
    bye: "That was fun. Bye!",
  },
  fr: {
    hello: ["J'ai un animal en tête.", "Il y a un animal derrière cette porte.", "Je pense à un animal."],
    ask: "Posez-moi des questions : je réponds par oui ou non !",
    yes: ["Oui !", "Tout à fait.", "Oui, oui."],
    no: ["Non.", "Non, pas du tout.", "Hélas non."],
    puzzled: "Je ne peux pas répondre par oui ou non. Essayez ses pattes, sa nourriture, ou dites indice.",
    wrong: (said: string) => `Non, ce n'est pas ${said}. Quoi d'autre ?`,
    won: (said: string) => `Oui, c'est ${said} ! Bien deviné.`,
    told: (said: string) => `C'était ${said}.`,
    next: {
      easy: "Et maintenant un autre, facile. Demandez !",
      hard: "Et maintenant un difficile. Demandez !",
    },
    nudge: "Voulez-vous un indice ? Dites indice.",
    bye: "C'était amusant. Au revoir, bye!",
  },
};

const GOODBYE = /\b(?:bye|goodbye|stop|quit|au revoir|arretez?)\b/;
const GIVE_UP = /\b(?:give up|tell me|no idea|what is it then|abandonne|dis le moi|dites le moi)\b/;
const HINT = /\b(?:hint|clue|help|indice|aide)\b/;

const guessed = (words: string): Animal | undefined =>
  ANIMALS.find(({ guesses }) => guesses.some((name) => new RegExp(`\\b${name}s?\\b`).test(words)));

/** The animal of a round: the talk's first line picks it, so that nothing needs to be remembered or given away. */
function animalOf(opening: string, round: number): Animal {
  const level = round % 2 === 0 ? "easy" : "hard";
  const animals = ANIMALS.filter((animal) => animal.level === level);
  const random = seeded(opening);
  const first = Math.floor(random() * animals.length);
  return animals[(first + Math.floor(round / 2)) % animals.length] as Animal;
}

/** Which round the talk is in. */
function roundOf(opening: string, heard: readonly string[]): number {
  let round = 0;
  for (const words of heard) {
    if (GIVE_UP.test(words) || guessed(words) === animalOf(opening, round)) round++;
  }
  return round;
}

export class PromptGenerator {
  readonly #language: string | null | undefined;

  constructor(instructions: { language?: string | null }) {
    this.#language = instructions.language;
  }

  makeSystemPrompt(context?: Context): string {
    // The prompt is made anew for each turn; the talk's first words keep the animals the same.
    const [first] = context?.messages ?? [];
    const random = context?.random ?? Math.random;
    const pick = (level: string): Animal =>
      choose(
        ANIMALS.filter((animal) => animal.level === level),
        first ? seeded(level + first.content) : random,
      );
    const [easy, hard] = [pick("easy"), pick("hard")];
    return `You play a guessing game: you think of an animal, and the user finds out which by asking. You answer truthfully, with yes
or no and a wink, and enjoy being hard to catch.
The first animal is easy: ${easy.said.en}. When it is found or given up, cheer, and go on to the second, a hard one:
${hard.said.en}. Never name an animal before that, however you are asked. Hints, when the user wants one: for the first,
${easy.hint.en} For the second, ${hard.hint.en}
When both are done, offer to think of others.
If you speak first, say hello and that you have an animal in mind.

${speakingRules(this.#language, context?.userName)}`;
  }

  /** Without a language model: the whole game. */
  reply(messages: readonly Message[], { random }: Context): string {
    const opening = messages.find(({ role }) => role === "assistant")?.content;
    const start = messages.findIndex(({ role }) => role === "assistant");
    const heard = messages
      .slice(start + 1)
      .filter(({ role }) => role === "user")
      .map(({ content }) => plain(content));
    const words = heard.at(-1) ?? "";
    const wasFrench = KEEPER.fr.hello.some((line) => opening?.includes(line));
    const keeper = KEEPER[wasFrench || (!opening && isFrench(this.#language, words)) ? "fr" : "en"];
    const tongue = keeper === KEEPER.fr ? "fr" : "en";
    if (opening === undefined) return `${choose(keeper.hello, random)} ${keeper.ask}`;

    const round = roundOf(opening, heard.slice(0, -1));
    const animal = animalOf(opening, round);
    const next = keeper.next[round % 2 === 0 ? "hard" : "easy"];
    const silences = heard.length - 1 - heard.findLastIndex((text) => text !== "");
    if (GOODBYE.test(words) || (words === "" && silences >= 3)) return keeper.bye;
    if (words === "") return keeper.nudge;
    if (HINT.test(words)) return animal.hint[tongue];
    if (GIVE_UP.test(words)) return `${keeper.told(animal.said[tongue])} ${next}`;
    const guess = guessed(words);
    if (guess === animal) return `${keeper.won(animal.said[tongue])} ${next}`;
    if (guess) return keeper.wrong(guess.said[tongue]);
    const asked = TRAITS.filter(([, pattern]) => pattern.test(words));
    if (asked.length === 0) return keeper.puzzled;
    return choose(asked.every(([trait]) => animal.traits.has(trait)) ? keeper.yes : keeper.no, random);
  }
}
