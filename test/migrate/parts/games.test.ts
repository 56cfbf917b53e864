// The quiz and the guessing game without a language model: whole games, in both languages.
import { describe, expect, test } from "bun:test";
import { PromptGenerator as GuessAnimal } from "../../../scripts/migrate/parts/guess-animal.ts";
import { PromptGenerator as QuizShow } from "../../../scripts/migrate/parts/quiz-show.ts";
import { openTalk } from "./talk-with.ts";

/** The answers, read from the host's prompts. */
async function answersOf(generator: QuizShow): Promise<Map<string, string>> {
  const answers = new Map<string, string>();
  for (let seed = 0; seed < 200; seed++) {
    const prompt = await openTalk(generator, { seed: `s${seed}` }).prompt();
    for (const [, question = "", answer = ""] of prompt.matchAll(/^\d\. (.*\?) Right: (.*)\.$/gm)) {
      answers.set(question, answer);
    }
  }
  return answers;
}

const questionIn = (line: string, answers: Map<string, string>): string =>
  [...answers.keys()].find((question) => line.includes(question)) ?? "";

describe("quiz show", () => {
  test("draws five different questions out of at least forty", async () => {
    const generator = new QuizShow({ language: "en" });
    expect((await answersOf(generator)).size).toBeGreaterThanOrEqual(40);
    const prompt = await openTalk(generator).prompt();
    expect(new Set(prompt.match(/^\d\. .*$/gm)).size).toBe(5);
  });

  test("the questions of a prompt stay the same while the talk goes on", async () => {
    const talk = openTalk(new QuizShow({}));
    talk.messages.push({ role: "assistant", content: "Welcome!" });
    const first = await talk.prompt();
    talk.messages.push({ role: "user", content: "hello" });
    expect(await talk.prompt()).toBe(first);
  });

  test("plays a round, takes answers however they are put, and keeps the score", async () => {
    const generator = new QuizShow({ language: "en" });
    const answers = await answersOf(generator);
    const talk = openTalk(generator);
    let line = await talk.say();
    const asked = new Set<string>();
    for (let number = 0; number < 5; number++) {
      const question = questionIn(line, answers);
      expect(question).not.toBe("");
      expect(asked.has(question)).toBe(false);
      asked.add(question);
      const answer = answers.get(question) ?? "";
      line = await talk.say(
        number < 3 ? `Um, I think it's ${answer.toUpperCase()}, isn't it?` : "no idea, pass",
      );
      if (number >= 3) expect(line).toContain(answer);
    }
    expect(line).toContain("That makes 3 of 5");
    expect(questionIn(await talk.say("yes please"), answers)).not.toBe("");
    expect(await talk.say("I have to stop")).toContain("Bye!");
  });

  test("asks again after silence and when asked to, without counting it", async () => {
    const talk = openTalk(new QuizShow({ language: "en" }));
    const first = await talk.say();
    const question = first.slice(first.lastIndexOf(". ") + 2);
    expect(await talk.say("...")).toContain(question);
    expect(await talk.say("pardon?")).toContain(question);
  });

  test("says goodbye after three silences", async () => {
    const talk = openTalk(new QuizShow({ language: "en" }));
    await talk.say();
    await talk.say("...");
    await talk.say("...");
    expect(await talk.say("...")).toContain("Bye!");
  });

  test("is French from beginning to end when it should be", async () => {
    const talk = openTalk(new QuizShow({ language: "fr" }));
    expect(await talk.say()).toMatch(/Cinq questions/);
    expect(await talk.say("Canberra")).toMatch(/juste|Exact|bravo|Pas tout|Hélas|Retenez/);
    expect(await talk.say("au revoir")).toContain("Au revoir");
  });
});

describe("animal game", () => {
  const animals =
    "cow dog cat horse elephant lion penguin frog rabbit octopus platypus bat sloth hedgehog chameleon seahorse camel flamingo".split(
      " ",
    );

  /** Guesses every animal until the right one. */
  async function guess(talk: ReturnType<typeof openTalk>): Promise<string> {
    for (const animal of animals) {
      const line = await talk.say(`is it a ${animal}?`);
      if (line.includes("Well guessed")) return line;
    }
    throw new Error("no guess was right");
  }

  test("an easy animal is followed by a hard one, and each can be found", async () => {
    for (const seed of ["1", "2", "3", "4", "5"]) {
      const talk = openTalk(new GuessAnimal({ language: "en" }), { seed });
      expect(await talk.say()).toContain("yes or no");
      expect(await guess(talk)).toContain("a hard one");
      expect(await guess(talk)).toContain("another easy one");
    }
  });

  test("answers are true of the animal that is told in the end", async () => {
    const talk = openTalk(new GuessAnimal({ language: "en" }), { seed: "7" });
    await talk.say();
    const flies = await talk.say("Can it fly?");
    const fur = await talk.say("does it have fur");
    const told = await talk.say("I give up");
    const animal = animals.find((name) => told.includes(` ${name}`)) ?? "";
    const furry = ["cow", "dog", "cat", "horse", "lion", "rabbit"].includes(animal);
    expect(/^(?:Yes|Indeed)/.test(fur)).toBe(furry);
    expect(flies).toMatch(/^No/);
  });

  test("hints, silence, odd questions and goodbyes have their answers", async () => {
    const talk = openTalk(new GuessAnimal({ language: "en" }));
    await talk.say();
    expect(await talk.say("why is the sky blue")).toContain("yes or no");
    expect(await talk.say("...")).toContain("hint");
    expect(await talk.say("a hint please")).not.toContain("yes or no");
    expect(await talk.say("bye then")).toContain("Bye!");
  });

  test("plays in French", async () => {
    const talk = openTalk(new GuessAnimal({ language: "fr" }));
    expect(await talk.say()).toContain("oui ou non");
    expect(await talk.say("Est-ce qu'il vole ?")).toMatch(/^(?:Oui|Tout à fait|Non|Hélas)/);
    expect(await talk.say("j'abandonne")).toMatch(/^C'était (?:un|une) .*difficile/);
  });
});
