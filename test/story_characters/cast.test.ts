// What every shipped character owes: the contract, the rules of a spoken prompt, and answers that can be spoken.
import { describe, expect, test } from "bun:test";
import { Glob } from "bun";
import { join } from "node:path";
import {
  characterNameSchema,
  instructionsSchema,
  metadataSchema,
  voiceSourceSchema,
} from "../../src/characters/module-contract.ts";
import {
  type CharacterModule,
  castFolder,
  loadCharacter,
  seededRandom,
  someFriday,
  startTalk,
} from "./talk.ts";

const files = [...new Glob("*.ts").scanSync(castFolder)].map((name) => name.replace(/\.ts$/, "")).sort();
/** No request leaves the machine here: the news reader has no feed. */
const offline = async (file: string): Promise<CharacterModule> => {
  const character = await loadCharacter(file);
  return {
    ...character,
    INSTRUCTIONS: { ...character.INSTRUCTIONS, feed_url: undefined } as CharacterModule["INSTRUCTIONS"],
  };
};
const cast = await Promise.all(files.map(async (file) => [file, await offline(file)] as const));
const characters = cast.map(([, character]) => character);

const promptOf = async (character: CharacterModule, seed = 1, userName?: string): Promise<string> =>
  new character.PromptGenerator(character.INSTRUCTIONS).makeSystemPrompt({
    now: someFriday,
    random: seededRandom(seed),
    userName,
    messages: [],
  });

/** Relative luminance, WCAG 2.2. */
function luminanceOf(hex: string): number {
  const channels = [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255);
  const linear = channels.map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * (linear[0] ?? 0) + 0.7152 * (linear[1] ?? 0) + 0.0722 * (linear[2] ?? 0);
}

