import { describe, expect, test } from "bun:test";
import { loadCharacter, seededRandom, someFriday, startTalk } from "./talk.ts";

const juniper = await loadCharacter("juniper");

describe("small talk with Juniper", () => {
  test("opens by the hour of the day", async () => {
    const openings: string[] = [];
    for (let seed = 0; seed < 20; seed++) {
      openings.push(await startTalk(juniper, { seed, now: new Date(2026, 5, 1, 8, 30) }).say());
    }
    expect(new Set(openings).size).toBeGreaterThan(3);
    expect(openings.some((line) => line.includes("morning"))).toBe(true);
    expect(openings.filter((line) => /evening|afternoon|night|\{/.test(line))).toEqual([]);
  });

  test.each([
    ["I love my old bicycle because it was my father's.", "your old bicycle"],
    ["I think you are ignoring my questions", "I am ignoring your questions"],
    ["Do you like my new hat?", "your new hat"],
    ["I bought a boat for myself", "You have a boat for yourself"],
    ["My sister never laughs", "your sister"],
    ["I'm so tired", "you're tired"],
  ])("turns round what was said: %s", async (heard, expected) => {
    expect((await startTalk(juniper).say(heard)).toLowerCase()).toContain(expected.toLowerCase());
  });

  test.each([
    ["What's the weather like?", /weather/],
    ["My job is killing me", /paid you|met there/],
    ["I made soup for dinner", /soup|cook/i],
    ["Do you know a good song?", /sing|song/],
    ["I have a dog", /Biscuit|animal/i],
    ["HOW ARE YOU", /very well/],
    ["how are you doing today", /very well/],
    ["are you a robot?", /character on your own machine/],
    ["what's your name", /I'm Juniper/],
    ["tell me a joke", /vegetable/],
    ["what day is it", /Friday 20 November 2026|Friday, 20 November 2026/],
    ["what time is it?", /4:47/],
    ["Thank you so much", /welcome/],
    ["I'm bored", /shop|smell|ten/],
    ["Where do you live?", /in this machine/],
    ["What do you think about artificial intelligence?", /about artificial intelligence/],
    ["Let's talk about football.", /^Football, with pleasure/],
    ["I'm from Germany", /From Germany!/],
    ["That's interesting!", /Isn't it/],
    ["I WANT TO SAIL", /^To sail/],
    ["good morning", /good to hear a voice/],
    ["you're stupid", /rather talk about/],
  ])("has something to say to: %s", async (heard, expected) => {
    expect(await startTalk(juniper).say(heard)).toMatch(expected);
  });

  test("remembers a name, from the talk or from the settings", async () => {
    const talk = startTalk(juniper);
    expect(await talk.say("What's my name?")).toContain("haven't told me");
    expect(await talk.say("My name is Ottilie.")).toStartWith("Ottilie!");
    await talk.say("I grow beans");
    expect(await talk.say("do you remember my name")).toContain("Ottilie");
    expect(await startTalk(juniper, { userName: "Karim" }).say("what is my name?")).toContain("Karim");
  });

  test("follows up a yes and a no to her own questions", async () => {
    const ask = "Do you share your home with an animal?";
    for (const [answer, follow] of [
      ["Yes, I do.", "Who is it, and who is really in charge?"],
      ["no", "You may borrow Biscuit."],
    ] as const) {
      const talk = startTalk(juniper);
      talk.messages.push({ role: "assistant", content: `Mm-hm. ${ask}` });
      expect(await talk.say(answer)).toStartWith(follow);
    }
  });

  test("says again what was not understood", async () => {
    const talk = startTalk(juniper);
    const before = await talk.say("tell me a joke");
    expect(await talk.say("Sorry?")).toBe(before);
    expect(await talk.say("could you say that again please")).toBe(before);
  });

  test("comes back to what was said earlier", async () => {
    const answers: string[] = [];
    for (let seed = 0; seed < 10; seed++) {
      const talk = startTalk(juniper, { seed });
      await talk.sayAll(
        "I went fishing with my uncle",
        "it got cold",
        "the fish was gone",
        "then it got dark",
      );
      await talk.sayAll("we went away again", "that was it", "nothing else happened there really");
      answers.push(...talk.messages.map(({ content }) => content));
    }
    expect(
      answers.some((line) => line.includes("You told me earlier that you went fishing with your uncle")),
    ).toBe(true);
  });

  test.each([1, 2, 3])("does not repeat itself within thirty turns (seed %d)", async (seed) => {
    const talk = startTalk(juniper, { seed });
    const lines =
      `hello|I'm fine|I went to the market|I bought bread|it was raining|my brother called|he is tired of work
I like music|jazz mostly|I don't know|maybe|yes|no|I have a cat|she sleeps a lot|what do you think|why|I want to travel
to Portugal|because of the sea|I read a book about it|it was long|my friend lives there|she cooks well|I feel happy
tell me a joke|another joke|that was funny|I think you are nice|what else`.split(/[|\n]/);
    expect(lines).toHaveLength(30);
    for (const line of lines) await talk.say(line);
    const said = talk.messages.filter(({ role }) => role === "assistant").map(({ content }) => content);
    expect(new Set(said).size).toBe(said.length);
  });

  test("never says the same twice in a row, even when one bores her on purpose", async () => {
    const random = seededRandom(99);
    for (const dull of ["ok", "hm", "I see the moon", "why is that", "banana"]) {
      const talk = startTalk(juniper, { seed: Math.floor(random() * 1000) });
      for (let n = 0; n < 40; n++) await talk.say(dull);
      const said = talk.messages.filter(({ role }) => role === "assistant").map(({ content }) => content);
      expect(
        said.filter((line, n) => n > 0 && line === said[n - 1]),
        dull,
      ).toEqual([]);
    }
  });

  test("takes despair seriously, every time", async () => {
    const talk = startTalk(juniper);
    for (const line of ["I want to kill myself", "I just want to die", "sometimes I want to end it all"]) {
      expect(await talk.say(line)).toMatch(/crisis line or your local emergency number/);
    }
  });
});

test("the prompt knows the date, the time of day, and one opening at random", async () => {
  const promptFor = async (seed: number): Promise<string> =>
    new juniper.PromptGenerator(juniper.INSTRUCTIONS).makeSystemPrompt({
      now: someFriday,
      random: seededRandom(seed),
      messages: [],
    });
  const prompt = await promptFor(1);
  expect(prompt).toMatch(/Friday,? 20 November 2026/);
  expect(prompt).toContain("afternoon");
  const prompts = await Promise.all(Array.from({ length: 20 }, (_, seed) => promptFor(seed)));
  expect(new Set(prompts).size).toBeGreaterThan(3);
});
