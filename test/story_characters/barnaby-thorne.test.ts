import { describe, expect, test } from "bun:test";
import { isRight, PromptGenerator, QUESTIONS } from "../../story_characters/barnaby-thorne.ts";
import { loadCharacter, seededRandom, someFriday, startTalk, type Talk } from "./talk.ts";

const barnaby = await loadCharacter("barnaby-thorne");

/** The question that waits for an answer. */
function openQuestion(talk: Talk) {
  const last = talk.messages.findLast(
    ({ role, content }) => role === "assistant" && /Question/.test(content),
  );
  const question = QUESTIONS.find(({ ask }) => last?.content.includes(ask));
  if (!question) throw new Error(`no question in ${last?.content}`);
  return question;
}
const rightAnswer = (talk: Talk): string => openQuestion(talk).answers[0] ?? "";

describe("the list of questions", () => {
  test("has at least forty, each with an answer and a hint, none twice", () => {
    expect(QUESTIONS.length).toBeGreaterThanOrEqual(40);
    expect(new Set(QUESTIONS.map(({ ask }) => ask)).size).toBe(QUESTIONS.length);
    for (const { ask, answers, hint } of QUESTIONS) {
      expect(ask).toEndWith("?");
      expect(answers[0]).not.toBe("");
      expect(hint.length).toBeGreaterThan(10);
    }
  });

  test("never gives the answer away in the question or the hint", () => {
    for (const question of QUESTIONS) {
      expect(isRight(question.ask, question), question.ask).toBe(false);
      expect(isRight(question.hint, question), question.hint).toBe(false);
    }
  });

  test("tells every answer from the answers to all other questions", () => {
    for (const question of QUESTIONS) {
      for (const answer of question.answers)
        expect(isRight(answer, question), `${question.ask} ${answer}`).toBe(true);
      for (const other of QUESTIONS) {
        const wrong = other.answers[0] ?? "";
        if (question.answers.some((answer) => other.answers.includes(answer))) continue;
        expect(isRight(wrong, question), `${question.ask} ${wrong}`).toBe(false);
      }
    }
  });
});

describe("judging", () => {
  const asked = (answers: string) => ({ answers: answers.split(", ") });
  const mars = asked("Mars");
  const beethoven = asked("Beethoven, Ludwig van Beethoven");
  const eight = asked("eight, 8, ate");
  const pacific = asked("the Pacific, Pacific Ocean");
  const cards = asked("fifty-two, 52");
  const war = asked("nineteen forty-five, 1945, forty five");
  const capital = asked("Ottawa");

  test.each([
    ["mars", mars],
    ["MARS!", mars],
    ["I think it's Mars.", mars],
    ["um, that would be mars I suppose", mars],
    ["Venus. No wait, Mars.", mars],
    ["the bait oven", beethoven],
    ["Ludvig van Beethoven", beethoven],
    ["beethofen", beethoven],
    ["eight", eight],
    ["8", eight],
    ["It has eight legs", eight],
    ["ate", eight],
    ["the pacific", pacific],
    ["it's the specific ocean, I mean the Pacific Ocean", pacific],
    ["fifty two", cards],
    ["Fifty-two cards", cards],
    ["52", cards],
    ["nineteen forty five", war],
    ["In 1945", war],
    ["otawa", capital],
    ["Ottowa", capital],
  ])("lets %p pass", (heard, question) => expect(isRight(heard, question)).toBe(true));

  test.each([
    ["moss", mars],
    ["not Mars", mars],
    ["Mars, no wait, Venus", mars],
    ["Bach", beethoven],
    ["the oven", beethoven],
    ["eighty", eight],
    ["eight hundred", eight],
    ["twenty-eight", eight],
    ["six seven eight nine", eight],
    ["I ate too much", eight],
    ["the Atlantic Ocean", pacific],
    ["the ocean", pacific],
    ["fifty", cards],
    ["two", cards],
    ["1944", war],
    ["Toronto", capital],
    ["", capital],
    ["...", capital],
  ])("does not let %p pass", (heard, question) => expect(isRight(heard, question)).toBe(false));
});

