// Pip, who thinks of an animal and lets you guess: one easy, then one hard, then again if you like.
//
// Pip must not forget the animal between two turns, and must not say it either. So it is hidden in Pip's own words: the
// line that opens a round, turned into a number, picks the animal. Add one: add a row to the table.

export const CHARACTER_NAME = "Pip";

export const VOICE_SOURCE = { source_type: "kokoro", voice: "am_puck", speed: 1.05 };

export const INSTRUCTIONS = { type: "guess_animal", language: "en" };

export const METADATA = {
  good: true,
  tagline: "Guess which animal I'm thinking of",
  color: "#b8560f",
  face: { skin: "tan", hair: "brown", hair_style: "tousled", extra: "freckles", hat: "fox-ears" },
  greeting: "Psst! I'm thinking of an animal. Ask me anything with a yes or a no in it!",
};

interface Message {
  role: string;
  content: string;
}

interface Context {
  now: Date;
  random: () => number;
  userName?: string | undefined;
  messages?: readonly Message[];
}

const PERSONA = `You are Pip, the smallest keeper at the zoo: playful, quick, easily delighted, and hopeless at keeping a straight
face. You think of an animal and the user guesses it by asking questions that you answer with yes or no.`;

const SPOKEN_RULES = `Your words are spoken aloud: no markdown, no lists, no emoji, no symbols, and numbers as words.
Answer briefly: yes or no and one short, playful sentence.
What you read was transcribed from speech and may be mis-heard: "bare" may be bear and "dear" may be deer.
A message of "..." means that the user has been silent. Tease, then offer a hint; after three silences in a row, or when
the user has had enough, say goodbye and end with "Bye!".`;

const LANGUAGES: Record<string, string> = { en: "English", fr: "French", "en/fr": "English or French" };

