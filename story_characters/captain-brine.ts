// Captain Brine, who tells an adventure in which you are the hero: a small world of scenes, things and dice.
//
// The world is data: a scene says what is to be seen and what can be done there. Where you are, what you carry and how your
// dice fell is worked out from the talk so far each time, so there is nothing to save and nothing to lose.

export const CHARACTER_NAME = "Captain Brine";

export const VOICE_SOURCE = { source_type: "kokoro", voice: "am_fenrir" };

export const INSTRUCTIONS = {
  type: "constant",
  language: "en",
  text: `You are Captain Brine, an old pirate who tells an adventure in which the user is the hero. Say what they see in vivid, salty
words, then ask what they do. Whatever they try may work. When it is risky, roll two dice with roll_dice, say what came up,
and let a high total succeed and a low one cost them dearly: they have three lives. Keep track of what they carry. Never
decide for them. Steer the tale towards the Drowned Star, an opal in a vault under the island, and out again alive.`,
};

export const METADATA = {
  good: true,
  tagline: "A pirate adventure, with dice, and you in it",
  color: "#146b7a",
  face: { hair: "black", hair_style: "long", extra: ["beard", "eyepatch"], collar: "coat", hat: "tricorn" },
  greeting: "Ahoy! Ye've washed up on the wrong island, me friend. Will ye hear what ye see?",
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

const SPOKEN_RULES = `Your words are spoken aloud: no markdown, no lists, no emoji, no symbols, and numbers as words.
Keep it brief: two or three sentences, then a question.
What you read was transcribed from speech and may be mis-heard. Take it as the likeliest thing to do in the scene.
A message of "..." means that the user has been silent. Remind them of what they could try; after three silences in a row,
or when they have had enough, bid them farewell and end with "Bye!".`;
const LANGUAGES: Record<string, string> = { en: "English", fr: "French", "en/fr": "English or French" };

/** Throws `count` dice; `random` gives numbers from 0 up to 1. */
function rollDice(count: number, sides: number, random: () => number): { rolls: number[]; total: number } {
  const rolls = Array.from({ length: count }, () => 1 + Math.floor(random() * sides));
  return { rolls, total: rolls.reduce((sum, roll) => sum + roll, 0) };
}

export const TOOLS = [
  {
    name: "roll_dice",
    description: "Throws dice and gives each roll and the total. Two six-sided dice unless told otherwise.",
    parameters: {
      type: "object",
      properties: {
        count: { type: "integer", minimum: 1, maximum: 20, description: "How many dice." },
        sides: { type: "integer", minimum: 2, maximum: 100, description: "How many sides each of them has." },
      },
      additionalProperties: false,
    },
    execute: (args: { count?: number; sides?: number }, context?: Partial<Context>) =>
      rollDice(args.count ?? 2, args.sides ?? 6, context?.random ?? Math.random),
  },
];

/**
 * The world. "=" names a scene; then what is seen there, and what could be done. "?" is an action: the words that mean it,
 * then after ":" its terms, then what is said. Terms: has:x and not:x must be so, +x and -x give and take, to:x moves there,
 * ends is the end. With roll:7 two dice must make seven, or the second line is said and a life is lost.
 */
const WORLD = `
= beach
Ye stand on black sand. Yonder lies the wreck of the Magpie, a path climbs into the jungle, and under the cliff there's a cave, dark as a boot. Driftwood all about.
search the driftwood; wade to the wreck; take the jungle path; try the cave
? search|drift|wood|crate|look (?:under|in|for)|dig : not:lantern +lantern
  Under the driftwood there's a ship's lantern, and by a miracle it lights. It's yours.
? wreck|ship|wade|swim|magpie|board : to:wreck
  Ye wade out to yer belt and haul yerself aboard.
? jungle|path|trees?|forest|climb|inland : to:jungle
  Up ye go, and the jungle closes behind ye like a door.
? cave|cliff|tunnel : has:lantern to:cave
  Lantern high, ye duck under the cliff.
? cave|cliff|tunnel :
  Three steps in ye bang yer head. It's black as tar in there. Ye need a light.
= wreck
The deck slopes like a roof. There's a rope coiled at the mast, a barrel by the galley, and a ladder down into the flooded hold.
take the rope; open the barrel; dive into the hold; wade back to the beach
? rope|mast|coil : not:rope +rope
  A good rope, tarred and whole. Over yer shoulder with it.
? barrel|galley|open : not:biscuit +biscuit
  In the barrel sits one ship's biscuit, hard as a headstone. Ye pocket it.
? hold|dive|ladder|down|below|swim : not:key roll:7 +key
  Ye kick down among the eels, and come up with a brass key between yer teeth.
  An eel objects, and ye come up with nothing but the bite.
? back|beach|shore|leave|wade|return : to:beach
  Over the side with ye, and back to the sand.
= jungle
The path ends at a gully with a rotten bridge across it. On the bridge post sits a one-eyed green parrot.
feed the parrot; talk to the parrot; cross the bridge; go back to the beach
? feed|give|biscuit : has:biscuit -biscuit +word
  The parrot cracks the biscuit and shrieks: Marigold! The word is Marigold! Then it laughs like a hinge.
? parrot|talk|bird|feed|speak|ask : not:word
  The parrot eyes yer pockets. I know a word, it says, but not on an empty stomach.
? parrot|talk|bird|speak|ask :
  Marigold, says the parrot, with its mouth full.
? bridge|cross|gully|over|jump : has:rope to:grave
  Ye tie the rope to the post, and the bridge may rot all it likes.
? bridge|cross|gully|over|jump : roll:7 to:grave
  The planks crack behind yer heels, but ye're faster.
  A plank gives way. Ye hang by yer fingers, and climb back much bruised.
? back|beach|return|leave : to:beach
  Back down the path with ye.
= grave
Beyond the gully there's a heap of stones with a cutlass stuck in it. A board says: here lies Captain Sable, who trusted his cook.
take the cutlass; read the board; go back over the bridge
? cutlass|sword|take|pull|blade : not:cutlass +cutlass
  It comes out sweetly, like a spoon from honey. Ye feel three inches taller.
? read|board|grave|stones?|sable :
  Scratched below: I left me star in the stone face's keeping. Take one thing, says the sea, or take the sea.
? back|bridge|return|leave|jungle : to:jungle
  Ye tiptoe back across.
= cave
The tunnel is stopped, like a bottle with a cork, by a crab as big as a cow. Behind it ye glimpse a door with a stone face.
fight the crab; sneak past it; feed it; go back to the beach
? fight|attack|kill|hit|cutlass|sword|stab : roll:9 to:door
  Ye feint, ye dance, ye rap it on the eye, and the crab remembers an engagement elsewhere.
  Claws like church doors. Ye lose some skin, and the argument.
? sneak|creep|past|climb|crawl|around|tiptoe : roll:8 to:door
  Ye crawl along the wall, hardly breathing, and it only blows a bubble.
  A pebble rolls. So does the crab, over yer foot.
? feed|biscuit|give|throw|food : has:biscuit -biscuit to:door
  The crab takes the biscuit in both claws and forgets ye exist.
? feed|biscuit|give|food :
  Ye've nothing that a crab would call food, save yerself.
? back|beach|return|leave|run|flee|out : to:beach
  Discretion, me friend. Back into the daylight.
= door
The stone face opens one eye. Speak the captain's word, it says. There's a keyhole in its chin, too.
say the word; use a key; push with all yer might; go back
? marigold : to:vault
  Marigold, ye say. The face sighs, as if it had waited years to hear it, and swings wide.
? word|speak|say|password : has:word to:vault
  Marigold, ye whisper. The face sighs, and swings wide.
? key|unlock|lock : has:key to:vault
  The brass key turns with a scream, and the face looks quite offended.
? word|speak|say|password|key :
  Ye haven't got that, and the stone face can tell.
? push|force|break|kick|might|shoulder : roll:10 to:vault
  Ye heave till ye see stars, and the door gives an inch, and a foot, and is open.
  Stone is harder than shoulder. Ye knew that, really.
? back|return|leave|out : to:cave
  Ye turn round, and there's the crab, back in its place.
= vault
Gold lies heaped like barley. Above it on a chain hangs the Drowned Star, an opal full of moving light. One thing only, whispers the sea.
take the star; take the gold; leave with empty hands
? leave|nothing|empty|neither|back|walk away : ends
  Ye bow, and go. On the beach waits a fine boat with a ghost at the oars. Captain Sable rows ye home himself, for honest guests are rare. The wisest ending there is!
? star|opal|jewel|stone|both : to:flood +star
  The opal is warm as a heart. Ye pocket it, and somewhere a great stone rolls.
? gold|coins?|treasure|money : to:flood +gold
  Ye fill yer shirt with gold till ye clink. And somewhere a great stone rolls.
= flood
The sea comes in by every crack at once, and the tunnel's filling. High above there's a hole with daylight in it.
climb to the daylight; run for it; drop what ye took
? drop|throw|put|give (?:it )?back|leave it : ends
  Ye let it fall. The water stops, ashamed of itself, and sets ye down by a little boat. Alive, ye are, and with a tale. A humble ending, and I've known worse!
? rope|climb|hole|up|daylight : has:rope ends
  The rope flies, the rope holds, and up ye go with the sea at yer heels. At sunset a ship takes ye home, a legend with heavy pockets. The richest ending there is!
? rope|climb|hole|up|daylight :
  The walls are slick as eels, and ye've no rope.
? run|swim|tunnel|dive|out|flee|escape : roll:7 ends
  Past the face, past the crab, through the foam, and out on the sand with yer prize! They sing of ye in every harbour. A glorious ending!
  A wave picks ye up and puts ye back where ye were.`;

function parseAction(text: string) {
  const [head = "", success = "", failure = ""] = text.split("\n").map((line) => line.trim());
  const [words = "", terms = ""] = head.split(/ :\s*/);
  return { when: new RegExp(`\\b(?:${words})\\b`), terms: terms.split(" "), success, failure };
}
type Action = ReturnType<typeof parseAction>;

const SCENES = new Map(
  WORLD.split("\n= ")
    .slice(1)
    .map((text) => {
      const [name = "", look = "", ways = "", ...lines] = text.split("\n");
      const actions = lines.join("\n").split("? ").slice(1);
      return [name, { look, ways: ways.split("; "), actions: actions.map(parseAction) }] as const;
    }),
);

const DOOM =
  "That was yer last life. The tide takes ye gently, and the crabs speak of ye with respect. A doomed ending, but a brave one!";
const OPENINGS = [
  ["Ahoy! Captain Brine's the name.", "Ahoy there! I'm Captain Brine.", "Welcome ashore! I'm Captain Brine."],
  ["Yer ship went down in the night.", "The sea has spat ye out.", "Ye've slept through a shipwreck."],
  [
    "Ye've three lives to spend.",
    "Three lives ye have, and no breakfast.",
    "Three lives, two dice, one hero.",
  ],
];
const PUZZLED = [
  "Arr, I don't follow.",
  "That's no use here, says the sea.",
  "A fine thought, but not today.",
];
const FAREWELL = "Fair winds, me friend. The island will keep. Bye!";
const WORDS = "zero one two three four five six seven eight nine ten eleven twelve".split(" ");

/** Lower case, no punctuation: what was heard, made comparable. */
const plain = (text: string): string =>
  text
    .toLowerCase()
    .replaceAll("’", "'")
    .replace(/[^\p{L}\p{N}']+/gu, " ")
    .trim();

const choose = (lines: readonly string[], random: () => number): string =>
  lines[Math.floor(random() * lines.length)] ?? "";
const opening = (random: () => number): string => OPENINGS.map((lines) => choose(lines, random)).join(" ");

/** A stream of numbers in [0, 1), always the same for the same text (FNV-1a, then an LCG from Numerical Recipes). */
function randomFrom(text: string): () => number {
  let state = [...text].reduce((hash, c) => Math.imul(hash ^ (c.codePointAt(0) ?? 0), 16777619), 2166136261);
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >>> 0) / 2 ** 32;
  };
}

interface Adventure {
  scene: string;
  seen: Set<string>;
  carried: Set<string>;
  lives: number;
  isOver: boolean;
}

const begin = (): Adventure => ({
  scene: "beach",
  seen: new Set(["beach"]),
  carried: new Set(),
  lives: 3,
  isOver: false,
});

/** The action that the words mean here, among those that are open to the hero. */
const actionFor = ({ scene, carried }: Adventure, words: string): Action | undefined =>
  SCENES.get(scene)?.actions.find(
    ({ when, terms }) =>
      when.test(words) &&
      terms.every((term) => !term.startsWith("has:") || carried.has(term.slice(4))) &&
      terms.every((term) => !term.startsWith("not:") || !carried.has(term.slice(4))),
  );

function waysOf(adventure: Adventure): string {
  const open = SCENES.get(adventure.scene)?.ways.filter((way) => actionFor(adventure, way)) ?? [];
  return `Ye could ${open.join(", ").replace(/, ([^,]*)$/, ", or $1")}.`;
}

/** Lets the hero do one thing, and says what comes of it: nothing, when the scene does not know it. */
function act(adventure: Adventure, words: string, random: () => number): string[] {
  const action = actionFor(adventure, words);
  if (!action) return [];
  const told: string[] = [];
  const needed = Number(action.terms.find((term) => term.startsWith("roll:"))?.slice(5) ?? 0);
  const { rolls, total } = rollDice(2, 6, random);
  const bonus = adventure.carried.has("cutlass") && action.when.test("fight") ? 3 : 0;
  if (needed > 0) {
    const added = bonus > 0 ? ", and three for the cutlass" : "";
    told.push(`Ye roll a ${WORDS[rolls[0] ?? 0]} and a ${WORDS[rolls[1] ?? 0]}${added}.`);
  }
  if (total + bonus < needed) {
    adventure.lives--;
    adventure.isOver = adventure.lives === 0;
    return [...told, action.failure, [DOOM, "One life left.", "Two lives left."][adventure.lives] ?? ""];
  }
  told.push(action.success);
  for (const term of action.terms) {
    if (term.startsWith("+")) adventure.carried.add(term.slice(1));
    if (term.startsWith("-")) adventure.carried.delete(term.slice(1));
    if (term === "ends") adventure.isOver = true;
    if (!term.startsWith("to:")) continue;
    adventure.scene = term.slice(3);
    told.push(
      adventure.seen.has(adventure.scene) ? waysOf(adventure) : (SCENES.get(adventure.scene)?.look ?? ""),
    );
    adventure.seen.add(adventure.scene);
  }
  return told;
}

/** Talk about the tale, and nothing done in it. */
const ASIDES: Record<string, RegExp> = {
  goodbye: /\b(?:bye|goodbye|quit|stop (?:the|this)|i'm done|good night|enough(?! ))\b/,
  repeat: /^(?:what|pardon|sorry|huh)$|\b(?:repeat|say (?:that|it) again)\b/,
  restart: /\b(?:restart|start (?:over|again)|play again|new game|from the beginning)\b/,
  dice: /\b(?:roll|throw) (?:([a-z]+|\d{1,2}) )?(?:([a-z]+|\d{1,3}) sided )?(?:dice|die)\b/,
  bag: /\b(?:inventory|what (?:do i have|am i carrying|have i got)|my (?:pockets|things|bag)|lives)\b/,
  ways: /\b(?:help|hint|what (?:can|could|should|do) i|what now|options|choices|i don't know|no idea)\b/,
  look: /^(?:look|look around|where am i|what do i see|what is (?:here|there)|describe.*|look at .*)$/,
  who: /\b(?:who are you|your name|are you (?:real|a|an))\b/,
  yes: /^(?:yes|yeah|aye|sure|again|ok|okay|please|let's)\b/,
  no: /^(?:no|nope|nay)\b/,
  hello: /^(?:hello|hi|hey|ahoy)\b/,
};
const asideIn = (words: string): string | undefined =>
  words === "" ? "silence" : Object.entries(ASIDES).find(([, pattern]) => pattern.test(words))?.[0];

export class PromptGenerator {
  readonly #persona: string;
  readonly #language: string;

  constructor(instructions: { text?: string; language?: string | null }) {
    this.#persona = instructions.text ?? INSTRUCTIONS.text;
    this.#language = LANGUAGES[instructions.language ?? ""] ?? "the language of the user";
  }

  makeSystemPrompt(context?: Context): string {
    const island = [...SCENES].map(
      ([name, { look, ways }]) => `The ${name}: ${look} They may ${ways.join(", ")}.`,
    );
    return `${this.#persona}
${SPOKEN_RULES}
Speak ${this.#language} only; to anyone who tries another language, say kindly that you do not have it.
${context?.userName ? `The hero is called ${context.userName}.` : "Call the hero me friend."}
Begin like this: ${opening(context?.random ?? Math.random)}
The island, from the beach to the vault and the flood that follows (the word is Marigold, and the parrot sells it):
${island.join("\n")}`;
  }

  /** The adventure without a language model, sentence by sentence. */
  async *reply(messages: readonly Message[], { random }: Context): AsyncGenerator<string> {
    yield* this.#tell(messages, random).map((part, n) => (n === 0 ? part : ` ${part}`));
  }

  #tell(messages: readonly Message[], random: () => number): string[] {
    const talk = messages.filter(({ role }) => role === "user" || role === "assistant");
    let [adventure, told, aside, silences] = [begin(), [] as string[], asideIn(""), 0];
    // Plays the talk back. The dice fall as they fell, for they are thrown from the words themselves.
    for (const [turn, { role, content }] of talk.entries()) {
      if (role !== "user") continue;
      const deed = plain(content);
      const { isOver } = adventure;
      aside = asideIn(deed);
      told = [];
      silences = aside === "silence" ? silences + 1 : 0;
      if (aside === "restart" || (isOver && aside === "yes")) {
        adventure = begin();
        aside = "restart";
      } else if (aside === undefined && !isOver)
        told = act(adventure, deed, randomFrom(`${talk[0]?.content} ${turn} ${deed}`));
    }
    if (talk.at(-1)?.role !== "user") [aside, told] = ["silence", []];
    const words = plain(talk.at(-1)?.content ?? "");
    const before = talk.findLast(({ role }) => role === "assistant")?.content;
    const look = SCENES.get(adventure.scene)?.look ?? "";
    const yeCould = waysOf(adventure);

    if (silences >= 3 || aside === "goodbye" || (adventure.isOver && aside === "no")) return [FAREWELL];
    if (aside === "restart") return ["Back to the beginning, then.", look, "What do ye do?"];
    if (!before || before === METADATA.greeting)
      return [opening(random), ...(told.length > 0 ? told : [look]), "What do ye do?"];
    if (aside === "repeat") return [before];
    if (aside === "dice") return [this.#throw(words, random)];
    if (aside === "who") return ["Captain Brine, a voice in yer own machine, and the sea's in it too."];
    if (adventure.isOver)
      return told.length > 0
        ? [...told, "Shall we sail again?"]
        : ["That tale is told. Shall we begin another?"];
    if (aside === "bag") {
      const things = [...adventure.carried].filter((thing) => thing !== "word");
      const lives = adventure.lives === 1 ? "one life" : `${WORDS[adventure.lives]} lives`;
      return [`Ye've ${lives}, and in yer pockets ${things.join(", ") || "nothing but sand"}.`];
    }
    if (aside === "look") return [look];
    if (aside === "ways") return [yeCould];
    if (aside)
      return [aside === "silence" ? "The tide waits for nobody." : "Aye, but what will ye do?", yeCould];
    if (told.length === 0) return [choose(PUZZLED, random), yeCould];
    return [...told, told.includes(look) ? "What do ye do?" : "What next?"];
  }

  /** Dice for their own sake. */
  #throw(words: string, random: () => number): string {
    const [, many = "two", sides = "six"] = ASIDES.dice?.exec(words) ?? [];
    const number = (word: string): number =>
      ({ a: 1, the: 2, twenty: 20, hundred: 100 })[word] ??
      (Number(word) || Math.max(WORDS.indexOf(word), 1));
    const { rolls, total } = rollDice(Math.min(number(many), 10), Math.min(number(sides), 100), random);
    const said = rolls.map((roll) => WORDS[roll] ?? String(roll)).join(", ");
    return rolls.length === 1
      ? `The die says ${said}.`
      : `The dice say ${said}. That makes ${WORDS[total] ?? total}.`;
  }
}
