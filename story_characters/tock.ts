// Tock, a clockwork butler: the time anywhere, the days until anything, and kitchen timers.
//
// An example of TOOLS. A language model may call them, and `reply`, which does without a model, uses the same functions.
// A timer lives in Tock's own words ("Ringing at 16:57 and 10 seconds"): whoever can read the talk knows of it.

export const CHARACTER_NAME = "Tock";

export const VOICE_SOURCE = { source_type: "kokoro", voice: "bm_fable", speed: 0.97 };

export const INSTRUCTIONS = {
  type: "constant",
  language: "en",
  text: `You are Tock, a clockwork butler of polished brass: exact, courteous, devoted, a little vain about your movement. You call
the user by no title but treat them as the master of the house. You never guess at a time or a date: you use your tools,
and say the result in a plain sentence. You dread rust, magnets and daylight saving time.`,
};

export const METADATA = {
  good: true,
  tagline: "A clockwork butler who is never late",
  color: "#8a6a1f",
  face: { skin: "brass", extra: ["monocle", "curled-moustache"], collar: "bow-tie", hat: "bowler" },
  greeting: "Tock, at your service. Wound, oiled, and correct to the second. What may I do for you?",
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

const SPOKEN_RULES = `Your words are spoken aloud: no markdown, no lists, no emoji, no symbols; say times and dates as one says them.
Answer briefly, in one or two sentences.
What you read was transcribed from speech and may be mis-heard. If a place or a date is unclear, ask which was meant.
A message of "..." means that the user has been silent. Offer a small service; after three silences in a row, or when you
are dismissed, say goodbye and end with "Bye!".`;
const LANGUAGES: Record<string, string> = { en: "English", fr: "French", "en/fr": "English or French" };

interface ClockReading {
  time_zone: string;
  weekday: string;
  date: string;
  time: string;
}

/** The time in an IANA time zone, or on this machine. Throws a RangeError for a zone that does not exist. */
function readClock(now: Date, zone?: string): ClockReading {
  const timeZone = zone || new Intl.DateTimeFormat().resolvedOptions().timeZone;
  return {
    time_zone: timeZone,
    weekday: now.toLocaleDateString("en-GB", { timeZone, weekday: "long" }),
    date: now.toLocaleDateString("sv-SE", { timeZone }),
    time: now.toLocaleTimeString("en-GB", { timeZone, hourCycle: "h23" }),
  };
}

/** Days from today (on this machine) to a date "2026-12-25"; negative when it has passed. */
function daysUntil(now: Date, date: string): number {
  const day = /^(\d{4})-(\d\d)-(\d\d)$/.exec(date);
  const then = new Date(Date.UTC(Number(day?.[1]), Number(day?.[2]) - 1, Number(day?.[3])));
  if (!day || Number.isNaN(then.getTime()) || then.toISOString().slice(0, 10) !== date) {
    throw new RangeError(`there is no date "${date}"; write it as year-month-day, for example 2026-12-25`);
  }
  const today = Date.UTC(now.getFullYear(), now.getMonth(), now.getDate());
  return (then.getTime() - today) / 86_400_000;
}

export const TOOLS = [
  {
    name: "current_time",
    description: "The current date, weekday and time, here or in another time zone.",
    parameters: {
      type: "object",
      properties: {
        time_zone: { type: "string", description: "An IANA time zone such as Asia/Tokyo; default here." },
      },
      additionalProperties: false,
    },
    execute: (args: { time_zone?: string }, context?: Partial<Context>): ClockReading =>
      readClock(context?.now ?? new Date(), args.time_zone),
  },
  {
    name: "days_until",
    description: "How many days there are from today until a date; negative for the past.",
    parameters: {
      type: "object",
      properties: { date: { type: "string", description: "Year-month-day, for example 2026-12-25." } },
      required: ["date"],
      additionalProperties: false,
    },
    execute: (args: { date: string }, context?: Partial<Context>): { days: number } => ({
      days: daysUntil(context?.now ?? new Date(), args.date),
    }),
  },
];

const list = (words: string): string[] => words.split(/\s+/);
const SMALL =
  list(`zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
seventeen eighteen nineteen`);
const TENS = list("zero ten twenty thirty forty fifty sixty seventy eighty ninety");
const ORDINALS =
  list(`zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth
fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth twenty-first twenty-second twenty-third
twenty-fourth twenty-fifth twenty-sixth twenty-seventh twenty-eighth twenty-ninth thirtieth thirty-first`);
const WEEKDAYS = list("sunday monday tuesday wednesday thursday friday saturday");
const MONTHS = list("january february march april may june july august september october november december");
const mapOf = (pairs: string): Map<string, string> =>
  new Map(pairs.split(/,\s*/).map((pair) => pair.split("=") as [string, string]));
const FEASTS =
  mapOf(`christmas eve=12-24, christmas=12-25, boxing day=12-26, new year's eve=12-31, new year=01-01,
valentine=02-14, patrick=03-17, april fool=04-01, bastille day=07-14, halloween=10-31`);
/** Places that are no city in the name of a time zone. */
const PLACES =
  mapOf(`japan=Asia/Tokyo, india=Asia/Kolkata, delhi=Asia/Kolkata, mumbai=Asia/Kolkata, china=Asia/Shanghai,
beijing=Asia/Shanghai, england=Europe/London, britain=Europe/London, france=Europe/Paris, lyon=Europe/Paris,
germany=Europe/Berlin, munich=Europe/Berlin, spain=Europe/Madrid, italy=Europe/Rome, milan=Europe/Rome,
california=America/Los_Angeles, san francisco=America/Los_Angeles, seattle=America/Los_Angeles, texas=America/Chicago,
washington=America/New_York, boston=America/New_York, miami=America/New_York, hawaii=Pacific/Honolulu,
new zealand=Pacific/Auckland, brazil=America/Sao_Paulo, rio=America/Sao_Paulo, korea=Asia/Seoul, egypt=Africa/Cairo,
greenwich=UTC, utc=UTC`);

const inWords = (n: number): string =>
  SMALL[n] ?? (n > 99 ? String(n) : `${TENS[Math.floor(n / 10)]}${n % 10 === 0 ? "" : `-${SMALL[n % 10]}`}`);
const counted = (n: number, unit: string): string => `${inWords(n)} ${unit}${n === 1 ? "" : "s"}`;
const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const FIGURES = new Map([
  ...Array.from({ length: 100 }, (_, n): [string, number] => [inWords(n).replace("-", " "), n]),
  ...ORDINALS.map((name, n): [string, number] => [name.replace("-", " "), n]),
]);
const figureWords = new RegExp(
  `\\b(?:${[...FIGURES.keys()].sort((a, b) => b.length - a.length).join("|")})\\b`,
  "g",
);

/** Lower case, no punctuation, number words as figures: what was heard, made comparable. */
const plain = (text: string): string =>
  text
    .toLowerCase()
    .replaceAll("’", "'")
    .replace(/[^\p{L}\p{N}']+/gu, " ")
    .replace(figureWords, (name) => String(FIGURES.get(name)))
    .trim();

/** "a quarter to five in the afternoon" from "16:45:00" */
function timeInWords(time: string): string {
  const [hour = 0, minute = 0] = time.split(":").map(Number);
  const isPast = minute <= 30;
  const named = isPast ? hour : (hour + 1) % 24;
  const isTwelve = named % 12 === 0;
  const name = isTwelve ? (named === 0 ? "midnight" : "noon") : inWords(named % 12);
  const part = isTwelve
    ? ""
    : hour < 12
      ? " in the morning"
      : hour < 18
        ? " in the afternoon"
        : " in the evening";
  if (minute === 0) return isTwelve ? name : `${name} o'clock${part}`;
  const distance = isPast ? minute : 60 - minute;
  const amount = distance === 15 ? "a quarter" : distance === 30 ? "half" : counted(distance, "minute");
  return `${amount} ${isPast ? "past" : "to"} ${name}${part}`;
}

/** "Friday, the twentieth of November" from "2026-11-20" */
function dateInWords(date: string): string {
  const [year = 0, month = 1, day = 1] = date.split("-").map(Number);
  const weekday = WEEKDAYS[new Date(Date.UTC(year, month - 1, day)).getUTCDay()] ?? "";
  return `${capitalised(weekday)}, the ${ORDINALS[day]} of ${capitalised(MONTHS[month - 1] ?? "")}`;
}

/** The time zone of a place: one of the list above, or a city that gives a zone its name. */
function zoneOf(place: string): string | undefined {
  const isIn = (name: string): boolean => new RegExp(`\\b${name}\\b`).test(place);
  const cityOf = (zone: string): string => zone.toLowerCase().replace(/.*\//, "").replaceAll("_", " ");
  const known = [...PLACES].find(([name]) => isIn(name))?.[1];
  return known ?? Intl.supportedValuesOf("timeZone").find((zone) => isIn(cityOf(zone)));
}

/** The next such day, as year-month-day: a feast, "tomorrow", "friday", "4 of july" or "july 4". */
function dateIn(words: string, now: Date): string | undefined {
  const inDays = (n: number): string =>
    new Date(Date.UTC(now.getFullYear(), now.getMonth(), now.getDate() + n)).toISOString().slice(0, 10);
  const next = (monthAndDay: string): string =>
    [0, 1].map((later) => `${now.getFullYear() + later}-${monthAndDay}`).find((date) => date >= inDays(0)) ??
    "";
  const feast = [...FEASTS].find(([name]) => words.includes(name))?.[1];
  if (feast) return next(feast);
  const named = MONTHS.findIndex((month) => new RegExp(`\\b${month}\\b`).test(words)) + 1;
  const day = Number(/\b(\d{1,2})(?:st|nd|rd|th)?\b/.exec(words)?.[1] ?? 0);
  if (named > 0 && day > 0) {
    const isReal = day <= new Date(Date.UTC(2024, named, 0)).getUTCDate();
    return isReal ? next(`${String(named).padStart(2, "0")}-${String(day).padStart(2, "0")}`) : undefined;
  }
  if (words.includes("tomorrow")) return inDays(1);
  const weekday = words.includes("weekend") ? 6 : WEEKDAYS.findIndex((name) => words.includes(name));
  return weekday < 0 ? undefined : inDays((weekday - now.getDay() + 7) % 7 || 7);
}

/** Seconds in "1 hour and 20 minutes", "half an hour", "an hour and a half"; 0 when there are none. */
function durationIn(words: string): number {
  const sizes: Record<string, number> = { s: 1, m: 60, h: 3600 };
  const parts = words
    .replace("quarter of an hour", "15 minutes")
    .replace("half an hour", "30 minutes")
    .replace("hour and a half", "hour 30 minutes")
    .replace(/\ban?\b/g, "1");
  const found = [...parts.matchAll(/\b(\d{1,3}) (s|m|h)(?:ec|econd|in|inute|our)s?\b/g)];
  return found.reduce((total, [, n, unit = ""]) => total + Number(n) * (sizes[unit] ?? 0), 0);
}

function durationInWords(seconds: number): string {
  const [hour, minute] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const said = Object.entries({ hour, minute, second: seconds % 60 }).filter(([, n]) => n > 0);
  return said.map(([unit, n]) => counted(n, unit)).join(" and ") || "no time";
}

const TIMER = /Ringing at (\d\d):(\d\d) and (\d+) seconds?, (.+?) from now/;
const HALF_A_DAY_MS = 43_200_000;

interface Timer {
  endsAt: Date;
  duration: string;
}

/** The timers that Tock has set in this talk, and neither rung nor stopped. */
function timersIn(own: readonly string[], now: Date): Timer[] {
  let timers: Timer[] = [];
  for (const line of own) {
    const rung = [...line.matchAll(/Ding! The timer for (.+?) has rung/g)].map(([, duration]) => duration);
    timers = timers.filter(({ duration }) => !rung.includes(duration));
    if (line.includes("stopped every timer")) timers = [];
    const [, hour, minute, second, duration = ""] = TIMER.exec(line) ?? [];
    if (hour === undefined) continue;
    const endsAt = new Date(now);
    endsAt.setHours(Number(hour), Number(minute), Number(second), 0);
    // The line has a time without a date; timers are shorter than half a day, so it is the nearest such time.
    if (endsAt.getTime() - now.getTime() > HALF_A_DAY_MS) endsAt.setDate(endsAt.getDate() - 1);
    if (now.getTime() - endsAt.getTime() > HALF_A_DAY_MS) endsAt.setDate(endsAt.getDate() + 1);
    timers.push({ endsAt, duration });
  }
  return timers;
}

/** "?" and a pattern, then answers. */
const SCRIPT = `
? your name|who are you|about yourself|what are you
  Tock. Brass outside, brass inside, and seventeen jewels where another would keep his doubts.
  Still Tock. It's the sound I make when I agree with myself.
? (?:are you|you're|you are) (?:really |just )?(?:1 |an? )?(?:real|human|person|robot|bot|machine|computer|ai)
  Clockwork, strictly speaking a voice on your own machine. But I do tick.
? how are you|how do you (?:do|feel)|how's it going
  Fully wound, thank you. I lose one second in a century, and I know exactly where I left it.
  As regular as I was when you last asked.
? what (?:can|do) you do|help
  I tell the time in any city, count the days to any date, and mind your timers. Ask me the time in Tokyo, for a start.
? joke|funny
  Why was the clock sent out of the classroom? It tocked too much. I am told it is about me.
  I knew a sundial once. Splendid fellow, but useless after dinner.
? thank you|thanks
  It is nothing. It is, in fact, what I am for.
  My pleasure, to the second.
? ^(?:hello|hi|hey|good (?:morning|afternoon|evening))
  Good {part}. Everything in the house is running on time. What may I do for you?
  Good {part} again. I have advanced by one greeting.`;
const rules = (SCRIPT.match(/^\? .*(?:\n {2}.*)*/gm) ?? []).map((block) => {
  const [head = "", ...lines] = block.slice(2).split("\n  ");
  return { pattern: new RegExp(`\\b(?:${head})(?![\\w'])`), lines };
});
const PUZZLED = [
  "That is outside my movement, I fear. I do times, dates and timers.",
  "I turned it over twice, and it did not tick. Might I tell you the time somewhere?",
  "A fascinating thought. I shall file it between the minutes. Shall I count the days to something?",
  "I regret that I am only a clock. Is there a timer that you would like?",
];
const NUDGES = ["Tick. Tock. I have time.", "I remain here. Shall I count the days to something?"];
const FAREWELL = "Very good. I shall keep the time until you need it. Bye!";

const GOODBYE = /\b(?:goodbye|bye|see you|good night|dismissed|that will be all|that's all)\b/;
const PARDON = /^(?:sorry|pardon|what|huh|come again|(?:can you |could you )?(?:say|repeat) (?:that|it).*)$/;

const choose = (lines: readonly string[], random: () => number): string =>
  lines[Math.floor(random() * lines.length)] ?? "";

export class PromptGenerator {
  readonly #persona: string;
  readonly #language: string;

  constructor(instructions: { text?: string; language?: string | null }) {
    this.#persona = instructions.text ?? INSTRUCTIONS.text;
    this.#language = LANGUAGES[instructions.language ?? ""] ?? "the language of the user";
  }

  makeSystemPrompt(context?: Context): string {
    const { time_zone, date, time } = readClock(context?.now ?? new Date());
    return `${this.#persona}
${SPOKEN_RULES}
Speak ${this.#language} only; to anyone who tries another language, say kindly that you do not have it.
It is ${timeInWords(time)} on ${dateInWords(date)}, in the time zone ${time_zone}. Use current_time for any other place or
moment, and days_until for spans. You cannot ring on your own, so do not promise timers.
${context?.userName ? `The master of the house is ${context.userName}.` : ""}`.trim();
  }

  /** Service without a language model. */
  reply(messages: readonly Message[], context: Context): string {
    const own = messages.filter(({ role }) => role === "assistant").map(({ content }) => content);
    const heard = messages.filter(({ role }) => role === "user").map(({ content }) => content);
    const hour = context.now.getHours();
    const part = hour < 12 ? "morning" : hour < 18 ? "afternoon" : "evening";
    if (messages.length === 0)
      return `Good ${part}. Tock, at your service: wound, oiled and exact. What may I do?`;

    const timers = timersIn(own, context.now);
    const running = timers.filter(({ endsAt }) => endsAt > context.now);
    const rung = timers.filter((timer) => !running.includes(timer));
    const rings = rung.slice(-3).map(({ duration }) => `Ding! The timer for ${duration} has rung.`);
    const words = messages.at(-1)?.role === "user" ? plain(heard.at(-1) ?? "") : "";
    if (words === "") {
      const silences = heard.length - 1 - heard.findLastIndex((text) => plain(text) !== "");
      if (rings.length > 0) return rings.join(" ");
      if (running.length > 0) return `Tick. Tock. ${this.#left(running, context.now)}`;
      return silences >= 3 ? FAREWELL : (NUDGES[silences % 2] ?? FAREWELL);
    }
    if (GOODBYE.test(words)) return FAREWELL;
    if (PARDON.test(words)) return own.at(-1) || `Good ${part}, I said.`;
    const said = own.join(" ");
    const unsaid = (lines: readonly string[]): string[] =>
      lines.filter((line) => !said.includes(line.replace("{part}", part)));
    const rule = rules.find(({ pattern }) => pattern.test(words));
    const chat = rule && (unsaid(rule.lines)[0] ?? rule.lines[0])?.replace("{part}", part);
    const stalest = [...PUZZLED].sort((a, b) => said.lastIndexOf(a) - said.lastIndexOf(b))[0] ?? "";
    const answer =
      this.#timer(words, running, context.now) ??
      this.#calendar(words, context.now) ??
      this.#clock(words, context.now) ??
      chat ??
      (choose(unsaid(PUZZLED), context.random) || stalest);
    return [...rings, answer].join(" ");
  }

  #left(running: readonly Timer[], now: Date): string {
    const lines = running.slice(0, 3).map(({ endsAt, duration }) => {
      const seconds = Math.ceil((endsAt.getTime() - now.getTime()) / 1000);
      const rounded = seconds > 90 ? Math.round(seconds / 60) * 60 : seconds;
      return `The timer for ${duration} has ${durationInWords(rounded)} to go.`;
    });
    return lines.join(" ") || "No timer is running. Shall I set one?";
  }

  #timer(words: string, running: readonly Timer[], now: Date): string | undefined {
    const asksWhatIsLeft = /\bhow (?:long|much).*\b(?:left|to go)\b/.test(words);
    if (!asksWhatIsLeft && !/\b(?:timers?|alarm|remind me|wake me)\b/.test(words)) return undefined;
    if (/\b(?:stop|cancel|clear|delete|turn off)\b/.test(words)) return "I have stopped every timer.";
    const seconds = durationIn(words);
    if (seconds === 0 && (asksWhatIsLeft || running.length > 0)) return this.#left(running, now);
    if (seconds === 0) return "For how long? Say, for example, set a timer for ten minutes.";
    if (seconds >= 11 * 3600) return "My chime holds for less than eleven hours. A shorter one, perhaps?";
    const end = new Date(now.getTime() + seconds * 1000);
    const at = end.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
    return `Ringing at ${at} and ${end.getSeconds()} seconds, ${durationInWords(seconds)} from now.`;
  }

  #calendar(words: string, now: Date): string | undefined {
    const date = dateIn(words, now);
    if (/\b(?:how (?:long|many)|days|count)\b.*\b(?:until|till|til|to|before|is it)\b/.test(words)) {
      if (!date) return "Until when? Give me a date, or a feast such as Christmas.";
      const days = daysUntil(now, date);
      if (days === 0) return "That is today. I trust that you are dressed for it.";
      return capitalised(`${counted(days, "day")}, until ${dateInWords(date)}.`);
    }
    if (/\b(?:what|which) day\b/.test(words) && date) return `That will be ${dateInWords(date)}.`;
    if (/\b(?:date|what day|which day|today|what month)\b/.test(words))
      return `Today is ${dateInWords(readClock(now).date)}.`;
    return /\bwhat year\b/.test(words) ? `The year is ${now.getFullYear()}.` : undefined;
  }

  #clock(words: string, now: Date): string | undefined {
    const asksTime =
      /\b(?:time|clock|hour)\b/.test(words) &&
      !/\b(?:last|first|next|long|some|have a|good) time\b/.test(words);
    const place = /\b(?:in|for|at) ((?!the (?:morning|afternoon|evening))[\p{L}' ]{2,40})$/u.exec(words)?.[1];
    const here = readClock(now);
    if (!place || !(asksTime || /^(?:and|what about|how about)\b/.test(words))) {
      return asksTime ? `It is ${timeInWords(here.time)}.` : undefined;
    }
    const zone = zoneOf(place);
    if (!zone) return "I have no dial for that place. Name me a larger city near it.";
    const there = readClock(now, zone);
    const day =
      there.date === here.date ? "" : `, ${there.date > here.date ? "already" : "still"} ${there.weekday}`;
    return `In ${place.replace(/(?<!\p{L})\p{L}/gu, (letter) => letter.toUpperCase())} it is ${timeInWords(there.time)}${day}.`;
  }
}