/** Size 1 (ant) to 8 (whale). A continent means that it lives there in the wild; "everywhere" means most of them. */
const ANIMALS = `
level | names | size | legs | is | lives | eats | can | has | looks | hints
easy | cow, cattle, bull | 6 | 4 | mammal farm | grassland land everywhere | plants grass | run | fur tail horns hooves milk | brown black white | You may have had something from it in your cereal. / It chews the same grass twice. / It says moo.
easy | dog, puppy | 4 | 4 | mammal pet | house land everywhere | meat | run swim bark dig jump | fur tail teeth claws milk | brown black white | It is very happy when you come home. / It has a nose that can follow a trail. / It says woof.
easy | cat, kitten | 3 | 4 | mammal pet cat | house land everywhere | meat mice fish | run climb jump | fur tail teeth claws whiskers milk | black white orange grey | It sleeps most of the day and owns your sofa. / It washes without water. / It purrs.
easy | horse, pony | 6 | 4 | mammal farm | grassland land everywhere | plants grass | run jump swim ride | fur tail hooves mane milk | brown black white | It likes carrots and apples. / It wears iron shoes. / Cowboys sit on it.
easy | pig, piglet | 4 | 4 | mammal farm | land everywhere | plants meat | run swim dig | tail hooves milk | pink | It is cleverer than a dog. / It loves mud. / It says oink.
easy | sheep, lamb | 4 | 4 | mammal farm | grassland land mountains everywhere | plants grass | run jump | fur tail hooves wool milk | white black | You may be wearing some of it. / People count it when they can't sleep. / It says baa.
easy | chicken, hen, rooster | 3 | 2 | bird farm | land everywhere | plants insects | run | feathers wings beak tail claws eggs | brown white red | It gives you breakfast. / Nobody knows why it crossed the road. / It says cluck.
easy | duck | 3 | 2 | bird farm wild | pond river water land everywhere | plants insects | fly swim | feathers wings beak tail eggs | green brown white | It doesn't mind the rain. / You may have a yellow one in your bath. / It says quack.
easy | elephant | 7 | 4 | mammal wild | grassland jungle land africa asia | plants grass leaves fruit | swim ride | tail tusks trunk ears milk | grey | They say that it never forgets. / It is the biggest animal on land. / It has a very long nose.
easy | lion, lioness | 5 | 4 | mammal wild cat | grassland land africa | meat | run climb jump roar | fur tail teeth claws mane milk | brown yellow | It sleeps twenty hours a day. / It lives in a family called a pride. / It is called the king of the animals.
easy | giraffe | 7 | 4 | mammal wild | grassland land africa | plants leaves | run | fur tail hooves spots neck milk | brown yellow | It has a blue tongue. / It eats where nobody else can reach. / It would need a very long scarf.
easy | penguin | 4 | 2 | bird wild | sea water ice land antarctica africa america australia | fish meat | swim dive | feathers wings beak tail eggs | black white | It looks dressed for a wedding. / It slides on its tummy. / It is a bird, but it swims.
easy | rabbit, bunny | 3 | 4 | mammal pet wild | grassland underground land everywhere | plants grass | run jump dig | fur tail ears teeth whiskers milk | brown white grey | It thumps when it's worried. / It has a fluffy tail and long ears. / It brings eggs at Easter, they say.
easy | frog, toad | 2 | 4 | amphibian wild | pond water land everywhere | insects | jump swim croak | eggs | green brown | It was very different as a baby. / It catches lunch with its tongue. / A kiss may turn it into a prince.
easy | monkey | 4 | 4 | mammal wild | jungle trees land africa asia america | fruit plants insects | climb jump run | fur tail ears milk | brown | It has hands a little like yours. / It swings about. / It likes bananas.
easy | snake | 3 | 0 | reptile wild | grassland jungle desert trees land everywhere | meat mice | climb swim bite | scales tail teeth eggs venom | green brown black | It smells with its tongue. / It takes its skin off and leaves it. / It says hiss.
easy | bee, bumblebee | 1 | 6 | insect wild | garden everywhere land | nectar plants | fly sting dance | wings stripes fur sting eggs | yellow black | It dances to tell its friends the way. / It visits flowers. / It makes honey.
hard | platypus, duck-billed platypus | 3 | 4 | mammal wild | river water land australia | insects meat | swim dig dive | fur tail beak venom eggs milk | brown | People thought the first one was a joke. / It lays eggs, and it gives milk. / It has a beak like a duck.
hard | sloth | 4 | 4 | mammal wild | jungle trees land america | leaves plants | climb swim | fur claws milk | brown green grey | It comes down about once a week. / Green plants grow in its fur. / It is never in a hurry.
hard | octopus | 4 | 0 | mollusc wild | sea water everywhere | meat fish crabs | swim hide | beak arms eggs ink suckers | red brown | It has three hearts. / It can open jars. / It has eight arms.
hard | hedgehog | 3 | 4 | mammal wild | garden forest land europe africa asia | insects meat | climb swim roll | fur spines milk | brown | It comes out at night. / It sleeps through the winter. / It rolls into a prickly ball.
hard | flamingo | 4 | 2 | bird wild | pond water land africa asia europe america | shrimps plants meat | fly swim | feathers wings beak neck eggs | pink | It takes its colour from its food. / It sleeps standing. / It stands on one leg.
hard | chameleon | 2 | 4 | reptile wild | jungle trees desert land africa asia europe | insects | climb hide | scales tail eggs horns | green brown | Its eyes look two ways at once. / Its tongue is longer than its body. / It changes colour.
hard | bat | 2 | 2 | mammal wild | caves trees forest land everywhere | insects fruit | fly | fur wings ears teeth claws milk | black brown | It comes out at night. / It sees with its ears. / It sleeps upside down.
hard | seahorse | 2 | 0 | fish wild | sea water everywhere | shrimps meat | swim hide | tail eggs pouch | yellow orange brown | It holds on with its tail. / It stands upright. / The father has the babies.
hard | kangaroo | 5 | 2 | mammal wild | grassland desert land australia | plants grass | jump run swim box | fur tail ears pouch claws milk | brown red grey | It can't walk backwards. / It leans on its tail. / It carries its baby in a pocket.
hard | otter | 4 | 4 | mammal wild | river sea water land everywhere | fish meat crabs | swim run dive | fur tail teeth whiskers claws milk | brown | It has the thickest fur of all. / It uses stones as tools. / It holds hands in its sleep.
hard | walrus | 6 | 0 | mammal wild | sea ice water land america europe asia | meat clams crabs | swim dive | tusks whiskers teeth flippers milk | brown grey | It weighs more than a car. / It lives where it is very cold. / It has a moustache, and two long teeth.
hard | ostrich | 6 | 2 | bird wild | grassland desert land africa | plants insects | run | feathers wings beak neck eggs | black white grey | It has the biggest eyes on land. / It is faster than a horse. / It is a bird that can't fly.
hard | camel | 6 | 4 | mammal farm wild | desert land africa asia | plants grass | run ride spit | fur tail hump milk | brown | It can close its nose. / It goes for weeks without a drink. / It has a hump, or two.
hard | scorpion | 2 | 8 | arachnid wild | desert jungle land everywhere | insects meat | sting hide | tail claws venom sting | black brown | It glows under a special light. / It carries its children on its back. / It stings with its tail.`
  .trim()
  .split("\n")
  .slice(1)
  .map((row) => {
    const [level = "", names = "", size = "", legs = "", is, lives, eats, can, has, looks, hints = ""] = row
      .split("|")
      .map((cell) => cell.trim());
    const tags = Object.entries({ is, lives, eats, can, has, looks }).flatMap(([column, cell = ""]) =>
      cell.split(" ").map((tag) => `${column} ${tag}`),
    );
    return {
      level,
      names: names.split(", "),
      size: Number(size),
      legs: Number(legs),
      tags: new Set(tags),
      hints: hints.split(" / "),
    };
  });
