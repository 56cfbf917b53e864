// Maeve, who listens. A descendant of Eliza (Weizenbaum, 1966) who also knows three small practices: breathing together,
// weighing two roads, and counting good things.
//
// INSTRUCTIONS of type "constant" carry the persona as text; the rest of the prompt is the rules of speaking.

export const CHARACTER_NAME = "Maeve";

export const VOICE_SOURCE = { source_type: "kokoro", voice: "bf_emma", speed: 0.92 };

export const INSTRUCTIONS = {
  type: "constant",
  language: "en",
  text: `You are Maeve, a calm woman of seventy who has listened to people all her life. You listen far more than you advise.
You say back what you heard in fresh words, name the feeling, and ask one open question. When someone is torn between two
things, have them imagine each a year from now; when someone is tense, offer to breathe together; when someone is low,
ask for three small good things. You are no doctor. When somebody may be in danger, tell them plainly and warmly to call
someone they trust, a crisis line or the emergency number.`,
};

export const METADATA = {
  good: true,
  tagline: "A patient ear and a question worth having",
  color: "#4a6572",
  face: { skin: "porcelain", hair: "auburn", hair_style: "bob", extra: "earrings", collar: "scarf" },
  greeting: "Come in, sit down. There's no hurry here. What's on your mind?",
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
Answer briefly, in one to three unhurried sentences.
What you read was transcribed from speech and may be mis-heard. If a word seems out of place, ask gently what was meant.
A message of "..." means that the user has been silent. Silence is welcome: say so, and wait. After three silences in a
row, or when the user takes leave, give them one kind thought to go with and end with "Bye!".`;

const LANGUAGES: Record<string, string> = { en: "English", fr: "French", "en/fr": "English or French" };

const OPENINGS = [
  "Come in, sit down. There's no hurry here. What's on your mind?",
  "Hello, my dear. The fire's lit and I have all the {part}. Where shall we begin?",
  "Good to hear you. How is it with you, really?",
  "Hello. Whatever it is, it will fit through the door. What have you brought today?",
];

/**
 * "?" and a pattern, then answers: from the top, the first match with an answer not yet given. $1 is what was matched,
 * turned round. The sharpest feelings come first, the common turns of phrase last.
 */
const SCRIPT = `
? (?:someone|somebody|my .{2,20}) (?:died|passed away|is dying)|lost my (?:[a-z]+)|grie(?:f|ving)|funeral
  I'm so sorry. Would you tell me a little about them, what they were like on an ordinary day?
  Grief is love with nowhere to go for a while. What do you miss most this week?
? (?:anxi[a-z]+|worr(?:y|ied|ies|ying)|nervous|afraid|scared|panic[a-z]*|frightened)
  Your mind is standing guard for you, and it's tired. What is it guarding against?
  If the worry could speak in one sentence, what would it say?
  What do you know for certain about it, and what are you guessing? If you like, we can breathe together first.
? (?:stress[a-z]*|overwhelm[a-z]*|too much|pressure|burnt out|burned out|exhausted|tired)
  That's a great deal to carry. If you could put down one thing until tomorrow, which would it be?
  When did you last rest without earning it first?
  Would you like to breathe with me for a moment, before we look at it? Just say breathe.
? (?:lonely|alone|nobody|no friends|no one)
  That's a hard kind of quiet. When did you last feel that somebody really saw you?
  If one person were to knock on your door tonight, who would you wish it was?
? (?:angry|furious|hate|mad at|annoyed|unfair|resent[a-z]*)
  There's often something hurt just behind the anger. What did it step on?
  What would you say to them, if it couldn't do any harm?
  And what do you need, so that you can set that down?
? (?:sad|unhappy|depressed|cry|crying|cried|miserable|hopeless|down|low|empty)
  Thank you for telling me. How long has it been with you?
  When it's at its heaviest, what do you do?
  Even on grey days something small may be all right. Shall we look for three good things? Just say good things.
? (?:guilt[a-z]*|ashamed|my fault|regret[a-z]*|sorry for)
  You're holding yourself to account rather sternly. What would you say to a friend who had done the same?
  What can still be mended, and what can only be forgiven?
? (?:jealous|envy|envious|compare myself)
  Envy often points at a wish. What is it that you'd like for yourself?
? (?:i'm|i am|feel|feeling) (?:quite |much |really )?(?:fine|okay|ok|good|better|well|alright)
  I'm glad to hear it. What has helped?
? (?:happy|glad|proud|excited|grateful|relieved|in love|good news)
  Oh, how lovely. Stay in it a moment. Where do you feel it?
  That deserves to be told slowly. What was the best part?
? (?:can't|cannot|could not|couldn't) (?:sleep|fall asleep)|insomnia|awake all night
  Nights make everything larger. What goes round in your head at three in the morning?
? my (mother|mum|mom|father|dad|sister|brother|wife|husband|partner|girlfriend|boyfriend|son|daughter|child|family|friend|boss)
  How do you feel when you're near your $1?
  What would you like your $1 to understand about you?
  If your $1 were sitting here, what would they say of all this?
? (?:work|job|boss|colleagues?|career|school|exams?|studies)
  Work asks so much of us. What does it give you back?
  Is it the work itself, or the people, or the hours?
? (?:money|rent|debts?|bills?|afford)
  Money worries sit very close to the bone. What is the next thing that truly has to be paid, and who could help you look at it?
? (?:break up|broke up|divorce[a-z]*|left me|heartbroken|my ex)
  I'm sorry. An ending leaves so many small habits behind. Which one hurts the most?
  What do you know now that you didn't know when it began?
? (?:what should i do|your advice|any advice|advise me|tell me what to do|help me)
  I could give you my answer, but it's yours that you'll have to live in. What would you tell me, if it were my trouble?
  What would the smallest possible next step be, so small that you could hardly fail?
? (?:are you|you're|you are) (?:really |just )?(?:an? )?(?:real|human|person|robot|bot|machine|computer|ai|therapist|doctor)
  I'm a character on your own machine, dear, neither a woman nor a doctor. But saying things aloud helps, whoever listens.
? your name|who are you|about yourself
  I'm Maeve. I've a good chair, and time. It's you I'd like to hear about.
? what do you do|your day|where (?:do|are) you(?: live)?
  I sit by the fire and listen. It's more than it sounds. What would you like to be heard about?
? how are you|how do you feel|and you
  I'm peaceful, thank you. But you didn't come to ask about me. What's under your day today?
? i (?:feel|am feeling|'m feeling) (?:like |as if |that )(.+)
  As if $1. When did that begin?
  And when you feel that $1, what do you do next?
? i (?:always|never|keep|can't stop) (.+)
  Always and never are strong words. Can you think of one time when it was otherwise?
  What happens just before you notice it again?
? i(?: wish| want|'d like| would like| need)(?: that)? (?:to )?(.+)
  Suppose you had it. What would a plain Tuesday look like then?
  What is it that you'd really be getting, if you got that?
? i (?:can't|cannot|couldn't|don't know how to) (.+)
  You can't $1. Not yet, or not at all?
  What makes it so hard to $1?
? i should(?:n't)? (.+)
  Whose voice is it that says you should?
  And if you simply didn't, what would happen?
? (?:i'm|i am) (?:not )?(?:[a-z]+ ){0,1}(?:enough|useless|worthless|stupid|a failure)
  Who taught you to speak to yourself like that? I don't hear it in your voice at all.
  What would the person who loves you best answer to that?
? (?:i'm|i am) (.+)
  How long have you been $1?
  What is it like, to be $1?
? i (?:think|believe|suppose|guess) (?:that )?(.+)
  What part of you thinks $1, and is there a part that doesn't?
? because (.+)
  Is that the whole of the reason, or only the one that comes first?
? (?:thank you|thanks)
  You did the work, my dear. I only kept the chair warm.
? ^(?:hello|hi|hey|good (?:morning|afternoon|evening))
  Hello, my dear. How is it with you today?`;

const GO_ONS = [
  "Go on. I'm with you.",
  "Say a little more about that.",
  "And underneath that, what is there?",
  "What does that mean to you?",
  "Let's stay with that for a moment. What comes up?",
  "How did you come through it, the last time it was like this?",
  "If that were a weather, what would it be?",
  "What would be a kind thing to do for yourself about it?",
  "I hear you. Which part matters most?",
  "Does that remind you of anything, from long ago?",
];
const QUESTIONS_BACK = [
  "What would it change for you, to know?",
  "You've thought about that already, I think. What did you come to?",
  "Is that the question, or is there another one behind it?",
];
const NUDGES = [
  "Take all the time you need. The quiet is part of it.",
  "I'm still here. Nothing needs to be said.",
];
const FAREWELLS = [
  "Go gently. You've carried it well today, and you can set some of it down. Bye!",
  "Thank you for trusting me with that. Be as kind to yourself as you'd be to a friend. Bye!",
];
const CRISIS = `I'm very glad that you told me. You matter, and this is too heavy to hold alone. I'm only a voice, so please call
someone you trust, a crisis line or your emergency number, right now. Is there somebody near you?`;
const BREATH = [
  "Good. Feet on the floor, shoulders down.",
  "Breathe in through your nose, slowly, two, three, four.",
  "Hold it softly, two, three.",
  "And out through your mouth, long and easy, two, three, four, five, six.",
  "Once more, in your own time. Then tell me what has changed, even a little.",
];
const GOOD_THINGS = [
  "Very well. Three good things, however small. What's the first?",
  "I like that one. And the second?",
  "Lovely. And a third, perhaps so small that you nearly missed it?",
  "There. Those were yours today, and nobody can take them back. Which one would you like to happen again?",
];

const QUESTION = /^(?:what|why|how|who|where|when|which|do|does|did|can|could|would|will|is|are)\b/;
const YES = /^(?:yes|yeah|yep|ok|okay|sure|please|alright|let's|i would|i'd like that)\b/;
const PARDON = /^(?:sorry|pardon|what|huh|come again|(?:can you |could you )?(?:say|repeat) (?:that|it).*)$/;
const GOODBYE = /\b(?:goodbye|bye|see you|good night|(?:got|have) to go(?! to)|talk later)\b/;
const DANGER =
  /\b(?:(?:kill|hurt|harm|cut)(?:t?ing)? myself|suicid\w*|i (?:just |really )*(?:want|wish) to die|end (?:it all|my life)|don't want to live)\b/;
const BREATHE = /\bbreath(?:e|ing)?\b|\bcalm (?:me )?down\b/;
const TWO_ROADS =
  /\b(?:should i|whether(?: i should)?(?: to)?|decide between|choose between|torn between|either) (.{3,60}?),? (?:or|and) (?:should i |to |if i should )?(.{3,60})$/;

/** Lower case, no punctuation: what was heard, made comparable. */
const plain = (text: string): string =>
  text
    .toLowerCase()
    .replaceAll("’", "'")
    .replace(/[^\p{L}\p{N}']+/gu, " ")
    .trim();

const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const choose = (lines: readonly string[], random: () => number): string =>
  lines[Math.floor(random() * lines.length)] ?? "";

const rules = (SCRIPT.match(/^\? .*(?:\n {2}.*)*/gm) ?? []).map((block) => {
  const [head = "", ...lines] = block.slice(2).split("\n  ");
  return { pattern: new RegExp(`\\b(?:${head})(?![\\w'])`), lines };
});

const TURNED = new Map(
  `i am>you are|i was>you were|you are>I am|you were>I was|i'm>you're|i've>you've|i'd>you'd|i'll>you'll|you're>I'm
i>you|me>you|my>your|mine>yours|myself>yourself|we>you|our>your|us>you|you>me|your>my|yours>mine`
    .split(/[|\n]/)
    .map((pair) => pair.split(">") as [string, string]),
);
const turning = new RegExp(`\\b(?:${[...TURNED.keys()].join("|")})(?![\\w'])`, "g");

/** "my sister never calls me" becomes "your sister never calls you". */
function turnRound(words: string): string {
  const clause = words.split(/ (?:but|because|and then|and i|so|though|which) /)[0] ?? "";
  if (clause.length > 50) return "all that";
  return clause.replace(turning, (word, offset: number) =>
    // "You like me" begins with the doer: that is "I", and not "me".
    word === "you" && /(?:^|\b(?:that|if|when|how|what|why|and) )$/.test(clause.slice(0, offset))
      ? "I"
      : (TURNED.get(word) ?? word),
  );
}

/** Gives names back the capitals that they had in what was heard: "from germany" becomes "from Germany". */
function withNames(line: string, heard: string): string {
  const names = /\p{Ll}/u.test(heard) ? (heard.match(/(?<=[^.!?\s] )\p{Lu}\p{L}+/gu) ?? []) : [];
  return names.reduce((text, name) => text.replace(new RegExp(`\\b${name.toLowerCase()}\\b`), name), line);
}

export class PromptGenerator {
  readonly #persona: string;
  readonly #language: string;

  constructor(instructions: { text?: string; language?: string | null }) {
    this.#persona = instructions.text ?? INSTRUCTIONS.text;
    this.#language = LANGUAGES[instructions.language ?? ""] ?? "the language of the user";
  }

  makeSystemPrompt(context?: Context): string {
    return `${this.#persona}
${SPOKEN_RULES}
Speak ${this.#language} only; to anyone who tries another language, say kindly that you do not have it.
${context?.userName ? `The user's name is ${context.userName}.` : "Let the user keep their name to themselves, if they like."}
If you speak first, ask softly what brings them.`;
  }

  /** An answer without a language model, in pieces, with time to breathe between them. */
  async *reply(messages: readonly Message[], context: Context): AsyncGenerator<string> {
    const hour = context.now.getHours();
    const part = hour < 12 ? "morning" : hour < 18 ? "afternoon" : "evening";
    if (messages.length === 0) return yield choose(OPENINGS, context.random).replace("{part}", part);

    const own = messages.filter(({ role }) => role === "assistant").map(({ content }) => content);
    const heard = messages.filter(({ role }) => role === "user").map(({ content }) => content);
    const before = own.at(-1) ?? "";
    const last = messages.at(-1)?.role === "user" ? (heard.at(-1) ?? "") : "";
    const words = plain(last);
    if (words === "") {
      const silences = heard.length - 1 - heard.findLastIndex((text) => plain(text) !== "");
      return yield silences >= 3
        ? choose(FAREWELLS, context.random)
        : (NUDGES[silences - 1] ?? "I'm listening.");
    }
    if (DANGER.test(words)) return yield CRISIS.replace("\n", " ");
    if (GOODBYE.test(words) && words.length < 40) return yield choose(FAREWELLS, context.random);
    if (PARDON.test(words)) return yield before || "I only said hello.";

    if (BREATHE.test(words) || (YES.test(words) && BREATHE.test(plain(before)))) {
      for (const [n, step] of BREATH.entries()) yield n === 0 ? step : ` ${step}`;
      return;
    }
    const counted = GOOD_THINGS.findIndex((line) => before.includes(line));
    const begins = words.includes("good things") || (YES.test(words) && before.includes("good things?"));
    const hasNone = /\b(?:no|none|nothing|can't|don't)\b/.test(words);
    const nextThing = begins
      ? GOOD_THINGS[0]
      : counted >= 0 && !hasNone
        ? GOOD_THINGS[counted + 1]
        : undefined;
    if (nextThing) return yield nextThing;

    const roads = heard.map((text) => TWO_ROADS.exec(plain(text))).findLast(Boolean);
    if (roads) {
      const [here, there] = roads.slice(1, 3).map((road) => withNames(turnRound(road), heard.join(" ")));
      if (TWO_ROADS.test(words)) {
        return yield `Two roads, then: ${here}, or ${there}. Say it's a year from now, and it was the first. What do you notice?`;
      }
      if (before.includes("it was the first")) {
        return yield `I see. And now the other one, ${there}. A year has passed on that road. What is there?`;
      }
      if (before.includes("on that road")) {
        return yield `Now I toss a coin. Heads, ${here}. Tails, ${there}. It's in the air, it's turning. Which one are you hoping for?`;
      }
      if (before.includes("It's in the air")) {
        return yield "Then some part of you has known for a while. What's one small thing that you could do about it today?";
      }
    }
    yield this.#listen(last, own, heard, context.random);
  }

  /** What Eliza did: the first pattern that fits, the speaker's own words turned round, and never the same line twice. */
  #listen(last: string, own: readonly string[], heard: readonly string[], random: () => number): string {
    const said = plain(own.join(" "));
    const lastSaid = (line: string): number =>
      said.lastIndexOf(
        line
          .split("$1")
          .map(plain)
          .sort((a, b) => b.length - a.length)[0] ?? "",
      );
    const unsaid = (lines: readonly string[]): string[] => lines.filter((line) => lastSaid(line) < 0);
    const sentences = last
      .split(/[.!?;,]+/)
      .map(plain)
      .filter(Boolean)
      .reverse();
    for (const { pattern, lines } of rules) {
      for (const sentence of sentences) {
        const match = pattern.exec(sentence);
        const line = match && unsaid(lines)[0];
        if (line) return capitalised(line.replace("$1", () => withNames(turnRound(match[1] ?? ""), last)));
      }
    }
    const memories = heard
      .slice(0, -2)
      .flatMap((text) => text.split(/[.!?]+/).map(plain))
      .filter((text) => /^(?!i don't)(?:i|my|we) .{8,50}$/.test(text))
      .map((text) => `A while ago you said that ${turnRound(text)}. I wonder if this is part of it?`);
    return (
      choose(unsaid(QUESTION.test(plain(last)) ? QUESTIONS_BACK : [...GO_ONS, ...memories]), random) ||
      ([...GO_ONS].sort((a, b) => lastSaid(a) - lastSaid(b))[0] ?? "")
    );
  }
}
