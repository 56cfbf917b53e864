import { describe, expect, test } from "bun:test";
import { PromptGenerator } from "../../story_characters/maeve.ts";
import { loadCharacter, someFriday, startTalk, textOf } from "./talk.ts";

const maeve = await loadCharacter("maeve");

describe("Maeve listens", () => {
  test.each([
    ["I'm worried about my exam", /standing guard/],
    ["I feel so lonely since I moved", /hard kind of quiet/],
    ["I am angry with everybody", /hurt just behind/],
    ["My mother never calls me", /your mother/],
    ["I can't tell him the truth", /tell him the truth/],
    ["I always end up alone at parties", /quiet|otherwise/],
    ["I feel like nobody hears me", /quiet|nobody hears you/],
    ["I should call my father", /voice is it|father/],
    ["I am useless", /Who taught you/],
    ["my grandmother died last week", /so sorry/],
    ["I got some good news today", /lovely/],
    ["are you a real person", /character on your own machine/],
  ])("to: %s", async (heard, expected) => {
    expect(await startTalk(maeve).say(heard)).toMatch(expected);
  });

  test("turns the speaker's words round", async () => {
    expect(await startTalk(maeve).say("I can't forgive myself for my mistakes")).toContain(
      "forgive yourself for your mistakes",
    );
  });

  test("does not repeat herself within twenty-five turns of the same trouble", async () => {
    const talk = startTalk(maeve);
    for (let n = 0; n < 25; n++)
      await talk.say(["I am sad", "it is hard", "I don't know", "my boss is cold", "so"][n % 5]);
    const said = talk.messages.filter(({ role }) => role === "assistant").map(({ content }) => content);
    expect(said.filter((line, n) => n > 0 && line === said[n - 1])).toEqual([]);
    expect(new Set(said.slice(0, 15)).size).toBe(15);
  });

  test("sends who is in danger to people who can help, before anything else", async () => {
    const talk = startTalk(maeve);
    await talk.say("Let's do good things");
    for (const line of [
      "I want to kill myself",
      "I've been cutting myself",
      "I don't want to live any more",
    ]) {
      expect(await talk.say(line)).toMatch(/crisis line or your emergency number/);
    }
  });

  test("welcomes silence", async () => {
    const talk = startTalk(maeve);
    await talk.say();
    expect(await talk.say("...")).toContain("Take all the time");
  });
});

describe("Maeve's practices", () => {
  test("two roads: each a year from now, then a coin, then a first step", async () => {
    const talk = startTalk(maeve);
    expect(await talk.say("I don't know whether to stay in my job or to move to Lisbon")).toContain(
      "Two roads, then: stay in your job, or move to Lisbon.",
    );
    expect(await talk.say("I see my desk")).toContain("move to Lisbon. A year has passed");
    expect(await talk.say("the sea")).toContain(
      "I toss a coin. Heads, stay in your job. Tails, move to Lisbon.",
    );
    expect(await talk.say("tails")).toContain("one small thing");
    expect(await talk.say("I could write to a friend")).not.toContain("coin");
  });

  test("breathing, when asked or when she offered and one agrees", async () => {
    expect(await startTalk(maeve).say("Can we breathe together?")).toContain("in through your nose");
    const talk = startTalk(maeve);
    talk.messages.push({
      role: "assistant",
      content: "Would you like to breathe with me? Just say breathe.",
    });
    expect(await talk.say("yes please")).toContain("in through your nose");
  });

  test("breathing comes in pieces, so that there is time to breathe", async () => {
    const pieces: string[] = [];
    const messages = [{ role: "user", content: "breathe" }];
    const reply = new PromptGenerator(maeve.INSTRUCTIONS).reply(messages, {
      now: someFriday,
      random: () => 0,
    });
    for await (const piece of reply) pieces.push(piece);
    expect(pieces.length).toBeGreaterThanOrEqual(4);
    expect(await textOf(pieces)).not.toMatch(/ {2}/);
  });

  test("three good things, one after another, unless there are none", async () => {
    const talk = startTalk(maeve);
    expect(await talk.say("good things")).toContain("the first");
    expect(await talk.say("my coffee")).toContain("second");
    expect(await talk.say("the sun came out")).toContain("third");
    expect(await talk.say("my neighbour waved")).toContain("Which one would you like to happen again?");
    const other = startTalk(maeve);
    await other.say("good things");
    expect(await other.say("I can't think of any, nothing is good")).not.toContain("And the second?");
  });
});

test("the prompt carries the text of the instructions, whatever it is", () => {
  const prompt = new PromptGenerator({ text: "You are a lighthouse.", language: "fr" }).makeSystemPrompt();
  expect(prompt).toStartWith("You are a lighthouse.");
  expect(prompt).toContain("Speak French only");
});