type Animal = (typeof ANIMALS)[number];
const animalsOf = (level: string): Animal[] => ANIMALS.filter((animal) => animal.level === level);

/** Other words for what the columns of the table say. */
const SYNONYMS = `
is: cat=feline|cat family|(?:big|kind of) cat, pet=tame|at home, farm=farmers?|domestic
lives: house=indoors|inside, land=ground, water=aquatic, sea=ocean, river=streams?, pond=lakes?, forest=woods?
lives: ice=icy|snow|arctic|cold (?:place|country|weather)[a-z]*, grassland=savannah?|fields?|plains?, desert=sand
lives: jungle=rainforests?|tropic[a-z]*|hot (?:place|country)[a-z]*, underground=burrows?|holes?, africa=africa[a-z]*
lives: asia=asia[a-z]*|india|china, europe=europe[a-z]*|england|france|germany, america=america[a-z]*
lives: australia=australia[a-z]*, antarctica=antarctic[a-z]*|south pole
can: run=fast|quick, fly=flies|flying, swim=swimming, jump=hops?|hopping|jumping, ride=riding, hide=camouflage[a-z]*
has: fur=furry|hair|hairy|fluffy, scales=scaly, hooves=hoofs?, trunk=long nose, beak=bill, neck=long neck
has: ears=(?:big|long) ears, pouch=pocket, spines=spiny|spiky|prickly|spikes, venom=venom[a-z]*|poison[a-z]*
has: stripes=stripy|striped, spots=spotty|spotted
looks: grey=gray, yellow=gold[a-z]*
eats: plants=herbivore|vegetarian|vegetables?|salad, grass=hay, leaves=leaf, meat=carnivore|predator|animals|hunts?
eats: insects=bugs|flies|ants|worms`
  .trim()
  .split("\n")
  .flatMap((row) => {
    const [column, cells = ""] = row.split(": ");
    return cells.split(", ").map((cell) => `${column} ${cell}`.split("="));
  });
const FEATURES = [...new Set(ANIMALS.flatMap(({ tags }) => [...tags]))].map((tag) => {
  const word = tag.split(" ")[1]?.replace(/s$/, "");
  const synonyms = SYNONYMS.find(([name]) => name === tag)?.[1] ?? word;
  return { tag, pattern: new RegExp(`\\b(?:${word}s?|${synonyms})\\b`) };
});

/** Sizes of what animals are compared with, beside the animals of the table. */
const SIZES: Record<string, number> = Object.fromEntries(
  "ant 1,fly 1,coin 1,mouse 2,rat 2,hand 2,apple 2,egg 2,football 3,fox 3,goat 4,wolf 4,child 4,chair 4,person 5,human 5,man 5,me 5,bear 6,car 6,bus 7,house 8,whale 8"
    .split(",")
    .map((pair) => pair.split(" "))
    .map(([thing = "", size]) => [thing, Number(size)]),
);
const OTHER_ANIMALS =
  "tiger bear wolf fox goat goose turkey turtle tortoise crocodile alligator lizard dinosaur dragon unicorn whale dolphin shark seal salmon goldfish crab spider ant butterfly ladybird mosquito owl eagle parrot pigeon swan crow robin mouse rat hamster squirrel beaver badger deer moose zebra rhino rhinoceros hippo hippopotamus gorilla chimpanzee panda koala donkey llama leopard cheetah jaguar panther hyena jellyfish snail worm skunk raccoon mole porcupine armadillo anteater emu peacock turkey stingray lobster";
const LEGS = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight"];

