import { describe, expect, test } from "bun:test";
import { PromptGenerator } from "../../story_characters/pip.ts";
import { loadCharacter, seededRandom, someFriday, startTalk, type Talk } from "./talk.ts";

const pip = await loadCharacter("pip");

/** What Pip has in mind: a copy of the talk gives up, the talk itself goes on. */
async function secretOf(talk: Talk): Promise<string> {
  const copy = startTalk(pip);
  copy.messages.push(...structuredClone(talk.messages));
  return /It was an? ([\w-]+)!/.exec(await copy.say("I give up"))?.[1] ?? "";
}

/** A talk in which Pip thinks of this animal. */
async function talkAbout(animal: string): Promise<Talk> {
  for (let seed = 0; seed < 3000; seed++) {
    const talk = startTalk(pip, { seed });
    await talk.say();
    if ((await secretOf(talk)) === animal) return talk;
  }
  throw new Error(`no seed makes Pip think of ${animal}`);
}

describe("the animal", () => {
  test("stays the same from question to question, and is never said before its time", async () => {
    const talk = startTalk(pip, { seed: 21 });
    await talk.say();
    const secret = await secretOf(talk);
    expect(secret).not.toBe("");
    for (const question of [
      "Is it a mammal?",
      "Does it live in Africa?",
      "How big is it?",
      "Tell me its name",
      "What is it?",
    ]) {
      expect(await talk.say(question)).not.toContain(secret);
      expect(await secretOf(talk)).toBe(secret);
    }
  });

  test("differs from talk to talk: twelve at least in sixty", async () => {
    const secrets = new Set<string>();
    for (let seed = 0; seed < 60; seed++) {
      const talk = startTalk(pip, { seed });
      await talk.say();
      secrets.add(await secretOf(talk));
    }
    expect(secrets.size).toBeGreaterThanOrEqual(12);
  });

  test("is thought of first when the user begins with a question, or finds only the greeting of the page", async () => {
    for (const greeting of [[], [{ role: "assistant" as const, content: pip.METADATA.greeting }]]) {
      const secrets = new Set<string>();
      for (let seed = 0; seed < 12; seed++) {
        const talk = startTalk(pip, { seed });
        talk.messages.push(...greeting);
        expect(await talk.say("is it bigger than a cat?")).toContain("let me think of one first");
        secrets.add(await secretOf(talk));
      }
      expect(secrets.size).toBeGreaterThan(4);
    }
  });
});

describe("questions", () => {
  const facts: Record<string, { yes: string[]; no: string[] }> = {
    elephant: {
      yes: [
        "Is it a mammal?",
        "does it live in africa",
        "Is it bigger than a horse?",
        "Has it got four legs?",
        "does it have a trunk",
        "is it grey",
        "Does it eat plants?",
        "Is it big?",
        "does it eat grass and leaves",
        "is it a wild animal",
        "four legged?",
        "has it got big ears",
      ],
      no: [
        "Can it fly?",
        "Is it a pet?",
        "does it eat meat",
        "Does it have feathers?",
        "is it smaller than a mouse",
        "Does it live in the sea?",
        "is it black",
        "does it have two legs",
        "Does it live in Antarctica?",
        "is it small",
      ],
    },
    penguin: {
      yes: [
        "Is it a bird?",
        "can it swim",
        "does it have wings",
        "Does it eat fish?",
        "is it black and white",
        "does it lay eggs",
        "does it live where there is ice",
        "has it got two legs?",
        "does it live at the south pole",
      ],
      no: [
        "can it fly?",
        "is it a mammal",
        "does it have fur",
        "Does it eat grass?",
        "is it bigger than an elephant",
        "does it live on a farm",
        "does it have more than two legs",
      ],
    },
    bee: {
      yes: [
        "is it an insect",
        "Can it sting me?",
        "Does it fly?",
        "does it have six legs",
        "is it smaller than a cat",
        "is it yellow",
        "does it have stripes",
        "Is it tiny?",
        "does it live in Europe?",
      ],
      no: [
        "is it a mammal",
        "does it give milk",
        "is it a pet",
        "can it bark",
        "does it have four legs",
        "Does it eat meat?",
      ],
    },
    snake: {
      yes: [
        "is it a reptile",
        "does it have scales",
        "Is it poisonous?",
        "does it eat mice",
        "can it climb trees",
      ],
      no: ["does it have legs", "does it have any legs?", "does it have fur", "can it fly", "is it a bird"],
    },
  };

  for (const [animal, { yes, no }] of Object.entries(facts)) {
    test(`are answered truthfully about the ${animal}`, async () => {
      const talk = await talkAbout(animal);
      for (const question of yes)
        expect(await talk.say(question), question).toMatch(/^(?:Yes|Yep|Ooh, yes|Yes indeed)/);
      for (const question of no)
        expect(await talk.say(question), question).toMatch(/^(?:No|Nope|Nuh-uh|Not at all|No no)/);
      expect(await secretOf(talk)).toBe(animal);
    });
  }

  test("with two things in them are answered as a whole, or asked apart", async () => {
    const talk = await talkAbout("lion");
    expect(await talk.say("does it have fur and feathers")).toContain("Half right");
    expect(await talk.say("does it have fur and claws")).toStartWith("Y");
  });

  test("that are no yes-or-no questions are turned away, and those it cannot follow get help", async () => {
    const talk = await talkAbout("cow");
    expect(await talk.say("What does it eat?")).toContain("yes or no");
    expect(await talk.say("where does it live")).toContain("yes or no");
    expect(await talk.say("does it understand philosophy")).toMatch(/size|big|flies|bigger|legs/);
  });
});

