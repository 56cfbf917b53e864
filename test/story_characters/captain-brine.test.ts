import { describe, expect, test } from "bun:test";
import { loadCharacter, seededRandom, startTalk, type Talk } from "./talk.ts";

const brine = await loadCharacter("captain-brine");

/** The first talk, by seed, in which these deeds end with an answer that fits. */
async function talkWhere(expected: RegExp, ...deeds: string[]): Promise<Talk> {
  for (let seed = 0; seed < 400; seed++) {
    const talk = startTalk(brine, { seed });
    await talk.say();
    if (expected.test(await talk.sayAll(...deeds))) return talk;
  }
  throw new Error(`no dice fall so that ${deeds.at(-1)} ends in ${expected}`);
}

const supplies = [
  "search the driftwood",
  "wade to the wreck",
  "take the rope",
  "open the barrel",
  "back to the beach",
];
const theWord = ["take the jungle path", "feed the parrot", "go back to the beach"];

describe("the adventure", () => {
  test("begins on the beach, with three lives and empty pockets", async () => {
    const talk = startTalk(brine);
    expect(await talk.say()).toMatch(/Captain Brine.*black sand.*What do ye do\?$/);
    expect(await talk.say("what do I have?")).toContain("three lives");
  });

  test("can be played to its richest ending", async () => {
    const talk = await talkWhere(
      /stone face opens/,
      ...supplies,
      ...theWord,
      "into the cave",
      "sneak past the crab",
    );
    expect(await talk.say("I say Marigold!")).toContain("Drowned Star");
    expect(await talk.say("I take the opal")).toContain("sea comes in");
    const end = await talk.say("climb up the rope");
    expect(end).toContain("The richest ending there is!");
    expect(end).toEndWith("Shall we sail again?");
  });

  test("can be played to its wisest ending, past the crab with a biscuit and through the door with a key", async () => {
    const talk = await talkWhere(
      /brass key/,
      "search the driftwood",
      "go to the ship",
      "open the barrel",
      "dive into the hold",
    );
    await talk.sayAll("back to the beach", "go into the cave");
    expect(await talk.say("feed the crab")).toContain("takes the biscuit");
    expect(await talk.say("use the key")).toContain("brass key turns");
    expect(await talk.say("leave with nothing")).toContain("The wisest ending there is!");
  });

  test("can be lost: three wounds are the end", async () => {
    const talk = await talkWhere(
      /doomed ending/,
      ...supplies,
      "into the cave",
      "fight the crab",
      "fight the crab",
      "fight the crab",
    );
    expect(
      talk.messages.filter(({ content }) => content.includes("lives left") || content.includes("life left")),
    ).toHaveLength(2);
    expect(await talk.say("no more")).toBeTruthy();
  });

  test("goes on from the same place in a new process, dice and all", async () => {
    const talk = startTalk(brine, { seed: 6 });
    await talk.say();
    await talk.sayAll(...supplies, "wade to the wreck", "dive into the hold", "dive into the hold");
    const copy = startTalk(brine, { seed: 1234 });
    copy.messages.push(...structuredClone(talk.messages));
    expect(await copy.say("what do I have")).toBe(await talk.say("what do I have"));
  });

  test("keeps the cave dark without a lantern, the parrot silent without a biscuit, the door shut without a word", async () => {
    const talk = startTalk(brine);
    await talk.say();
    expect(await talk.say("go into the cave")).toContain("Ye need a light");
    await talk.say("the jungle");
    expect(await talk.say("feed the parrot")).toContain("not on an empty stomach");
    const door = await talkWhere(/stone face opens/, "search the driftwood", "the cave", "sneak past");
    expect(await door.say("say the word")).toContain("haven't got that");
  });

  test("gives each thing once, and offers only what can still be done", async () => {
    const talk = startTalk(brine);
    await talk.sayAll("ahoy", "search the driftwood");
    const again = await talk.say("search the driftwood");
    expect(again).not.toContain("It's yours");
    expect(again).not.toContain("search the driftwood");
    expect(await talk.say("what do I have")).toContain("lantern");
  });

  test("lets the cutlass help in a fight", async () => {
    const talk = await talkWhere(
      /three for the cutlass/,
      ...supplies,
      "jungle",
      "cross the bridge",
      "take the cutlass",
      "back",
      "back to the beach",
      "cave",
      "fight",
    );
    expect(talk.messages.at(-1)?.content).toMatch(/^Ye roll a \w+ and a \w+, and three for the cutlass\./);
  });

  test("understands what it does not: puzzled, it says what could be done", async () => {
    const talk = startTalk(brine);
    await talk.say();
    expect(await talk.say("I compose a sonnet")).toMatch(
      /Ye could search the driftwood, .*, or try the cave\.$/,
    );
    expect(await talk.say("help")).toContain("Ye could");
    expect(await talk.say("look around")).toContain("black sand");
  });

  test("begins again when asked, in the middle and at the end", async () => {
    const talk = startTalk(brine);
    await talk.sayAll("ahoy", "search the driftwood", "wade to the wreck");
    expect(await talk.say("start over")).toContain("black sand");
    expect(await talk.say("what do I have")).toContain("nothing but sand");
  });

  test("can be ended from every seed: random deeds never get stuck", async () => {
    const deeds =
      `search the driftwood|wreck|rope|barrel|dive|beach|jungle|feed the parrot|bridge|cutlass|back|cave|fight
sneak|marigold|use the key|push|take the star|climb|run|drop it`.split(/[|\n]/);
    for (let seed = 0; seed < 12; seed++) {
      const random = seededRandom(seed);
      const talk = startTalk(brine, { seed });
      await talk.say();
      let turns = 0;
      while (!talk.messages.at(-1)?.content.endsWith("Shall we sail again?") && turns++ < 400) {
        await talk.say(deeds[Math.floor(random() * deeds.length)]);
      }
      expect(turns, `seed ${seed}`).toBeLessThan(400);
    }
  }, 30_000);
});

describe("dice", () => {
  const roll = brine.TOOLS?.find(({ name }) => name === "roll_dice");
  const rolled = (args: unknown, seed = 1) =>
    roll?.execute(args, { random: seededRandom(seed) }) as { rolls: number[]; total: number };

  test("are two with six sides unless asked otherwise", () => {
    const { rolls, total } = rolled({});
    expect(rolls).toHaveLength(2);
    expect(total).toBe((rolls[0] ?? 0) + (rolls[1] ?? 0));
    expect(rolled({ count: 5, sides: 20 }).rolls).toHaveLength(5);
  });

  test("fall on every side, and nowhere else", () => {
    const { rolls } = rolled({ count: 20, sides: 4 }, 3);
    const many = Array.from({ length: 60 }, (_, seed) => rolled({ count: 20, sides: 6 }, seed).rolls).flat();
    expect([...new Set(many)].sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(Math.max(...rolls)).toBeLessThanOrEqual(4);
    const mean = many.reduce((sum, side) => sum + side, 0) / many.length;
    expect(mean).toBeWithin(3.3, 3.7);
  });

  test.each([
    ["roll two dice", /^The dice say \w+, \w+\. That makes \w+\.$/],
    ["Roll a twenty-sided die!", /^The die says [\w-]+\.$/],
    ["throw the dice", /^The dice say \w+, \w+\./],
    ["roll 3 dice", /^The dice say \w+, \w+, \w+\./],
    ["roll a die", /^The die says (?:one|two|three|four|five|six)\.$/],
  ])("are thrown when one says: %s", async (heard, expected) => {
    const talk = startTalk(brine);
    await talk.say();
    expect(await talk.say(heard)).toMatch(expected);
  });
});
