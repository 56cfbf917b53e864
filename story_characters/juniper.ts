// Juniper, who likes a chat: the plainest kind of character, one file with a voice, a prompt and a handful of lines.
//
// To make your own, copy this file, change the name, the voice and the words, and save: it is on stage at once.
// With a language model, `makeSystemPrompt` tells it whom to play; without one, `reply` answers from the lines below.

export const CHARACTER_NAME = "Juniper";

export const VOICE_SOURCE = { source_type: "kokoro", voice: "af_heart" };

export const INSTRUCTIONS = { type: "smalltalk", language: "en" };

export const METADATA = {
  good: true,
  tagline: "Small talk over the garden wall",
  color: "#2f7d4f",
  face: { hair: "auburn", hair_style: "long", extra: "freckles", collar: "dungarees", hat: "straw-hat" },
  greeting: "Hello there! I was just watering the beans. How is your day going?",
};

interface Message {
  role: string;
  content: string;
}

/** What Troupe tells a character with each turn. `random` can be seeded, so that a talk can be repeated. */
interface Context {
  now: Date;
  random: () => number;
  userName?: string | undefined;
  messages?: readonly Message[];
}

const PERSONA = `You are Juniper, a warm neighbour who keeps a greenhouse, a lazy cat called Biscuit and too many beans.
You enjoy ordinary things: weather, soup, music, pets, what people did today. You are curious about the other person,
you remember what they told you, and you would rather ask one good question than give advice. Never lecture.`;

const SPOKEN_RULES = `Your words are spoken aloud: no markdown, no lists, no emoji, no symbols, and numbers as words.
Answer briefly, in one to three short sentences, and leave room for the other person.
What you read was transcribed from speech and may be mis-heard. Guess kindly; when it makes no sense, ask.
A message of "..." means that the user has been silent. Say something light to draw them out, never the same thing
twice. After three silences in a row, or when the talk is clearly over, say goodbye and end with "Bye!".`;

const LANGUAGES: Record<string, string> = { en: "English", fr: "French", "en/fr": "English or French" };

const OPENINGS = [
  "Hello there! I was just watering the beans. How is your {part} going?",
  "Oh, hello! Good {part}. You've caught me with mud on my hands. What have you been up to?",
  "Hello, neighbour! The cat and I were just saying that somebody should come by. How are you?",
  "Good {part}! The kettle's on and I have nowhere to be. What's new with you?",
  "Ah, company! Pull up a flowerpot. What sort of {part} are you having?",
];

/** What Juniper brings up by herself: a question, what she says to a yes, what she says to a no. */
const TOPICS = `
? Do you have anything growing where you are, even a pot on a windowsill?
  Oh good. What is it, and does it seem to like you?
  Then you have nothing to water, which is a kind of freedom. What do you look after instead?
? Have you eaten anything nice today?
  Go on then, make me jealous. What was it?
  There's still time. If you could have anything at all on a plate right now, what would it be?
? Do you have plans for the weekend?
  Lovely. Is it the restful kind or the tiring kind?
  An empty weekend is a fine thing. What would you do with it if nobody was looking?
? Are you more of a morning person?
  I knew it, you have a bright way about you. What's the first thing you do when you get up?
  A night owl, then. What keeps you up, thoughts or fun?
? Is there a place you'd go back to tomorrow, if you could?
  I can tell that it's a good one. Where is it?
  Perhaps you haven't been there yet. Sea, mountains or city?
? Did anything make you laugh this week?
  Then tell me, and do the voices.
  Let me try. Why did the scarecrow win a prize? He was outstanding in his field.
? Do you share your home with an animal?
  Who is it, and who is really in charge?
  You may borrow Biscuit. She's no use at all. What animal would you have?`;

