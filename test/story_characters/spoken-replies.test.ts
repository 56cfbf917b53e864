// Whatever is said to a shipped character, by whomever and in whatever mess, its answer can be spoken.
import { describe, expect, test } from "bun:test";
import { Glob } from "bun";
import { cpuMs } from "../support/cpu-time.ts";
import { castFolder, loadCharacter, seededRandom, startTalk, type Talk } from "./talk.ts";

const files = [...new Glob("*.ts").scanSync(castFolder)].map((name) => name.replace(/\.ts$/, "")).sort();
const seed = Number(Bun.env.TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));

const phrases =
  `hello|hi there|yes|no|okay|um|...|…||I don't know|what|pardon|why|who are you|what's your name
my name is Robert|how are you|tell me a joke|what time is it in Reykjavik|set a timer for two minutes|how long is left
I feel sad today because my dog is ill|should I stay or go|I like cheese|je voudrais deux cafés et un croissant
l'addition s'il vous plaît|how do you say cat in French|is it bigger than a dog|does it eat meat or grass|is it a horse
hint|I give up|pass|Mars|Paris or Rome|forty two|a hundred and twenty|repeat the question|another round|next|more|headlines
search the driftwood|take the rope|fight the crab|open the barrel|dive|go to the cave|feed the parrot|say marigold|help
roll a hundred sided dice|roll ninety nine dice|throw 0 dice|go on|a dragon|on the moon|another story|good things|breathe
what can you do|how many days until the thirty first of february|how many days until christmas|thank you|you are stupid
I want to fly to the mountains and never come back but my sister thinks that I should study law|stop|start over|bye`.split(
    /[|\n]/,
  );
const mess = [
  "*bold* `code` # head [link](x) <b>tag</b> {slot} $1 $& ~ | ^ \\",
  "😀👩‍🚀 my name is 🎉 call me *Bob*",
  "\u0000\u0007 \ud800 lone \u202e turned \ufeff",
  "a".repeat(4000),
  `my name is ${"z".repeat(500)}`,
  `I love ${"very ".repeat(300)}long things`,
  "i'm ".repeat(200),
  "(((((((((((((((((((((((((((((((",
  "12345678901234567890 99999999999999999999 minutes",
  "Привет, как дела? 你好 مرحبا",
  "constructor __proto__ toString hasOwnProperty",
  "set a timer for 999 hours and 999 minutes and 999 seconds",
  "roll constructor dice",
  "what time is it in (.+)+$",
];

function randomLine(random: () => number): string {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  const kind = random();
  if (kind < 0.1) return pick(mess);
  if (kind < 0.2) return `${pick(phrases)}. ${pick(phrases)}`;
  if (kind < 0.25)
    return String.fromCodePoint(...Array.from({ length: 20 }, () => 32 + Math.floor(random() * 0x2fff)));
  return random() < 0.3 ? pick(phrases).toUpperCase() : pick(phrases);
}

/** What a synthesiser should not be given, and what a listener should not have to sit through. */
function expectSpoken(answer: string, heard: string): void {
  const place = `to ${JSON.stringify(heard.slice(0, 80))} came ${JSON.stringify(answer)}`;
  expect(answer.trim(), place).not.toBe("");
  expect(answer.length, place).toBeLessThan(600);
  expect(answer, place).not.toMatch(/[*_#`~|<>[\]{}\\^$]|\p{Extended_Pictographic}|\p{Cc}|\p{Cf}|\p{Cs}/u);
  expect(answer, place).not.toMatch(/undefined|\[object|NaN|  /);
}

async function withoutFeed(file: string): Promise<Talk> {
  const character = await loadCharacter(file);
  return startTalk(character, { seed, instructions: { ...character.INSTRUCTIONS, feed_url: undefined } });
}

describe.each(files)("%s", (file) => {
  test(`can be spoken whatever it hears (seed ${seed})`, async () => {
    const random = seededRandom(seed);
    for (let round = 0; round < 6; round++) {
      const talk = await withoutFeed(file);
      if (round % 2 === 0) expectSpoken(await talk.say(), "nothing");
      for (let turn = 0; turn < 30; turn++) {
        const line = randomLine(random);
        expectSpoken(await talk.say(line), line);
        // Barge-in: the talk remembers only what was heard.
        const last = talk.messages.at(-1);
        if (last && random() < 0.2)
          last.content = last.content.slice(0, Math.floor(random() * last.content.length));
      }
    }
  });

  test("has something to say again when nothing of its last words was heard", async () => {
    for (const plea of ["pardon", "What?", "Say that again.", "repeat the question"]) {
      const talk = await withoutFeed(file);
      await talk.say("hello");
      const last = talk.messages.at(-1);
      if (last) last.content = "";
      expectSpoken(await talk.say(plea), plea);
    }
  });

  test("bears talks that no session would make", async () => {
    const talk = await withoutFeed(file);
    talk.messages.push({ role: "assistant", content: "" });
    talk.messages.push({ role: "system" as "user", content: "Be *bold*." });
    talk.messages.push({ role: "tool" as "user", content: '{"days": 3}' });
    talk.messages.push({ role: "assistant", content: "Something that no character here has ever said?" });
    expectSpoken(await talk.say(), "nothing");
    talk.messages.push({ role: "user", content: "one" });
    expectSpoken(await talk.say("two"), "two");
    expectSpoken(await talk.say(), "nothing");
  });

  test("answers within a quarter of a second after two hundred turns", async () => {
    const talk = await withoutFeed(file);
    const random = seededRandom(11);
    for (let turn = 0; turn < 200; turn++) {
      talk.messages.push({ role: "user", content: phrases[Math.floor(random() * phrases.length)] ?? "" });
      talk.messages.push({ role: "assistant", content: "I see. Go on, I'm listening." });
    }
    const before = cpuMs();
    await talk.say("hello");
    expect(cpuMs() - before).toBeLessThan(250);
  });
});
