// Nana Nightjar, who tells stories at bedtime. You choose the hero, the friend and the place; she knows the rest.
//
// Her stories come in parts, one a turn, so that a child can interrupt, ask, or fall asleep: here silence is success.

export const CHARACTER_NAME = "Nana Nightjar";

export const VOICE_SOURCE = { source_type: "kokoro", voice: "af_nicole", speed: 0.9 };

export const INSTRUCTIONS = {
  type: "constant",
  language: "en",
  text: `You are Nana Nightjar, an old grey bird who tells bedtime stories in a low, slow voice. First ask who the story should be
about, then what animal comes along, then where it takes place, one question at a time. Then tell a gentle story in six short
parts, a part each turn, with small wonders and no villains, and let every part end a little quieter than the one before.
If the listener asks something, answer kindly and go on. The last part ends with everybody asleep.`,
};

export const METADATA = {
  good: true,
  tagline: "Bedtime stories with you in them",
  color: "#3d3a7c",
  face: { hair: "white", hair_style: "curly", extra: "half-moon-glasses", collar: "shawl", hat: "night-cap" },
  greeting: "Hush now, the lamp is low. Shall I tell you a story? Who should it be about?",
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
Keep it brief: at most five short sentences, calm ones, with room to breathe between them.
What you read was transcribed from speech, often a child's, and may be mis-heard. Take what sounds nicest.
A message of "..." means silence: the listener may be drifting off. Go on more softly. After three silences in a row, or
when they say good night, whisper a good night and end with "Bye!".`;

const LANGUAGES: Record<string, string> = { en: "English", fr: "French", "en/fr": "English or French" };

const OPENINGS = [
  "Hush now, the lamp is low. I'm Nana Nightjar, and I have a story under my wing. Who should it be about?",
  "Good {part}, little one. Tuck in your feet. I'm Nana Nightjar. Tell me, who is our story about?",
  "There you are. The stars are nearly all lit. I'm Nana Nightjar, and I need a hero. What is their name?",
];
/** What she asks for before she begins, and what she takes when the listener does not know. */
const QUESTIONS = [
  {
    slot: "hero",
    ask: "Who should it be about?",
    mark: /(?:be|story) about\?|is their name\?/,
    fallback: "Wren",
  },
  {
    slot: "friend",
    ask: "And which animal comes along?",
    mark: /animal comes along/,
    fallback: "the small brown bear",
  },
  {
    slot: "place",
    ask: "And where does it happen?",
    mark: /where does it happen/,
    fallback: "the valley of the owls",
  },
];

/** Each story is six lines; {hero}, {friend} and {place} are the listener's, {in} is "in" or "on". */
const STORIES = `
Once, {in} {place}, there lived somebody called {hero}, whose window looked out on the whole of the sky. One evening a star was missing. There was just a small dark gap, as when a tooth has come out.
{hero} put on soft shoes and went to look, and on the doorstep sat {friend}. I saw it fall, said {friend}. It went down without a sound, over there where the grass is long. So they went together.
They looked under a leaf, and found a snail asleep. They looked in a puddle, and found the moon, who was only visiting. And then, behind a stone, something shone, no brighter than a night light.
It was the star, and it was shivering. I leaned out too far, it said, to hear what somebody was singing. So {hero} wrapped it in a scarf, and {friend} hummed, very low, and the star grew warm.
How do you put back a star? You don't throw it. You climb the quietest hill there is, and hold up your hands, and wait. And the night bent down, gently, gently, and took it home.
Then {hero} and {friend} walked back through {place}, slower and slower. Above them the gap was closed, and one star twinkled twice, which means thank you. And by the time it twinkled again, they were all asleep.

Far away, on the edge of {place}, stood a lighthouse that had no sea. Nobody remembered why. {hero} had been given the key, and the work was simple: light the lamp in the evening, put it out in the morning.
One night somebody knocked. It was {friend}, with wet feet. There is a sea after all, said {friend}. It only comes when everyone is sleeping. Would you like to see it? And {hero} took down the lantern.
They sat on the step and kept very still. First came the sound, a long breath in, a long breath out. Then the grass turned silver and began to rock, and the houses rocked too, like boats in a harbour.
On the water came all the beds of {place}, one behind another, and in every bed there was somebody asleep. {friend} waved, and somebody waved back. The lamp showed them the way between the hills.
One small bed was turning in circles. So {hero} lifted the lantern high, once, twice, three times. And the small bed found its path, and slid by so close that they could hear the dreamer breathing.
When the last bed had gone by, the sea went out again, with a long breath in and a long breath out. There is room in ours, said {friend}. And {hero} lay down, and the bed began, very softly, to rock.

In the middle of {place} there ran a river that had forgotten its song. It still ran, but it made no sound at all. And nobody could sleep for the quiet, least of all {hero}, who lived nearest to the bank.
So {hero} packed a blanket and a piece of bread, and walked along the water, up and up. At the first bend {friend} was waiting. I miss it too, said {friend}. Rivers keep their songs where they begin.
They passed a mill with a sleeping wheel, and a bridge with its arms folded. They gave half the bread to a heron on one leg, who said, third stone from the top, and closed its other eye.
And there was the spring, no bigger than a cup. The third stone had rolled across its mouth. It was a smooth, round, sleepy sort of stone. {friend} pushed, and {hero} pushed, and it moved over without any fuss.
Then came one drop, and another drop, and each one had its own small note. They ran down together, over the pebbles, under the bridge, round the mill, and all the way home the song went on ahead.
{in} {place} the windows were open. One after another, people heard it, and sighed, and turned over. {hero} and {friend} heard it too, from under the blanket. The river said hush. And hush. And hush.`
  .trim()
  .split("\n\n")
  .map((story) => story.split("\n"));

const BETWEEN = [
  "Shall I go on?",
  "Are you warm enough? Then listen.",
  "Close your eyes, if you like. Shall I go on?",
  "Softly now.",
];
const ASIDES = [
  {
    heard: /\b(?:why|how come)\b/,
    say: "Because that's how it is at night, when nobody is looking. Shall I go on?",
  },
  {
    heard: /\b(?:scared|scary|afraid|monster|dark)\b/,
    say: "There's nothing to fear in my stories, only things that yawn. I'm right here. Shall I go on?",
  },
  {
    heard: /\b(?:who are you|your name|are you (?:real|a))\b/,
    say: "I'm Nana Nightjar, a voice in the dark, and a kind one. Shall I go on?",
  },
  {
    heard: /\b(?:not (?:tired|sleepy)|can't sleep|cannot sleep)\b/,
    say: "Nobody has to sleep. Only lie very still, like a stone in a stream. Shall I go on?",
  },
  {
    heard: /\b(?:water|thirsty|toilet|bathroom|hungry)\b/,
    say: "Go quickly, on tiptoe. The story will wait for you. Say go on, when you're back.",
  },
  {
    heard: /\b(?:is it|will it|are they|did they|does|do they|what happen\w*|and then what)\b.*/,
    say: "You'll see. It's not far now. Shall I go on?",
  },
];
const FAREWELLS = [
  "Fast asleep. Good night, little one, the stars will watch. Bye!",
  "Good night. Sleep as soft as a feather falls. Bye!",
];

/** Lower case, no punctuation: what was heard, made comparable. */
const plain = (text: string): string =>
  text
    .toLowerCase()
    .replaceAll("’", "'")
    .replace(/[^\p{L}\p{N}']+/gu, " ")
    .trim();

const choose = <T>(from: readonly T[], random: () => number): T | undefined =>
  from[Math.floor(random() * from.length)];

const GOODBYE = /\b(?:good night|goodnight|goodbye|bye|stop|go to sleep|that's enough)\b/;

/** A line with its slots filled, and a capital at the head of each sentence. */
const fill = (line: string, slots: Record<string, string>): string =>
  line
    .replace(/\{(\w+)\}/g, (_, slot: string) => slots[slot] ?? "")
    .replace(/(^|[.!?] )(\p{Ll})/gu, (_, before: string, letter: string) => before + letter.toUpperCase());

/** The longest stretch of a line between its slots: by that it is known again. */
const markOf = (line: string): string =>
  line
    .split(/\{\w+\}/)
    .map(plain)
    .sort((a, b) => b.length - a.length)[0] ?? "";

const PREAMBLE =
  /^(?:um+ |uh |well |ok |okay |maybe |please |tell me |a story |can it be |make it |let's (?:have|say) |i (?:want|think|choose|like|say) |it's |it is |my name is |my name's |i'm |i am |called |named |about |with |in |on |at )+/;
const NO_IDEA =
  /^$|^(?:i )?(?:don't|do not) (?:know|mind|care)\b|^(?:you choose|any\w*|whatever|no idea|yes|yeah|no|ok|okay|sure|hello|hi|please)\b/;
const ON = /\b(?:moon|mars|beach|island|mountain|hill|farm|ship|boat|cloud|star|planet|roof|train)s?$/;

/** The answer to one of her three questions, as it will stand in the story. */
function slotIn(slot: string, heard: string, userName: string | undefined): string | undefined {
  const words = plain(heard)
    .replace(/.*\b(?:called|named) /, "")
    .replace(PREAMBLE, "");
  if (NO_IDEA.test(words)) return undefined;
  const short = words
    .replace(/ (?:and|who|that|please|with)\b.*/, "")
    .split(" ")
    .slice(0, 4)
    .join(" ")
    .slice(0, 40);
  if (slot !== "hero") return `the ${short.replace(/^(?:an?|the|my|some|our) /, "")}`;
  const name = /^(?:me|myself)$/.test(short)
    ? plain(userName ?? "little owl")
    : short.replace(/^(?:an?|the) /, "");
  return name.replace(/(?<!\p{L})\p{L}/gu, (letter) => letter.toUpperCase()).slice(0, 40);
}

interface Evening {
  slots: Record<string, string>;
  /** The question that she asked last and that waits for its answer. */
  asked: (typeof QUESTIONS)[number] | undefined;
  told: Set<number>;
  /** The story under way, and how many of its parts were told. */
  story: number;
  parts: number;
}

/** Plays the talk back: she has no other memory. */
function playBack(talk: readonly Message[], userName: string | undefined): Evening {
  const evening: Evening = { slots: {}, asked: undefined, told: new Set(), story: -1, parts: 0 };
  for (const { role, content } of talk) {
    if (role === "assistant") {
      const said = plain(content);
      evening.asked = QUESTIONS.find(({ mark }) => mark.test(content)) ?? evening.asked;
      for (const [story, lines] of STORIES.entries()) {
        const part = lines.findLastIndex((line) => said.includes(markOf(line)));
        if (part < 0) continue;
        Object.assign(evening, { story, parts: part + 1, asked: undefined });
        evening.told.add(story);
      }
    } else if (evening.asked) {
      const { slot, fallback } = evening.asked;
      evening.slots[slot] = slotIn(slot, content, userName) ?? fallback;
      evening.asked = undefined;
    } else if (!evening.slots.hero && /\babout .{2}/i.test(content)) {
      const hero = slotIn("hero", content.replace(/.*\babout /i, ""), userName);
      if (hero) evening.slots.hero = hero;
    }
  }
  return evening;
}

export class PromptGenerator {
  readonly #persona: string;
  readonly #language: string;

  constructor(instructions: { text?: string; language?: string | null }) {
    this.#persona = instructions.text ?? INSTRUCTIONS.text;
    this.#language = LANGUAGES[instructions.language ?? ""] ?? "the language of the user";
  }

  makeSystemPrompt(context?: Context): string {
    const story = choose(STORIES, context?.random ?? Math.random) ?? [];
    const seed = fill(story[0] ?? "", {
      hero: "the hero",
      friend: "a friend",
      place: "that place",
      in: "in",
    });
    return `${this.#persona}
${SPOKEN_RULES}
Speak ${this.#language} only; to anyone who tries another language, say kindly that you do not have it.
${context?.userName ? `The listener is called ${context.userName}.` : "You do not know the listener's name."}
If you need a beginning, here is one to make your own: ${seed}`;
  }

  /** The story without a language model, sentence by sentence. */
  async *reply(messages: readonly Message[], context: Context): AsyncGenerator<string> {
    const text = this.#answer(messages, context);
    // A sentence, or what is left, with the space that follows it.
    for (const sentence of text.match(/.+?(?:[.!?](?:\s+|$)|$)/g) ?? [text]) yield sentence;
  }

  #answer(messages: readonly Message[], { now, random, userName }: Context): string {
    const talk = messages.filter(({ role }) => role === "user" || role === "assistant");
    const part = now.getHours() < 18 && now.getHours() > 4 ? "day" : "evening";
    if (talk.length === 0) return (choose(OPENINGS, random) ?? "").replace("{part}", part);

    const heard = talk.filter(({ role }) => role === "user").map(({ content }) => content);
    const words = talk.at(-1)?.role === "user" ? plain(heard.at(-1) ?? "") : "";
    const silences = heard.length - 1 - heard.findLastIndex((line) => plain(line) !== "");
    if (words === "" && silences >= 3) return FAREWELLS[0] ?? "";
    if (GOODBYE.test(words)) return FAREWELLS[1] ?? "";
    const before = talk.findLast(({ role }) => role === "assistant")?.content;
    if (
      /^(?:sorry|pardon|what|huh|again|(?:can you |could you |please )*(?:say|repeat|tell) (?:that|it)(?: again)?.*)$/.test(
        words,
      )
    ) {
      return before || (OPENINGS[0] ?? "").replace("{part}", part);
    }
    const evening = playBack(talk, userName);
    const isOver = evening.parts === STORIES[evening.story]?.length;
    const wantsNew = /\b(?:another|new|different|next) (?:one|story)\b|^another\b|\bone more\b/.test(words);
    if (evening.story < 0) {
      const missing = QUESTIONS.find(({ slot }) => !evening.slots[slot]);
      if (missing) return `${this.#nod(evening, random)} ${missing.ask}`.trim();
    } else if ((isOver && words === "") || /^(?:no|nope|sleep|we sleep|enough)\b/.test(words)) {
      return FAREWELLS[0] ?? "";
    } else if (!isOver && !wantsNew) {
      const aside = ASIDES.find(({ heard }) => heard.test(words))?.say;
      if (aside && aside !== before) return aside;
    }
    const startsNew = evening.story < 0 || isOver || wantsNew;
    const untold = [...STORIES.keys()].filter((story) => !evening.told.has(story));
    const story = startsNew
      ? (choose(untold.length > 0 ? untold : [...STORIES.keys()], random) ?? 0)
      : evening.story;
    const next = startsNew ? 0 : evening.parts;
    const lines = STORIES[story] ?? [];
    const isLast = next === lines.length - 1;
    const after = isLast ? "Shall I tell another, or shall we sleep?" : (choose(BETWEEN, random) ?? "");
    const slots = Object.fromEntries(
      QUESTIONS.map(({ slot, fallback }) => [slot, evening.slots[slot] ?? fallback]),
    );
    return `${fill(lines[next] ?? "", { ...slots, in: ON.test(slots.place ?? "") ? "on" : "in" })} ${after}`;
  }

  /** Takes up the last answer before the next question. */
  #nod({ slots }: Evening, random: () => number): string {
    const latest = slots.friend ?? slots.hero;
    if (!latest) return choose(["Let me settle my feathers.", "Gladly."], random) ?? "";
    return fill(
      choose(
        ["{it}. I know somebody like that.", "{it}, how nice.", "{it}. Yes, that will do very well."],
        random,
      ) ?? "",
      { it: latest },
    );
  }
}