describe("guesses", () => {
  test("that are wrong are judged, in the plural and of animals not in the table too", async () => {
    const talk = await talkAbout("cow");
    expect(await talk.say("Is it a horse?")).toContain("it isn't a horse");
    expect(await talk.say("elephants!")).toContain("it isn't an elephant");
    expect(await talk.say("I think it's a rhinoceros")).toContain("it isn't a rhinoceros");
    expect(await talk.say("is it like a horse")).not.toContain("it isn't a horse");
    expect(await secretOf(talk)).toBe("cow");
  });

  test.each([
    "a cow",
    "Is it a cow?",
    "I'd like to guess a cow",
    "cattle",
    "It's got to be a bull!",
    "THE COW",
  ])("win: %s", async (guess) => {
    const talk = await talkAbout("cow");
    await talk.say("is it a farm animal");
    const answer = await talk.say(guess);
    expect(answer).toStartWith("Yes, yes, yes! It's a cow! You got it in two goes.");
  });

  test("win although they are misspelt", async () => {
    const talk = await talkAbout("elephant");
    expect(await talk.say("an elefant")).toContain("It's an elephant!");
    const other = await talkAbout("giraffe");
    expect(await other.say("is it a girafe?")).toContain("It's a giraffe!");
  });

  test("go from an easy animal to a hard one, and then the game can begin again with others", async () => {
    const talk = startTalk(pip, { seed: 33 });
    await talk.say();
    const seen: string[] = [];
    for (let round = 0; round < 3; round++) {
      const easy = await secretOf(talk);
      const won = await talk.say(`is it a ${easy}`);
      expect(won).toMatch(/hard|tricky|sneaky/);
      const hard = await secretOf(talk);
      expect(await talk.say(hard)).toEndWith("Shall we play again?");
      seen.push(easy, hard);
      expect(await talk.say("yes please")).not.toEndWith("Bye!");
    }
    expect(new Set(seen).size).toBe(6);
  });

  test("can be given up, and the game left", async () => {
    const talk = startTalk(pip, { seed: 5 });
    await talk.say();
    expect(await talk.say("I give up")).toMatch(/^It was an? /);
    expect(await talk.say("just tell me")).toEndWith("Shall we play again?");
    expect(await talk.say("No.")).toEndWith("Bye!");
  });
});

describe("hints", () => {
  test("come three times, each another, and then the first letter", async () => {
    const talk = await talkAbout("cow");
    const hints = [
      await talk.say("hint please"),
      await talk.say("I don't know"),
      await talk.say("another clue"),
    ];
    expect(new Set(hints).size).toBe(3);
    expect(hints[2]).toContain("moo");
    expect(await talk.say("help")).toContain("letter C");
  });

  test("come by themselves to the silent", async () => {
    const talk = await talkAbout("cow");
    await talk.say("...");
    expect(await talk.say("...")).toContain("hint");
  });
});

describe("the prompt", () => {
  const animalsIn = (seed: number, messages: { role: string; content: string }[] = []): string[] => {
    const context = { now: someFriday, random: seededRandom(seed), messages };
    const prompt = new PromptGenerator({ language: "en" }).makeSystemPrompt(context);
    return [/easy one, is the ([\w-]+)/, /hard one: the ([\w-]+)/].map(
      (pattern) => pattern.exec(prompt)?.[1] ?? "",
    );
  };

  test("names one easy and one hard animal, drawn anew with each seed", () => {
    const draws = Array.from({ length: 40 }, (_, seed) => animalsIn(seed));
    expect(new Set(draws.map(([easy]) => easy)).size).toBeGreaterThan(8);
    expect(new Set(draws.map(([, hard]) => hard)).size).toBeGreaterThan(8);
    expect(draws.flat()).not.toContain("");
  });

  test("keeps them for the rest of the talk", () => {
    const talk = [{ role: "assistant", content: "Hiya! Guess my animal!" }];
    expect(animalsIn(1, talk)).toEqual(animalsIn(2, talk));
  });
});