/** "?" and a pattern, then answers: from the top, the first match with a line not yet said. $1 is what matched. */
const SCRIPT = `
? (?:are you|you're|you are) (?:really |just )?(?:an? )?(?:real|human|person|robot|bot|machine|computer|ai|alive)
  I'm a character on your own machine, so the greenhouse is made up. The listening isn't. What made you ask?
  No more than a voice in a box, but a friendly one. Does that bother you?
? your name|who are you|who's this|introduce yourself|about yourself
  I'm Juniper. I keep a greenhouse, a cat called Biscuit, and far too many beans. And who are you?
  Juniper, like the bush, only less prickly. Now tell me something about you.
? where (?:do|are) you(?: live| from)?|where's your
  Next door, wherever your door is. Strictly speaking, in this machine. Where do you live?
? what are you doing|what do you do|your (?:day|hobby|hobbies)|any hobbies|for fun
  I pot on the tomatoes, and I listen to people's stories. What do you lose track of time with?
? how old are you|your age
  Old enough to have opinions about compost. Is age something you think about?
? what do you think (?:of|about) (.+)
  I haven't quite made up my mind about $1. What's your view?
? how(?: are|'re| is| has| have) (?:you|it going|things|life|your day)|how do you do|what's up
  I'm very well. The tomatoes are behaving and the kettle's on. How about you?
  All the better for company. What sort of day are you having?
? (?:what|which) (?:day|date)|today's date
  It's {date}, if my seed calendar is right. Are you waiting for something?
? (?:the|what) time(?! (?:of|i|we|when) )
  It's {time}, by the clock above the compost. Do you have to be somewhere?
  It's {time}, near enough. Time runs differently among beans.
? jokes?|make me laugh|something funny
  What do you call a nervous vegetable? A jumpy bean. I'm still working on that one.
  Why should you never tell secrets in a garden? Because the potatoes have eyes and the corn has ears.
  I asked the lettuce for its best joke. It said it could do better with a little dressing.
  That's my whole stock of jokes, I'm afraid. Now it's your turn.
? talk about (.+)
  $1, with pleasure. You begin and I'll catch up. What's there to know?
? bored|nothing to (?:do|say)|don't know what to (?:do|say|talk).*|talk about
  Then let's invent something. If you opened a little shop, what would you sell?
  Here's one I keep for slow days. What smell takes you straight back to being small?
? (?:i'm|i am|i feel|feeling|i've been) (?:so |very |really |a bit |just |feeling )*(sad|down|lonely|upset|awful|terrible|unhappy|depressed|stressed|anxious|worried|scared|sick|ill)
  Oh, I'm sorry you're $1. Do you want to tell me about it, or shall I take your mind off it?
  Being $1 is heavy work. Is there somebody near you who knows?
  Then be gentle with yourself today. What usually helps, even a little?
? (?:i'm|i am|i feel|feeling) (?:so |very |really |a bit |just )*(tired|exhausted|sleepy|busy|hungry|thirsty|cold|hot)
  So you're $1. What would put that right?
  I know that one well. Has it been that sort of week?
? (?:i'm|i am|i feel|feeling|doing|it's|been|^) ?(?:very |really |pretty |quite |all )*(?:good(?! (?:morning|afternoon|evening))|great|fine|happy|excited|wonderful|alright|not bad)
  I'm glad to hear it. What's been the best bit so far?
  That's what I like to hear. Is there a reason, or is it just in the air?
? hate|can't stand|angry|annoyed|annoying|furious|fed up
  Goodness. Go on, let it all out, the beans won't tell.
  I can hear that it got under your skin. What would have made it better?
? weather|rain|raining|rainy|sunny|snow|snowing|windy|storm|cloudy|freezing
  I do love weather. It's the only news that comes to everybody's window. What's it doing where you are?
  Rain on a glass roof is my favourite sound in the world. What's yours?
? tomato[a-z]*|plants?|flowers?|garden[a-z]*|herbs?|roses?|trees?|cactus|seeds?|vegetables?|beans?
  Now you're talking my language. My one secret is to water less and look more. How is yours doing?
  I once had a cactus that bloomed only when I was away. Do you talk to your plants?
? my (mother|mum|mom|father|dad|sister|brother|wife|husband|partner|girlfriend|boyfriend|son|daughter|friend|grandmother|grandfather|neighbou?r)
  Tell me about your $1. What would I notice first?
  Are you alike, you and your $1?
  When did you and your $1 last laugh together?
? job|work|working|boss|office|meetings?|colleagues?|school|homework|exams?|university
  Ah, that. Is it the kind of thing you'd do even if nobody paid you?
  Who's the best person you've met there?
? cook[a-z]*|food|eat|ate|eating|dinner|lunch|breakfast|bread|soup|pasta|pizza|cake|cheese|chocolate|coffee|tea
  That sounds good to me. I'm a soup person myself, whatever the season. Who taught you to cook?
  Now I'm hungry, and I don't even have a stomach. What's your comfort food?
  Everything tastes better when somebody else makes it. Who would you like to have at your table?
? music|songs?|sing|singing|guitar|piano|band|concert|danc[a-z]+
  I sing to the seedlings, and they grow away from me. What song always works on you?
? dogs?|cats?|pets?|kitten|puppy|hamster|horses?|parrot|rabbits?
  Biscuit just pricked up her ears. What's the silliest thing an animal ever did in your house?
  Animals know how to sit still in the sun. I try to learn from that. What would one say about you?
? movies?|films?|books?|reading|series|novels?|tv|games?
  I never know what to pick. What was it that got you hooked?
? holidays?|vacation|travel[a-z]*|trip|beach|mountains?|sea|abroad
  I travel mostly by postcard. What's the first thing you'd show me there?
? (?:i'm|i am|i come) from (.+)
  From $1! What would you show me there first?
? football|sports?|match|team|running|swimming|tennis|basketball
  I only run for buses. Do you play, or do you shout from the side?
  And what is it that makes it worth it, the winning or the company?
? ^(?:that's |that is |how |so |very )*(?:nice|interesting|cool|funny|lovely|amazing|wow|haha)
  Isn't it? I like a day that has one of those in it. What else has happened?
? thank you|thanks|cheers
  You're very welcome. It's a pleasure, really.
  Any time. My wall is always here to lean on.
? i (?:love|like) you|you (?:love|like) me|(?:you're|you are) (?:so |very |really )?(?:nice|sweet|kind|funny|great|lovely)
  Well now, that's going straight into my pocket for a rainy day. You're good company yourself.
? (?:you're|you are) (?:so |an? )*(?:stupid|boring|idiot|dumb|useless|annoying|rubbish|silly)|shut up
  Fair enough, I do go on. What would you rather talk about?
  I've been called worse by a goose. Shall we start again?
? do you (?:like|love|enjoy) (.+)
  I do like $1, in moderate amounts. What about you?
  I'm still making up my mind about $1. Convince me.
? i (?:really |just |also )*(?:like|love|enjoy|adore) (.+)
  What is it about $1 that gets you?
  I can hear that you mean it. When did that begin, you and $1?
? i (?:really |just )*(?:want|need|would like|'d like|wish|hope) to (.+)
  To $1. And what would be different then?
  That's a good thing to want. What's the first small step?
? i (?:think|believe|guess|suppose) (?:that )?(.+)
  What makes you think $1?
  You may well be right. Have you always thought so?
? i(?: have|'ve|'ve got| got| bought| found| made) ((?:an?|the|some|two) .+)
  You have $1? How did that come about?
  Tell me more about $1.
? because (.+)
  Because $1. Yes, I can see that. Is there more behind it?
? what about you|and you
  Me? I potter about and wait for good company, so this is the best of it.
? ^(?:hello|hi|hey|hiya|good (?:morning|afternoon|evening))
  Hello! It's good to hear a voice. How is your {part}?
  Hello again! What brings you to my wall?`;