describe("a round", () => {
  test("of five right answers ends with the best verdict and the offer of another", async () => {
    const talk = startTalk(barnaby, { seed: 3 });
    expect(await talk.say()).toMatch(/Barnaby Thorne.* Question one\. .+\?$/);
    for (const n of ["two", "three", "four", "five"]) {
      expect(await talk.say(rightAnswer(talk))).toMatch(new RegExp(` Question ${n}\\. .+\\?$`));
    }
    const end = await talk.say(`I believe it's ${rightAnswer(talk)}`);
    expect(end).toContain("Five out of five.");
    expect(end).toEndWith("Another round?");
  });

  test("asks five different questions, and five others in the next round", async () => {
    const talk = startTalk(barnaby, { seed: 5 });
    await talk.say();
    const asked = [openQuestion(talk).ask];
    for (let n = 2; n <= 10; n++) {
      await talk.say("pass");
      if (n === 6) await talk.say("yes please");
      asked.push(openQuestion(talk).ask);
    }
    expect(new Set(asked).size).toBe(10);
  });

  test("keeps score over right, wrong, misspelt, passed and homophone answers", async () => {
    const talk = startTalk(barnaby, { seed: 9 });
    await talk.say();
    const first = rightAnswer(talk);
    await talk.say(first.toUpperCase());
    const second = rightAnswer(talk);
    const wrong = await talk.say("banana pudding");
    expect(wrong.toLowerCase()).toContain(second.toLowerCase());
    const third = rightAnswer(talk);
    const passed = await talk.say("I have no idea, pass.");
    expect(passed.toLowerCase()).toContain(third.toLowerCase());
    await talk.say("What is my score?");
    expect(talk.messages.at(-1)?.content).toContain("one right so far");
    await talk.say(rightAnswer(talk));
    const end = await talk.say(`erm ${rightAnswer(talk)} maybe`);
    expect(end).toContain("Three out of five.");
  });

  test("gives hints and repeats, and neither costs the question", async () => {
    const talk = startTalk(barnaby, { seed: 4 });
    await talk.say();
    const { ask, hint } = openQuestion(talk);
    expect(await talk.say("could you repeat the question")).toContain(ask);
    expect(await talk.say("can I have a hint?")).toContain(hint);
    expect(await talk.say("wait")).not.toContain("Question two");
    expect(await talk.say("is it Rome or Mars?")).toContain("One answer");
    expect(await talk.say("who are you")).toContain(ask);
    const answer = QUESTIONS.find((one) => one.ask === ask)?.answers[0] ?? "";
    expect(await talk.say(answer)).toContain("Question two");
    for (let n = 0; n < 3; n++) await talk.say("pass");
    expect(await talk.say("pass")).toContain("One out of five.");
  });

  test("nudges the silent with the question, then with a hint", async () => {
    const talk = startTalk(barnaby, { seed: 6 });
    await talk.say();
    const { ask, hint } = openQuestion(talk);
    expect(await talk.say("...")).toContain(ask);
    expect(await talk.say("...")).toContain(hint);
  });

  test("takes an answer that interrupts the question", async () => {
    const talk = startTalk(barnaby, { seed: 8 });
    await talk.say();
    const { ask, answers } = openQuestion(talk);
    const last = talk.messages.at(-1);
    if (last) last.content = last.content.slice(0, last.content.indexOf(ask) + 20);
    expect(await talk.say(answers[0])).toContain("Question two");
  });

  test("asks again when the question was never heard", async () => {
    const talk = startTalk(barnaby, { seed: 8 });
    await talk.say();
    const last = talk.messages.at(-1);
    if (last) last.content = last.content.slice(0, last.content.indexOf("Question"));
    expect(await talk.say("what was that?")).toContain("Question one.");
  });

  test("that is over is not begun again against one's will", async () => {
    const talk = startTalk(barnaby, { seed: 2 });
    await talk.say();
    await talk.sayAll("pass", "pass", "pass", "pass", "pass");
    expect(await talk.say("No, thank you.")).toEndWith("Bye!");
  });

  test("can be played until the list runs out, and longer", async () => {
    const talk = startTalk(barnaby, { seed: 12 });
    await talk.say();
    for (let round = 0; round < 12; round++) {
      for (let n = 0; n < 4; n++) await talk.say("pass");
      expect(await talk.say(rightAnswer(talk))).toContain("One out of five.");
      expect(await talk.say("yes")).toContain("Question one.");
    }
  });
});

describe("the prompt", () => {
  const generator = new PromptGenerator({ language: "en" });
  const promptFor = (seed: number, messages: { role: string; content: string }[] = []): string =>
    generator.makeSystemPrompt({ now: someFriday, random: seededRandom(seed), messages });
  const questionsIn = (prompt: string) =>
    QUESTIONS.filter(({ ask }) => prompt.includes(ask)).map(({ ask }) => ask);

  test("has five questions with answers and hints, drawn anew with each seed", () => {
    expect(questionsIn(promptFor(1))).toHaveLength(5);
    const draws = new Set(Array.from({ length: 20 }, (_, seed) => questionsIn(promptFor(seed)).join()));
    expect(draws.size).toBeGreaterThan(18);
  });

  test("draws every question sooner or later", () => {
    const drawn = new Set(Array.from({ length: 200 }, (_, seed) => questionsIn(promptFor(seed))).flat());
    expect(drawn.size).toBe(QUESTIONS.length);
  });

  test("keeps its questions for the rest of a talk, whatever the seed of the turn", () => {
    const talk = [{ role: "assistant", content: `Good evening. ${QUESTIONS[7]?.ask}` }];
    expect(promptFor(1, talk)).toBe(promptFor(2, talk));
    expect(promptFor(1, talk)).toContain(`Question one: ${QUESTIONS[7]?.ask}`);
  });
});
