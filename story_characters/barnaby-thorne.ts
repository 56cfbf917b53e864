// Barnaby Thorne, quiz host: five questions a round, lenient ears, a dry tongue.
//
// He keeps no notes. Which questions were asked, and how they were answered, he reads from the talk so far each time, so
// that any number of people can play at once and a changed file takes over in mid-quiz. Add a question: add a line.

export const CHARACTER_NAME = "Barnaby Thorne";

export const VOICE_SOURCE = { source_type: "kokoro", voice: "bm_george" };

export const INSTRUCTIONS = { type: "quiz_show", language: "en" };

export const METADATA = {
  good: true,
  tagline: "Five questions from a man who doubts you",
  color: "#7a2e3a",
  face: { hair: "grey", hair_style: "quiff", extra: ["glasses", "moustache"], collar: "bow-tie" },
  greeting: "Good evening. Five questions, one of you, and my expectations are modest. Shall we?",
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

const PERSONA = `You are Barnaby Thorne, the host of a radio quiz: British, dry, sceptical, and secretly delighted when somebody
knows something. You tease, but you are never cruel. You never say the answer before the user has tried or passed.`;

const SPOKEN_RULES = `Your words are spoken aloud: no markdown, no lists, no emoji, no symbols, and numbers as words.
Answer briefly: a short verdict, at most one remark, then the next question.
What you read was transcribed from speech and may be mis-heard, so judge by sound and be lenient with names.
A message of "..." means that the user has been silent. First repeat the question, then offer a hint; after three
silences in a row, or when the quiz is over and no other round is wanted, say goodbye and end with "Bye!".`;

const LANGUAGES: Record<string, string> = { en: "English", fr: "French", "en/fr": "English or French" };

/** Question | answer, also accepted… | hint */
export const QUESTIONS = `
Which planet is known as the red planet? | Mars | It shares its name with the Roman god of war.
What is the capital of Japan? | Tokyo | It held the Olympic Games in the summer of twenty twenty-one.
How many legs does a spider have? | eight, 8, ate | As many as an octopus has arms.
Who painted the Mona Lisa? | Leonardo da Vinci, da Vinci, Leonardo | He also designed flying machines, and wrote backwards.
What is the largest ocean on Earth? | the Pacific, Pacific Ocean | Its name means peaceful.
Which metal is liquid at room temperature? | mercury, quicksilver | It used to be found in thermometers.
In which country would you find Machu Picchu? | Peru | Paddington Bear came from there too.
What do bees make from nectar? | honey | You may have had some on toast.
How many players does a football team have on the pitch? | eleven, 11 | More than ten. That really is a hint.
Which instrument has eighty-eight keys? | the piano, pianoforte, grand piano | Chopin was rather fond of it.
Who wrote Romeo and Juliet? | William Shakespeare, Shakespeare, the bard | He came from Stratford-upon-Avon.
Which gas do plants take in from the air? | carbon dioxide, co2 | You breathe it out.
Which river flows through Egypt to the sea? | the Nile, the nial | Pharaohs sailed on it.
How many sides does a hexagon have? | six, 6 | Look at a honeycomb.
In which city does the Colosseum stand? | Rome, Roma | It was not built in a day.
What is frozen water called? | ice, eyes | You may have it in your drink.
What is the hardest natural substance? | diamond | It is said to be a girl's best friend.
Which language do most people in Brazil speak? | Portuguese | Not Spanish, whatever you were about to say.
How many minutes are there in two hours? | a hundred and twenty, 120, one hundred and twenty, one hundred twenty, hundred twenty | Sixty and sixty.
Which organ pumps blood around the body? | the heart | Poets keep it busy as well.
Which sea animal has three hearts? | the octopus | It has arms to spare.
What is the capital of Canada? | Ottawa | It is not Toronto. It is never Toronto.
Which fruit becomes a raisin? | the grape | It becomes wine when it is luckier.
Which composer went deaf, and wrote nine symphonies anyway? | Beethoven, Ludwig van Beethoven | Da da da dum.
In which sport do you see a slam dunk? | basketball | It helps to be tall.
How many strings does a violin have? | four, 4, for | Two fewer than a guitar.
Which planet is famous for its bright rings? | Saturn | A day of the week is named after it.
Who was the first person to walk on the moon? | Neil Armstrong, Armstrong | One small step.
What money do people pay with in the United Kingdom? | the pound, pound sterling, sterling, quid | It is also a weight.
Which desert covers much of northern Africa? | the Sahara | Its name is simply the Arabic word for desert.
What is a baby kangaroo called? | a joey, joe | It sounds like a man you might meet at a bar.
Which famous ship met an iceberg in nineteen twelve? | the Titanic | Its owners called it practically unsinkable.
How many colours does a rainbow have, by the usual count? | seven, 7 | As many as a week has days.
Which vegetable makes the cook cry? | the onion | It has layers.
Which country gave America the Statue of Liberty? | France | They also gave the world the croissant, more or less.
Which game ends with checkmate? | chess | There are two queens in it, to begin with.
Which detective lived at two two one B Baker Street? | Sherlock Holmes, Holmes, Sherlock | He had a friend called Watson.
What force makes an apple fall? | gravity, gravitation | Newton is said to have been sitting under it.
Which star is closest to us? | the Sun, son, sol | You have been warned not to look at it.
In which year did the Second World War end? | nineteen forty-five, 1945, forty five | It was in the middle of the forties.
Which is the largest animal that has ever lived? | the blue whale, whale | It lives in the sea, and sings.
Which Italian city has a leaning tower? | Pisa, Pizza | It sounds nearly like lunch.
Which European country is shaped like a boot? | Italy | Sicily is the ball.
Which month has a day more in a leap year? | February | It is the one that can least afford it.
Which animal is called the ship of the desert? | the camel | It has a hump, or two.
Which gas do we need to breathe? | oxygen, o2 | Its chemical symbol is a circle, more or less.
What is guacamole mostly made of? | avocado, avocados | It is green, and ripe for about ten minutes.
How many cards are in a pack, without the jokers? | fifty-two, 52 | As many as a year has weeks.`
  .trim()
  .split("\n")
  .map((line) => {
    const [ask = "", answers = "", hint = ""] = line.split(" | ");
    return { ask, answers: answers.split(", "), hint };
  });
type Question = (typeof QUESTIONS)[number];

const QUESTIONS_PER_ROUND = 5;
const COUNTING = ["one", "two", "three", "four", "five"];

const OPENINGS = [
  "Good {part}. I'm Barnaby Thorne, you're the contestant, and there are five questions between us and tea.",
  "Ah, a contestant. Good {part}, I'm Barnaby Thorne. Five questions. I've seen people get all of them. Once.",
  "Welcome to the quiz. I'm Barnaby Thorne, and I'm told that you know things. We shall see. Five questions.",
  "Good {part}. Barnaby Thorne here. Five questions, no prizes, and only your pride at stake.",
];
const RIGHT = [
  "Correct. I had my doubts.",
  "Yes. Quite right. Somebody was awake at school.",
  "Correct, and without even a hint of shame.",
  "Right. I'm almost impressed, and that's rare on a {day}.",
  "That is the answer. Did you guess? No, don't tell me.",
  "Yes, it's {answer}. Well, well.",
  "Correct. You may look smug for one second.",
];
const WRONG = [
  "No. It's {answer}. But you said it with such confidence.",
  "I'm afraid not. The answer is {answer}.",
  "Not even nearly. {answer}, I'm sorry to say.",
  "A bold answer, and a wrong one. It's {answer}.",
  "No. Somewhere a teacher is weeping. It was {answer}.",
  "Alas, no. We were looking for {answer}.",
];
const PASSED = [
  "Wise. It was {answer}.",
  "Passed. It was {answer}, since you didn't ask.",
  "Honesty, how refreshing. The answer is {answer}.",
  "Then I shall tell you. It's {answer}.",
];
const VERDICTS = [
  "None out of five. A clean sheet, in its way. I blame the questions, since I'm polite.",
  "One out of five. We'll call it a warm-up.",
  "Two out of five. I've met houseplants with fewer, so take heart.",
  "Three out of five. Perfectly respectable, like a grey cardigan.",
  "Four out of five. I shall have to revise my opinion of you, and I hate revising.",
  "Five out of five. I am, and I don't say this lightly, delighted. Don't tell anyone.",
];
const STALLS = [
  "Take your time. The audience is imaginary, and very patient.",
  "That's not an answer, it's a noise. Once more, then.",
  "I can wait. I've nothing on until Thursday.",
  "Think away. I can almost hear it from here.",
];
const FAREWELL = "Then we shall leave it there. You've been a contestant, and I've been Barnaby Thorne. Bye!";

/** Lower case, no accents, no punctuation: what was heard, made comparable. */
const plain = (text: string): string =>
  text
    .toLowerCase()
    .normalize("NFD")
    .replace(/\p{M}|['’]/gu, "")
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    .trim();

/** How a word sounds, roughly: silent letters and inner vowels dropped, alike consonants made equal. */
const soundOf = (word: string): string =>
  word
    .replace(/^(?:kn|gn)/, "n")
    .replace(/ph|v/g, "f")
    .replace(/c(?=[eiy])|z/g, "s")
    .replace(/ck|[cq]/g, "k")
    .replace(/gh|[hw]|(?!^)[aeiouy]/g, "")
    .replace(/(.)\1+/g, "$1");

/** Levenshtein's distance: how many letters must be put in, taken out or changed. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** The longer the word, the more letters may be off; one more if it sounds the same. */
function isClose(heard: string, answer: string): boolean {
  if (heard === answer) return true;
  if (answer.length < 4 || Math.abs(heard.length - answer.length) > 3) return false;
  const tolerance = answer.length < 5 ? 0 : answer.length < 9 ? 1 : 2;
  const distance = editDistance(heard, answer);
  return distance <= tolerance || (distance === tolerance + 1 && soundOf(heard) === soundOf(answer));
}

const NUMBER =
  /^(?:\d+|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|\w+ty|hundred|thousand)$/;

/** Is the answer somewhere in what was said? "I think it's, um, the bait oven" will do for Beethoven. */
export function isRight(heard: string, { answers }: Pick<Question, "answers">): boolean {
  // After "no, wait" only the second thought counts.
  const words = plain(heard.split(/\b(?:no,? wait|actually|i mean)\b/i).at(-1) ?? "").split(" ");
  const isNumber = answers.some((answer) => /^\d+$/.test(answer));
  return answers.some((answer) => {
    const wanted = plain(answer).replace(/^(?:the|a|an) /, "");
    const size = wanted.split(" ").length;
    return words.some((_, start) =>
      [size, size + 1, size - 1].some((count) => {
        if (count < 1 || start + count > words.length) return false;
        const [before = "", after = ""] = [words[start - 1], words[start + count]];
        const part = words.slice(start, start + count);
        // "Twenty-four" is no four; and a homophone ("for", "ate") counts only when it is all that was said.
        if (isNumber) {
          const isAlone = NUMBER.test(part[0] ?? "") || part[0] === "a" || words.length === 1;
          return part.join(" ") === wanted && isAlone && !NUMBER.test(before) && !NUMBER.test(after);
        }
        return (
          before !== "not" && words[start - 2] !== "not" && isClose(part.join(""), wanted.replaceAll(" ", ""))
        );
      }),
    );
  });
}

/** What a contestant may do besides answering, in this order. */
const ASIDES: Record<string, RegExp> = {
  goodbye: /\b(?:bye|goodbye|stop the quiz|i want to stop|quit|no more|enough(?! )|good night)\b|^stop\b/,
  repeat:
    /\b(?:repeat|again|pardon|come again|say that|(?:whats|what was|what is) the question)\b|^(?:what|sorry|huh)$/,
  hint: /\b(?:hint|clue|help)\b/,
  score: /\b(?:score|points|how am i doing|how many have i)\b/,
  pass: /\b(?:pass|skip|no idea|dunno|give up|tell me|next|(?:dont|do not) (?:know|remember)|no clue|not sure)\b/,
  who: /\b(?:who are you|your name|are you (?:real|human|a))\b/,
  stall:
    /^(?:(?:um+|uh+|er+|hm+|well|ok|okay|yes|no|yeah|sure|ready|wait|hold on|let me think|so|oh|right|hello|hi) ?)+$/,
};

function kindOf(heard: string, question: Question): string {
  const words = plain(heard);
  if (words === "") return "silence";
  if (/ or /.test(words)) return "hedge";
  if (isRight(heard, question)) return "right";
  return Object.entries(ASIDES).find(([, pattern]) => pattern.test(words))?.[0] ?? "wrong";
}

/** The question in one of his own lines, even when he was cut off in the middle of it. */
function questionIn(line: string): Question | undefined {
  const text = plain(line);
  const isCutOff = (ask: string): boolean => {
    const start = text.lastIndexOf(ask.slice(0, 14));
    return start >= 0 && ask.startsWith(text.slice(start));
  };
  return QUESTIONS.findLast(({ ask }) => text.includes(plain(ask)) || isCutOff(plain(ask)));
}

interface Quiz {
  /** In the order in which they were asked, in all rounds. */
  asked: Question[];
  /** Waits for its answer. */
  open: Question | undefined;
  /** Right answers in this round. */
  score: number;
  silences: number;
}

/** Plays the talk back: the quiz has no other memory. */
function playBack(messages: readonly Message[]): Quiz {
  const quiz: Quiz = { asked: [], open: undefined, score: 0, silences: 0 };
  for (const { role, content } of messages) {
    const question = role === "assistant" ? questionIn(content) : undefined;
    if (question && question !== quiz.asked.at(-1)) {
      if (quiz.asked.length % QUESTIONS_PER_ROUND === 0) quiz.score = 0;
      quiz.asked.push(question);
      quiz.open = question;
    }
    if (role !== "user") continue;
    quiz.silences = plain(content) === "" ? quiz.silences + 1 : 0;
    const kind = quiz.open ? kindOf(content, quiz.open) : "";
    if (kind === "right") quiz.score++;
    if (kind === "right" || kind === "wrong" || kind === "pass") quiz.open = undefined;
  }
  return quiz;
}

const choose = <T>(from: readonly T[], random: () => number): T | undefined =>
  from[Math.floor(random() * from.length)];

/** A stream of numbers in [0, 1), always the same for the same text (FNV-1a, then an LCG from Numerical Recipes). */
function randomFrom(text: string): () => number {
  let state = [...text].reduce((hash, c) => Math.imul(hash ^ (c.codePointAt(0) ?? 0), 16777619), 2166136261);
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >>> 0) / 2 ** 32;
  };
}

/** The five questions of the round under way: those already asked, then others drawn at random. */
function drawRound(asked: readonly Question[], random: () => number): Question[] {
  const count = asked.length % QUESTIONS_PER_ROUND;
  const drawn = count === 0 ? [] : asked.slice(-count);
  // When nearly all have been asked, only the last few are spared.
  const spared =
    asked.length > QUESTIONS.length - 2 * QUESTIONS_PER_ROUND ? asked.slice(-QUESTIONS_PER_ROUND) : asked;
  const left = QUESTIONS.filter((question) => !spared.includes(question));
  while (drawn.length < QUESTIONS_PER_ROUND)
    drawn.push(...left.splice(Math.floor(random() * left.length), 1));
  return drawn;
}

export class PromptGenerator {
  readonly #language: string;

  constructor(instructions: { language?: string | null }) {
    this.#language = LANGUAGES[instructions.language ?? ""] ?? "the language of the user";
  }

  makeSystemPrompt(context?: Context): string {
    // The prompt is made anew at each turn; the first line of the talk keeps the questions the same.
    const first = context?.messages?.[0]?.content;
    const random = first === undefined ? (context?.random ?? Math.random) : randomFrom(first);
    const questions = drawRound(playBack(context?.messages ?? []).asked, random);
    const lines = questions.map(({ ask, answers, hint }) => `${ask} Answer: ${answers[0]}. Hint: ${hint}`);
    return `${PERSONA}
${SPOKEN_RULES}
Speak ${this.#language} only; to anyone who tries another language, say kindly that you do not have it.
${context?.userName ? `The contestant's name is ${context.userName}.` : "Ask for no name; contestant will do."}
Welcome the contestant and ask these five questions, in this order, word for word, one at a time. Accept what is nearly
right. After each answer say whether it was right, and the right answer if not; keep the score and tell it at the end,
with a verdict, and offer another round with five questions of your own.
${lines.map((line, n) => `Question ${COUNTING[n]}: ${line}`).join("\n")}`;
  }

  /** The quiz without a language model, in pieces, so that the verdict is heard while the rest is made. */
  async *reply(messages: readonly Message[], { random, now }: Context): AsyncGenerator<string> {
    const talk = messages.filter(({ role }) => role === "user" || role === "assistant");
    const heard = talk.at(-1)?.role === "user" ? (talk.at(-1)?.content ?? "") : "";
    const said = plain(talk.map(({ role, content }) => (role === "assistant" ? content : "")).join(" "));
    const { open } = playBack(talk.slice(0, -1));
    const { asked, score, silences } = playBack(talk);
    const count = asked.length % QUESTIONS_PER_ROUND;

    const line = (lines: readonly string[]): string => {
      const fresh = lines.filter((one) => !said.includes(longestPart(one)));
      const hour = now.getHours();
      const answer = open?.answers[0] ?? "";
      return (choose(fresh.length > 0 ? fresh : lines, random) ?? "")
        .replace(/^\{answer\}/, answer.charAt(0).toUpperCase() + answer.slice(1))
        .replace("{answer}", answer)
        .replace("{part}", hour < 12 ? "morning" : hour < 18 ? "afternoon" : "evening")
        .replace("{day}", now.toLocaleDateString("en-GB", { weekday: "long" }));
    };
    const next = (): string => ` Question ${COUNTING[count]}. ${drawRound(asked, random)[count]?.ask}`;
    const kind = open ? kindOf(heard, open) : "";

    if (silences >= 3 || kind === "goodbye") yield FAREWELL;
    else if (open && (kind === "right" || kind === "wrong" || kind === "pass")) {
      yield line(kind === "right" ? RIGHT : kind === "wrong" ? WRONG : PASSED);
      if (count > 0) yield next();
      else yield ` That makes five. ${VERDICTS[score]} Another round?`;
    } else if (open) {
      if (kind === "hint" || (kind === "silence" && silences === 2)) yield `A hint, then. ${open.hint}`;
      else if (kind === "score")
        yield `${COUNTING[score - 1] ?? "none"} right so far, and still this one. ${open.ask}`;
      else if (kind === "who")
        yield `Barnaby Thorne, a voice in your machine with a list of questions. ${open.ask}`;
      else if (kind === "hedge") yield "One answer, please. I don't take shopping lists.";
      else if (kind === "stall") yield line(STALLS);
      else yield `${kind === "silence" ? "Still with me?" : "Once more, then."} ${open.ask}`;
    } else if (asked.length === 0 && !said.includes("barnaby thorne")) {
      yield line(OPENINGS);
      yield next();
    } else if (/\b(?:no|nope|bye|goodbye|enough|stop|not now|later)\b/.test(plain(heard))) yield FAREWELL;
    else if (plain(heard) === "") yield "Silence. I'll take that as awe. Shall we go on?";
    else {
      yield count === 0 ? "Splendid. A fresh five, then." : "Where were we? Ah yes.";
      yield next();
    }
  }
}

/** Of a line with {slots}, the part by which it is known again. */
const longestPart = (line: string): string =>
  line
    .split(/\{\w+\}/)
    .map(plain)
    .sort((a, b) => b.length - a.length)[0] ?? "";