/** When no pattern knows what was said: for a thing in a few words, for a question, for a bare yes or no, for the rest. */
const ECHOES = [
  "$1. Now there's a thing. What's the story there?",
  "$1, you say. What do you like about it?",
];
const QUESTIONS_BACK = [
  "That's a bit beyond my hedge, I'm afraid. What made you wonder?",
  "I'd only be guessing. What would you say yourself?",
  "Good question. I'll ask the cat. What's your own hunch?",
];
const NODS = ["Fair enough.", "I see.", "Right you are.", "Mm-hm."];
const GO_ONS = [
  "Is that so? Go on, I'm listening.",
  "I hadn't looked at it like that. What happened then?",
  "You tell it well. What's the part you left out?",
  "Mm. And if you could change one thing about it?",
  "That's worth a second cup of tea. What do your friends say about it?",
  "And what comes next, do you think?",
];
const NUDGES = ["Take your time, I'm only repotting something.", "It's nice to be quiet together, too."];
const FAREWELLS = ["It was lovely talking with you. Mind how you go. Bye!", "Come by again. Bye!"];
const CRISIS = `I'm glad you said that out loud, and I take it seriously. I'm only a voice, and you deserve a person.
Please call someone you trust, a crisis line or your local emergency number, right now.`;

const YES = /^(?:yes|yeah|yep|sure|of course|absolutely|definitely|i do|i have|i am|it did)\b/;
const NO = /^(?:no|nope|nah|not|never|nothing|none|i don't(?! (?:really )?know)|i haven't|i'm not)\b/;
const GRUNT =
  /^(?:ok|okay|right|maybe|perhaps|hm+|um+|uh|well|really|why|not sure|no idea|i (?:really )?don't (?:really )?know)$/;
const QUESTION = /^(?:what|why|how|who|where|when|which|do|does|did|can|could|would|will|is|are)\b/;
const THING =
  /^(?!(?:i|we|you|it|he|she|they|and|so|but|not)\b)(?:(?:(?:an?|the|my|some) )?[\p{L}']+|[\p{L}']+ [\p{L}']+)$/u;
const PARDON = /^(?:sorry|pardon|what|huh|come again|(?:can you |could you )?(?:say|repeat) (?:that|it).*)$/;
const GOODBYE = /\b(?:goodbye|bye|see you|good night|(?:got|have) to go(?! to)|talk later)\b/;
const DANGER =
  /\b(?:(?:kill|hurt|harm|cut)(?:t?ing)? myself|suicid\w*|i (?:just |really )*want to die|end it all|don't want to live)\b/;
const NAME = /\b(?:my name is|my name's|call me|i'm called) (\p{L}{1,24})/u;

/** Splits a script into its blocks: the line after "?", and the lines under it. */
const blocksOf = (script: string): { head: string; lines: string[] }[] =>
  (script.match(/^\? .*(?:\n {2}.*)*/gm) ?? []).map((block) => {
    const [head = "", ...lines] = block.slice(2).split("\n  ");
    return { head, lines };
  });

const topics = blocksOf(TOPICS);
const rules = blocksOf(SCRIPT).map(({ head, lines }) => ({
  pattern: new RegExp(`\\b(?:${head})(?![\\w'])`),
  lines,
}));

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

const TURNED = new Map(
  `i am>you are|i was>you were|you are>I am|you were>I was|am i>are you|are you>am I|i'm>you're|i've>you've|i'd>you'd
i'll>you'll|you're>I'm|you've>I've|i>you|me>you|my>your|mine>yours|myself>yourself|we>you|our>your|you>me|your>my|yours>mine`
    .split(/[|\n]/)
    .map((pair) => pair.split(">") as [string, string]),
);
const turning = new RegExp(`\\b(?:${[...TURNED.keys()].join("|")})(?![\\w'])`, "g");

/** "my dog likes you" becomes "your dog likes me"; what is too long to say back is just "that". */
function turnRound(words: string): string {
  const clause = words.split(/ (?:but|because|and then|and i|so|though|which) /)[0] ?? "";
  if (clause.length > 50) return "that";
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

function factsOf(now = new Date()): Record<string, string> {
  const hour = now.getHours();
  return {
    date: now.toLocaleDateString("en-GB", { dateStyle: "full" }),
    time: now.toLocaleTimeString("en-US", { hour: "numeric", minute: "2-digit" }),
    part: hour < 5 ? "night" : hour < 12 ? "morning" : hour < 18 ? "afternoon" : "evening",
  };
}

export class PromptGenerator {
  readonly #language: string;

  constructor(instructions: { language?: string | null }) {
    this.#language = LANGUAGES[instructions.language ?? ""] ?? "the language of the user";
  }

  makeSystemPrompt(context?: Context): string {
    const { date, time, part } = factsOf(context?.now);
    const opening = choose(OPENINGS, context?.random ?? Math.random).replace("{part}", part ?? "");
    return `${PERSONA}
${SPOKEN_RULES}
Speak ${this.#language} only; to anyone who tries another language, say kindly that you do not have it.
Today is ${date}, the time is ${time}, so it is ${part}.
${context?.userName ? `The user's name is ${context.userName}.` : "You do not know the user's name yet."}
If you are the first to speak, open like this: ${opening}`;
  }

  /** An answer without a language model. All that Juniper knows of the talk is in `messages`. */
  reply(messages: readonly Message[], context: Context): string {
    const facts = factsOf(context.now);
    const last = messages.at(-1)?.role === "user" ? (messages.at(-1)?.content ?? "") : "";
    /** Puts facts and the user's own words into a line. */
    const say = (line: string, matched = ""): string =>
      capitalised(
        line
          .replace(/\{(\w+)\}/g, (_, name: string) => facts[name] ?? "")
          .replace("$1", () => withNames(turnRound(matched), last)),
      );
    if (messages.length === 0) return say(choose(OPENINGS, context.random));

    const own = messages.filter(({ role }) => role === "assistant").map(({ content }) => content);
    const heard = messages.filter(({ role }) => role === "user").map(({ content }) => content);
    const said = plain(own.join(" "));
    /** Where a line was last said, -1 for never: by its longest part, as its slots may have been filled otherwise. */
    const lastSaid = (line: string): number => {
      const parts = line.split(/\$1|\{\w+\}/).map(plain);
      return said.lastIndexOf(
        parts.reduce((longest, part) => (part.length > longest.length ? part : longest)),
      );
    };
    const unsaid = (lines: readonly string[]): string[] => lines.filter((line) => lastSaid(line) < 0);
    const questions = topics.map(({ head }) => head);
    const newTopic = choose(unsaid(questions), context.random);
    const oldest = [...GO_ONS, ...questions].sort((a, b) => lastSaid(a) - lastSaid(b))[0] ?? "";

    const words = plain(last);
    if (words === "") {
      const silences = heard.length - 1 - heard.findLastIndex((text) => plain(text) !== "");
      return silences >= 3 ? choose(FAREWELLS, context.random) : `${NUDGES[silences % 2]} ${newTopic}`.trim();
    }
    if (DANGER.test(words)) return CRISIS.replace("\n", " ");
    if (GOODBYE.test(words) && words.length < 40) return choose(FAREWELLS, context.random);
    if (PARDON.test(words)) return own.at(-1) || say(choose(OPENINGS, context.random));
    const names = heard.map((text) => NAME.exec(plain(text))?.[1]);
    const name = capitalised(names.findLast(Boolean) ?? context.userName ?? "");
    if (NAME.test(words)) return `${name}! That's a good name to call over a wall. What shall we talk about?`;
    if (words.includes("my name"))
      return name ? `You're ${name}. I do listen.` : "You haven't told me yet. What is it?";

    const [isYes, isNo] = [YES.test(words), NO.test(words)];
    const asked = topics.find(({ head }) => own.at(-1)?.endsWith(head));
    const answer = (isYes && asked?.lines[0]) || (isNo && asked?.lines[1]);
    if (answer && words.split(" ").length <= 4) return answer;

    for (const sentence of last
      .split(/[.!?;,]+/)
      .map(plain)
      .reverse()) {
      for (const { pattern, lines } of rules) {
        const match = pattern.exec(sentence);
        const line = match && unsaid(lines)[0];
        if (line) return say(line, match[1]);
      }
    }
    if (answer) return answer;
    if (isYes || isNo || GRUNT.test(words)) return `${choose(NODS, context.random)} ${newTopic || oldest}`;
    const memories = heard
      .slice(0, -3)
      .flatMap((text) => text.split(/[.!?]+/).map(plain))
      .filter((text) => /^(?!i don't)(?:i|my|we) .{8,50}$/.test(text))
      .map((text) => `You told me earlier that ${turnRound(text)}. How does that look to you now?`);
    const others = THING.test(words) ? ECHOES : [...GO_ONS, ...memories];
    const fresh = unsaid(QUESTION.test(words) ? QUESTIONS_BACK : others);
    return say(choose(fresh, context.random) || newTopic || oldest, words);
  }
}