describe("the cast", () => {
  test("is ten, each with a name, a voice, a colour and a tagline of its own", () => {
    expect(files).toHaveLength(10);
    const distinct = (of: (character: CharacterModule) => string) => new Set(characters.map(of)).size;
    expect(distinct((c) => c.CHARACTER_NAME)).toBe(10);
    expect(distinct((c) => c.VOICE_SOURCE.voice)).toBe(10);
    expect(distinct((c) => c.METADATA.color)).toBe(10);
    expect(distinct((c) => c.METADATA.tagline)).toBe(10);
  });

  test("has every type of instructions, two with tools, and one of two languages", () => {
    const types = new Set(characters.map((c) => c.INSTRUCTIONS.type));
    const all = ["constant", "guess_animal", "news", "quiz_show", "smalltalk", "unmute_explanation"];
    expect([...types].sort()).toEqual(all);
    expect(characters.flatMap((c) => c.TOOLS?.map(({ name }) => name) ?? []).sort()).toEqual([
      "current_time",
      "days_until",
      "roll_dice",
    ]);
    expect(characters.filter((c) => c.INSTRUCTIONS.language === "en/fr")).toHaveLength(1);
  });

  test("is self-contained: no file imports anything", async () => {
    const sources = await Promise.all(files.map((file) => Bun.file(join(castFolder, `${file}.ts`)).text()));
    expect(sources.filter((source) => /^\s*import\b|\brequire\(|\bimport\(/m.test(source))).toEqual([]);
  });

  test("escapes no letters by accident", async () => {
    // Bun 1.4.4 writes the letters of String.raw templates beyond ASCII as \u escapes, which would be spoken.
    const sources = await Promise.all(files.map((file) => Bun.file(join(castFolder, `${file}.ts`)).text()));
    expect(sources.filter((source) => source.includes("String.raw"))).toEqual([]);
  });
});

describe.each(cast)("%s", (file, character) => {
  const { CHARACTER_NAME, VOICE_SOURCE, INSTRUCTIONS, METADATA, TOOLS } = character;

  test("keeps the module contract", async () => {
    expect(characterNameSchema.parse(CHARACTER_NAME)).toBe(CHARACTER_NAME);
    expect(file).toBe(CHARACTER_NAME.toLowerCase().replaceAll(" ", "-"));
    expect(voiceSourceSchema.safeParse(VOICE_SOURCE).error).toBeUndefined();
    expect(instructionsSchema.safeParse(INSTRUCTIONS).error).toBeUndefined();
    expect(metadataSchema.safeParse(METADATA).error).toBeUndefined();
    for (const { name, description, parameters, execute } of TOOLS ?? []) {
      expect(name).toMatch(/^[a-zA-Z][a-zA-Z0-9_]*$/);
      expect(description.length).toBeGreaterThan(10);
      expect(parameters).toMatchObject({ type: "object", additionalProperties: false });
      expect(execute).toBeFunction();
    }
  });

  test("speaks with a voice that Kokoro has", async () => {
    expect(VOICE_SOURCE.source_type).toBe("kokoro");
    const voices = join(castFolder, "../node_modules/kokoro-js/voices", `${VOICE_SOURCE.voice}.bin`);
    expect(await Bun.file(voices).exists()).toBe(true);
  });

  test("has what the page shows: tagline, greeting, and a colour that is readable on light and on dark", () => {
    expect(METADATA.good).toBe(true);
    expect(METADATA.tagline.length).toBeWithin(5, 60);
    expect(METADATA.greeting.length).toBeWithin(20, 160);
    expect(METADATA.color).toMatch(/^#[0-9a-f]{6}$/);
    const luminance = luminanceOf(METADATA.color);
    expect(1.05 / (luminance + 0.05)).toBeGreaterThan(4.5);
  });

  test("carries the rules of a spoken prompt", async () => {
    const prompt = (await promptOf(character)).replace(/\s+/g, " ");
    expect(prompt).toContain(CHARACTER_NAME.split(" ")[0] ?? "");
    expect(prompt).toMatch(/spoken aloud: no markdown, no lists, no emoji, no symbols/);
    expect(prompt).toMatch(/brief/i);
    expect(prompt).toMatch(/transcribed from speech.* mis-heard/);
    expect(prompt).toMatch(/Speak English|speak English and French/);
    expect(prompt).toMatch(/"\.\.\." means/);
    expect(prompt).toMatch(/three silences in a row.*end with "Bye!"/);
    expect(prompt.length).toBeLessThan(7000);
    expect(prompt).not.toMatch(/undefined|\[object|NaN|\{\w+\}/);
  });

  test("makes the same prompt from the same context, and names the user who has a name", async () => {
    expect(await promptOf(character)).toBe(await promptOf(character));
    expect(await promptOf(character, 1, "Ottilie")).toContain("Ottilie");
  });

  test("makes a prompt without a context", async () => {
    const prompt = await new character.PromptGenerator(INSTRUCTIONS).makeSystemPrompt();
    expect(prompt.length).toBeGreaterThan(500);
  });

  test("speaks first when nothing has been said", async () => {
    const openings = new Set<string>();
    for (let seed = 1; seed <= 8; seed++) openings.add(await startTalk(character, { seed }).say());
    for (const opening of openings) expect(opening.length).toBeWithin(20, 500);
  });

  test("answers the same way in the same context", async () => {
    const [one, two] = [startTalk(character, { seed: 7 }), startTalk(character, { seed: 7 })];
    for (const line of ["hello", "tell me more", "yes", "why"])
      expect(await one.say(line)).toBe(await two.say(line));
  });

  test("answers who speaks first, and what looks like its own greeting in the talk", async () => {
    const first = startTalk(character);
    expect((await first.say("hello there")).length).toBeGreaterThan(5);
    const greeted = startTalk(character);
    greeted.messages.push({ role: "assistant", content: METADATA.greeting });
    expect((await greeted.say("yes please")).length).toBeGreaterThan(5);
  });

  test("takes two silences kindly, and says goodbye at the third", async () => {
    const talk = startTalk(character);
    await talk.say();
    expect(await talk.say("...")).not.toEndWith("Bye!");
    expect(await talk.say("…")).not.toEndWith("Bye!");
    expect(await talk.say("...")).toEndWith("Bye!");
  });

  test("counts silences in a row only", async () => {
    const talk = startTalk(character);
    await talk.sayAll("hello", "...", "...", "I was away for a moment", "...");
    expect(talk.messages.filter(({ content }) => content.endsWith("Bye!"))).toEqual([]);
  });

  test("says goodbye to who leaves", async () => {
    const talk = startTalk(character);
    await talk.say();
    expect(await talk.say("Goodbye!")).toEndWith("Bye!");
  });

  test("gives the silent an answer that is not empty, however often", async () => {
    const talk = startTalk(character);
    for (let n = 0; n < 12; n++) expect((await talk.say("...")).trim()).not.toBe("");
  });
});
