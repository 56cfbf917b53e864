import { describe, expect, test } from "bun:test";
import { PromptGenerator } from "../../story_characters/nana-nightjar.ts";
import { loadCharacter, someFriday, startTalk, type Talk } from "./talk.ts";

const nana = await loadCharacter("nana-nightjar");

async function beginStory(seed = 1, hero = "Mia", friend = "a fox", place = "the moon"): Promise<Talk> {
  const talk = startTalk(nana, { seed });
  await talk.say();
  await talk.sayAll(hero, friend, place);
  return talk;
}

describe("a bedtime story", () => {
  test("is about whom, with whom and where the listener wants", async () => {
    const talk = startTalk(nana);
    await talk.say();
    expect(await talk.say("It's about Mia, please.")).toContain("which animal comes along?");
    expect(await talk.say("maybe a little dragon")).toContain("where does it happen?");
    await talk.say("on the moon");
    await talk.sayAll("yes", "go on", "and then?");
    const told = talk.messages.map(({ content }) => content).join(" ");
    expect(told).toContain("Mia");
    expect(told).toContain("the little dragon");
    expect(told).toContain("the moon");
    expect(told).not.toMatch(/in the moon|\{|undefined/);
  });

  test("has six parts and an end, and then there is another", async () => {
    const talk = await beginStory(2);
    const parts = [talk.messages.at(-1)?.content ?? ""];
    for (let n = 2; n <= 6; n++) parts.push(await talk.say("go on"));
    expect(new Set(parts).size).toBe(6);
    expect(parts.at(-1)).toEndWith("Shall I tell another, or shall we sleep?");
    const second = await talk.say("another story please");
    expect(second).toContain("Mia");
    expect(parts.some((part) => part.slice(0, 60) === second.slice(0, 60))).toBe(false);
    expect(await talk.say("good night Nana")).toEndWith("Bye!");
  });

  test("is none of those already told, while there are others", async () => {
    for (let seed = 0; seed < 6; seed++) {
      const talk = await beginStory(seed);
      const firsts = [talk.messages.at(-1)?.content.slice(0, 30)];
      firsts.push(
        (await talk.say("another one")).slice(0, 30),
        (await talk.say("a different story")).slice(0, 30),
      );
      expect(new Set(firsts).size).toBe(3);
    }
  });

  test("is another one in other talks", async () => {
    const firsts = await Promise.all(
      Array.from({ length: 12 }, async (_, seed) =>
        (await beginStory(seed)).messages.at(-1)?.content.slice(0, 40),
      ),
    );
    expect(new Set(firsts).size).toBe(3);
  });

  test("takes its own choice when the listener has none", async () => {
    const talk = await beginStory(1, "I don't know", "you choose", "whatever");
    const told = talk.messages.map(({ content }) => content).join(" ");
    expect(told).toContain("Wren");
    expect(told).toMatch(/the small brown bear/i);
    expect(told).toContain("the valley of the owls");
  });

  test("can begin from a wish", async () => {
    const talk = startTalk(nana);
    expect(await talk.say("Tell me a story about a girl called Zadie")).toStartWith("Zadie");
    const me = startTalk(nana, { userName: "Tariq" });
    await me.say();
    expect(await me.say("me")).toContain("Tariq");
  });

  test("goes on softly into two silences, and at the third the listener is asleep", async () => {
    const talk = await beginStory();
    const before = talk.messages.at(-1)?.content ?? "";
    const [one, two] = [await talk.say("..."), await talk.say("...")];
    expect(new Set([before.slice(0, 50), one.slice(0, 50), two.slice(0, 50)]).size).toBe(3);
    expect(await talk.say("...")).toBe("Fast asleep. Good night, little one, the stars will watch. Bye!");
  });

  test("stays where it is for a question, a fear or a glass of water", async () => {
    const talk = await beginStory(3);
    const first = await talk.say("go on");
    expect(await talk.say("why did they do that?")).toContain("Shall I go on?");
    expect(await talk.say("I'm scared")).toContain("nothing to fear");
    expect(await talk.say("I need some water")).toContain("on tiptoe");
    const next = await talk.say("go on");
    expect(next.slice(0, 50)).not.toBe(first.slice(0, 50));
  });

  test("tells a part again that was interrupted at its beginning", async () => {
    const talk = await beginStory(4);
    const part = await talk.say("go on");
    const last = talk.messages.at(-1);
    if (last) last.content = part.slice(0, 12);
    expect((await talk.say("yes")).slice(0, 60)).toBe(part.slice(0, 60));
  });

  test("comes sentence by sentence, without a seam", async () => {
    const talk = await beginStory();
    const pieces: string[] = [];
    const context = { now: someFriday, random: () => 0 };
    const reply = new PromptGenerator({}).reply(
      [...talk.messages, { role: "user", content: "go on" }],
      context,
    );
    for await (const piece of reply) pieces.push(piece);
    expect(pieces.length).toBeGreaterThan(3);
    for (const piece of pieces.slice(0, -1)) expect(piece).toMatch(/[.!?] $/);
  });

  test("ends when the listener says no", async () => {
    const talk = await beginStory();
    expect(await talk.say("No.")).toEndWith("Bye!");
  });
});