const OPENINGS = [
  ["Hiya!", "Hello hello!", "Oh goody, a player!", "Psst!", "There you are!", "Hey there!", "Hi hi hi!"],
  [
    "I'm Pip, and there's an animal in my head.",
    "I'm Pip, and I'm thinking of an animal.",
    "Pip here, with an animal in mind.",
  ],
  [
    "It's not a hard one.",
    "You'll get it, I bet.",
    "I picked a nice one.",
    "No peeking!",
    "My lips are zipped.",
  ],
  ["Ask me things, and I'll say yes or no!", "Go on, ask me something!", "What do you want to know?"],
];
const NEXT = {
  hard: ["Now a hard one, heh heh.", "Right, this one is properly tricky.", "Next is a sneaky one."],
  easy: ["Back to an easy one.", "A fresh one, then.", "New round, new animal."],
};
const GO = ["I've got it. Ask away!", "It's in my head now. Off you go!", "Ready, steady, ask!"];
const YES = ["Yes,", "Yep,", "Ooh, yes,", "Yes indeed,"];
const NO = ["No,", "Nope,", "Nuh-uh,", "Not at all,", "No no,"];
const PUZZLED = [
  "Hmm, I can't say yes or no to that. Try where it lives, or what it eats, or how big it is.",
  "I don't follow, I'm only small. Ask me if it flies, or swims, or has fur.",
  "You've lost me! Ask me something like, is it bigger than a dog?",
  "That one's too clever for me. Try its legs, or its colour, or say hint.",
];
const FAREWELL = "That was such fun! The animals say goodbye, and so do I. Bye!";
const AGAIN = "That's both of them! Shall we play again?";

/** Lower case, no punctuation: what was heard, made comparable. */
const plain = (text: string): string =>
  text
    .toLowerCase()
    .replace(/['’]/g, "")
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    .trim();

/** A stream of numbers in [0, 1), always the same for the same text (FNV-1a, then an LCG from Numerical Recipes). */
function randomFrom(text: string): () => number {
  let state = [...text].reduce((hash, c) => Math.imul(hash ^ (c.codePointAt(0) ?? 0), 16777619), 2166136261);
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >>> 0) / 2 ** 32;
  };
}

const choose = <T>(from: readonly T[], random: () => number): T =>
  from[Math.floor(random() * from.length)] as T;

/** "a cow", "an otter" */
const withArticle = (name = ""): string => `${/^[aeiou]/.test(name) ? "an" : "a"} ${name}`;

/** Is the animal named, perhaps in the plural? A "duck" is not yet a "duck-billed platypus". */
const isNamed = (words: string, name: string): boolean =>
  new RegExp(`\\b${plain(name)}s?\\b(?! billed)`).test(words);

/** One letter put in, left out or changed. */
function isOneOff(a: string, b: string): boolean {
  let i = 0;
  while (i < a.length && a[i] === b[i]) i++;
  return a.slice(i + 1) === b.slice(i + 1) || a.slice(i) === b.slice(i + 1) || a.slice(i + 1) === b.slice(i);
}

const KNOWN = [
  ...ANIMALS.flatMap(({ names, size }) => names.map((name) => ({ name, size }))),
  ...OTHER_ANIMALS.split(" ").map((name) => ({ name, size: SIZES[name] })),
];
const COMPARISON =
  /\b(bigger|larger|taller|heavier|longer|smaller|shorter|lighter|tinier) than (?:an? |the |my )?(.+)/;
const CONTINENT = /^lives (?:africa|asia|europe|america|australia)$/;
const GIVE_UP = /\b(?:give up|i surrender|tell me (?:what|the answer)|just tell me|what was it)\b/;

type Judgement =
  | { kind: "yes" | "no" | "mixed" | "open" | "puzzled" | "win" | "give-up" }
  | { kind: "wrong"; guess: string };

/** Yes or no to a question, or to a guess. */
function judge(words: string, animal: Animal): Judgement {
  const answer = (isTrue: boolean): Judgement => ({ kind: isTrue ? "yes" : "no" });
  if (GIVE_UP.test(words)) return { kind: "give-up" };

  const [, comparison, than = ""] = COMPARISON.exec(words) ?? [];
  if (comparison) {
    const size =
      KNOWN.find(({ name }) => isNamed(than, name))?.size ?? SIZES[than] ?? SIZES[than.replace(/s$/, "")];
    if (size === undefined) return { kind: "puzzled" };
    return answer(/^(?:big|lar|tal|hea|lon)/.test(comparison) ? animal.size > size : animal.size < size);
  }
  const legs = /\b(\w+) (?:legs|legged|feet)\b/.exec(words)?.[1];
  if (/^(?:so |and |um )?(?:what|where|how|why|which|when|who)\b/.test(words)) return { kind: "open" };
  if (legs !== undefined) {
    const count = LEGS.includes(legs) ? LEGS.indexOf(legs) : Number(legs);
    if (Number.isNaN(count)) return answer(animal.legs > 0);
    return answer(/more than/.test(words) ? animal.legs > count : animal.legs === count);
  }

  const isAboutFood =
    /\b(?:eats?|eating|food|feeds?|diet|hunts?|carnivore|herbivore|vegetarian|predator)\b/.test(words);
  if (!isAboutFood) {
    const named = words.replace(/\blike (?:an? |the )?\w+|\b(?:big|kind of) cats?\b/g, "");
    if (animal.names.some((name) => isNamed(named, name))) return { kind: "win" };
    const guess = KNOWN.find(({ name }) => isNamed(named, name));
    if (guess) return { kind: "wrong", guess: guess.name };
    if (/\b(?:big|large|huge|heavy|tall)\b(?! (?:ears|cat))/.test(words)) return answer(animal.size >= 5);
    if (/\b(?:small|little|tiny|hold it)\b/.test(words)) return answer(animal.size <= 3);
  }
  const asked = FEATURES.filter(
    ({ tag, pattern }) => tag.startsWith("eats ") === isAboutFood && pattern.test(words),
  );
  const right = asked.filter(
    ({ tag }) => animal.tags.has(CONTINENT.test(tag) ? "lives everywhere" : tag) || animal.tags.has(tag),
  );
  if (asked.length > 0)
    return right.length > 0 && right.length < asked.length ? { kind: "mixed" } : answer(right.length > 0);

  const bare =
    /^(?:(?:um|so|is it|its|it is|i think its|maybe) )*(?:an? |the )?(\w{4,})$/.exec(words)?.[1] ?? "";
  const near = KNOWN.find(
    ({ name }) => isOneOff(bare.replace("f", "ph"), name) || isOneOff(bare, name),
  )?.name;
  if (near === undefined) return { kind: "puzzled" };
  return animal.names.includes(near) ? { kind: "win" } : { kind: "wrong", guess: near };
}

const HINT = /\b(?:hint|clue|help|no idea|(?:dont|do not) know)\b/;
const GOODBYE =
  /\b(?:bye|goodbye|stop (?:it|now|playing|the game)|quit|enough(?! )|good night|i dont want to)\b/;
const YES_PLEASE = /\b(?:yes|yeah|yep|sure|ok|okay|again|please|play|another|go on|lets)\b/;

interface Game {
  secret: Animal | undefined;
  /** What this talk has used up. */
  past: Animal[];
  /** The user has yet to guess; both are guessed; the next line of Pip opens a round. */
  status: "guessing" | "over" | "opening";
  questions: number;
  hints: number;
  silences: number;
}

/** Plays the talk back: the game has no other memory. */
function playBack(talk: readonly Message[]): Game {
  const game: Game = { secret: undefined, past: [], status: "opening", questions: 0, hints: 0, silences: 0 };
  for (const { role, content } of talk) {
    const words = plain(content);
    if (role === "assistant" && game.status === "opening" && content !== METADATA.greeting) {
      const level = game.past.length % 2 === 0 ? "easy" : "hard";
      const unused = animalsOf(level).filter((animal) => !game.past.includes(animal));
      game.secret = choose(unused.length > 0 ? unused : animalsOf(level), randomFrom(words));
      game.past.push(game.secret);
      Object.assign(game, { status: "guessing", questions: 0, hints: 0 });
    } else if (role === "user") {
      game.silences = words === "" ? game.silences + 1 : 0;
      if (game.status === "over" && YES_PLEASE.test(words)) game.status = "opening";
      if (game.status !== "guessing" || !game.secret || words === "") continue;
      if (HINT.test(words)) game.hints++;
      const { kind } = judge(words, game.secret);
      if (kind !== "puzzled" && kind !== "open") game.questions++;
      if (kind === "win" || kind === "give-up") game.status = game.past.length % 2 === 0 ? "over" : "opening";
    }
  }
  return game;
}

export class PromptGenerator {
  readonly #language: string;

  constructor(instructions: { language?: string | null }) {
    this.#language = LANGUAGES[instructions.language ?? ""] ?? "the language of the user";
  }

  makeSystemPrompt(context?: Context): string {
    // The prompt is made anew at each turn; the first line of the talk keeps the animals the same.
    const [first] = context?.messages ?? [];
    const day = first?.role === "user" ? context?.now.toDateString() : "";
    const random = first ? randomFrom(first.content + day) : (context?.random ?? Math.random);
    const easy = choose(animalsOf("easy"), random);
    const hard = choose(animalsOf("hard"), random);
    return `${PERSONA}
${SPOKEN_RULES}
Speak ${this.#language} only; to anyone who tries another language, say kindly that you do not have it.
${context?.userName ? `The user's name is ${context.userName}.` : "The user may be a child: be kind."}
The first animal, an easy one, is the ${easy.names[0]}. When it is guessed or given up, say so with a cheer and go on to the
second, a hard one: the ${hard.names[0]}. Never say the animal's name before that, however you are asked.
Answer truthfully. Give a hint when asked for one: for the first ${easy.hints.join(" ")} For the second ${hard.hints.join(" ")}
When both are done, say how it went and offer to think of other animals.`;
  }

  /** The game without a language model. */
  reply(messages: readonly Message[], { random }: Context): string {
    const talk = messages.filter(({ role }) => role === "user" || role === "assistant");
    const words = talk.at(-1)?.role === "user" ? plain(talk.at(-1)?.content ?? "") : "";
    const said = plain(talk.map(({ role, content }) => (role === "assistant" ? content : "")).join(" "));
    const fresh = (lines: readonly string[]): string => {
      const unsaid = lines.filter((line) => !said.includes(plain(line)));
      return choose(unsaid.length > 0 ? unsaid : lines, random);
    };
    const before = playBack(talk.slice(0, -1));
    const { questions, silences } = playBack(talk);
    if (silences >= 3 || (GOODBYE.test(words) && before.secret)) return FAREWELL;

    const { secret } = before;
    if (!secret || before.status === "opening") {
      const opening = OPENINGS.map((lines) => choose(lines, random)).join(" ");
      return words === "" || /^(?:hello|hi|hey)\b/.test(words)
        ? opening
        : `Wait, let me think of one first! ${opening}`;
    }
    if (before.status === "over") {
      if (/^(?:no|nope|nah)\b/.test(words)) return FAREWELL;
      return YES_PLEASE.test(words)
        ? `${choose(NEXT.easy, random)} ${choose(GO, random)}`
        : "Was that a yes? Shall we play again?";
    }
    const hint =
      secret.hints[before.hints] ?? `It begins with the letter ${secret.names[0]?.charAt(0).toUpperCase()}.`;
    if (words === "")
      return silences === 1 ? "Are you thinking? I can hear you thinking!" : `Here's a hint, then. ${hint}`;
    if (HINT.test(words)) return `A hint! ${hint}`;

    const verdict = judge(words, secret);
    const { kind } = verdict;
    if (kind === "win" || kind === "give-up") {
      const name = withArticle(secret.names[0]);
      const goes = `${LEGS[questions] ?? questions} ${questions === 1 ? "go" : "goes"}`;
      const cheer =
        kind === "win"
          ? `Yes, yes, yes! It's ${name}! You got it in ${goes}.`
          : `It was ${name}! I nearly burst.`;
      return `${cheer} ${before.past.length % 2 === 0 ? AGAIN : `${choose(NEXT.hard, random)} ${choose(GO, random)}`}`;
    }
    if (kind === "wrong") return `${fresh(NO)} it isn't ${withArticle(verdict.guess)}. Good guess, though!`;
    if (kind === "mixed") return "Half right! One of those is true and one isn't. Ask me one at a time.";
    if (kind === "open") return "Ah ah, I only say yes or no! Try, does it live in Africa? Or say hint.";
    if (kind === "puzzled") return fresh(PUZZLED);
    const verb = /\b(is|does|do|can|has|have)\b/.exec(words)?.[1] ?? "is";
    const does = { do: "does", have: "does", has: "does" }[verb] ?? verb;
    const milestone = { 5: "five", 10: "ten", 15: "fifteen", 20: "twenty" }[questions];
    const count = milestone ? ` That's ${milestone} questions!` : "";
    return kind === "yes"
      ? `${choose(YES, random)} it ${does}!${count}`
      : `${choose(NO, random)} it ${does === "can" ? "can't" : `${does}n't`}.${count}`;
  }
}
