// Cards as character files: fit to live with, on stage, and saying what the card says.
import { describe, expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { type CharacterCard, readCard } from "../../../src/characters/cards/card-schema.ts";
import { writeCharacterFile } from "../../../src/characters/cards/write-character-file.ts";
import { firstVersion, secondVersion, thirdVersion } from "../../support/card-samples.ts";
import { openTestStage } from "../../support/character-files.ts";
import { failureOf } from "../../support/failure-of.ts";
import { createCheckedProject } from "../../support/source-checks.ts";
import { cpuMs } from "../../support/cpu-time.ts";

const asCard = (value: unknown): CharacterCard => readCard(value, "card").card;
const cardOf = (data: Record<string, unknown>): CharacterCard =>
  asCard({ spec: "chara_card_v3", spec_version: "3.0", data: { name: "Rose", ...data } });

/** A stage with one card on it. */
async function onStage(card: CharacterCard) {
  const file = await writeCharacterFile(card, { voice: "af_heart" });
  const cast = await openTestStage({ [file.fileName]: file.source });
  const [character] = cast.stage.book.characters;
  if (!character) throw new Error(JSON.stringify(cast.stage.book.problems));
  return {
    character,
    prompt: (...contents: string[]): Promise<string> =>
      character.makeSystemPrompt({ seed: 1, userName: "Eve", messages: talk(contents) }),
    answer: async (...contents: string[]): Promise<string> =>
      (await Array.fromAsync(character.reply(talk(contents), { seed: 1, userName: "Eve" }))).join(""),
    [Symbol.asyncDispose]: () => cast[Symbol.asyncDispose](),
  };
}

/** The user begins, and every other line is the character's. */
const talk = (contents: string[]) =>
  contents.map((content, index) => ({
    role: index % 2 === 0 ? ("user" as const) : ("assistant" as const),
    content,
  }));

const nasty = "quotes ' \" `ticks` ${code} \\back\\ */ // \u2028 \u0000 \ud800 👩‍💻\n".repeat(3);
const nastyCard = cardOf({
  name: `Ro"se \`\${x}\` \\ */ 灯台`,
  description: nasty,
  first_mes: nasty,
  alternate_greetings: [nasty, "</script>"],
  extensions: {
    __proto__: null,
    "": 1,
    "a-b": [nasty, [1, 2, 3], []],
    constructor: [{ constructor: 1 }, { a: 2 }],
  },
  character_book: { entries: [{ keys: [nasty, "/`${x}`/"], content: nasty, position: 7 }] },
});

describe("a character file from a card", () => {
  test("is formatted, typed and linted, whatever stands in the card", async () => {
    const cards = [asCard(firstVersion), asCard(secondVersion), asCard(thirdVersion), nastyCard, cardOf({})];
    await using project = await createCheckedProject();
    for (const [index, card] of cards.entries()) {
      const { fileName, source } = await writeCharacterFile(card);
      expect(fileName).toMatch(/^[a-z0-9][a-z0-9-]*\.ts$/);
      await Bun.write(join(project.folder, `${index}-${fileName}`), source);
    }
    expect(await readdir(project.folder)).toHaveLength(5);
    expect(await project.complaints()).toBe("");
  });

  test("holds the card unharmed in METADATA.card, as the stage reads it too", async () => {
    for (const card of [asCard(secondVersion), asCard(thirdVersion), nastyCard]) {
      await using cast = await onStage(card);
      expect(cast.character.metadata["card"]).toEqual(card as never);
      expect(JSON.stringify(cast.character.metadata["card"])).toBe(JSON.stringify(card));
    }
  });

  test("has the name, a constant part, the voice, and a greeting to show", async () => {
    const { source, name, fileName } = await writeCharacterFile(asCard(thirdVersion), {
      voice: "af_sky(2)+am_adam(1)",
    });
    await using cast = await openTestStage({ [fileName]: source });
    const character = cast.stage.book.find("Rosalind Grey");
    expect([name, fileName]).toEqual(["Rosalind Grey", "rosalind-grey.ts"]);
    expect(character).toMatchObject({
      voiceSource: { source_type: "kokoro", voice: "af_sky(2)+am_adam(1)" },
      instructions: { type: "constant", text: "{{char}} keeps the lighthouse of Grey Point." },
      metadata: { good: true, greeting: "Come in out of the wet, you." },
      hasReply: true,
    });
  });

  test("without a voice gets one that leads to a stand-in, or the one it was exported with", async () => {
    const plain = await writeCharacterFile(cardOf({}));
    expect(plain.source).toContain('path_on_server: "voices/rose.wav"');
    const own = { troupe: { voice_source: { source_type: "kokoro", voice: "bf_emma" } } };
    expect((await writeCharacterFile(cardOf({ extensions: own }))).source).toContain('voice: "bf_emma"');
    const broken = { troupe: { voice_source: { source_type: "tape" } } };
    expect((await writeCharacterFile(cardOf({ extensions: broken }))).source).toContain("voices/rose.wav");
    expect(await failureOf(writeCharacterFile(cardOf({}), { voice: "" }))).toMatchObject({ code: "E_ARGS" });
  });

  test.each([
    ["Rosé & Søn", "Rosé & Søn", "rose-son.ts"],
    ["  a\n b ", "a b", "a-b.ts"],
    ["灯台", "灯台", expect.stringMatching(/^character-[0-9a-f]+\.ts$/)],
  ])("of %p is named %p, %p", async (given, name, fileName) => {
    expect(await writeCharacterFile(cardOf({ name: given }))).toMatchObject({ name, fileName });
  });

  test("cuts a name of more than 80 letters, and says so", async () => {
    const { name, warnings } = await writeCharacterFile(cardOf({ name: "é".repeat(100) }));
    expect(name).toBe("é".repeat(80));
    expect(warnings).toEqual([expect.stringContaining("shortened")]);
  });

  test("of more than 1 MiB is E_SCHEMA", async () => {
    const card = cardOf({ description: "x".repeat(1 << 20) });
    expect(await failureOf(writeCharacterFile(card))).toMatchObject({
      code: "E_SCHEMA",
      message: expect.stringContaining("1048576"),
    });
  });

  test("comes with warnings for what will not be used", async () => {
    const { warnings } = await writeCharacterFile(
      cardOf({
        description: "x".repeat(140_000),
        first_mes: "{{getvar::x}} {{char}} {{unknown:y}}",
        group_only_greetings: ["hello all"],
        assets: [{}, {}],
        character_book: {
          entries: [
            { keys: ["/a(?=b)/"], use_regex: true, content: "@@depth 4\n@@activate\n@@role user\nx" },
          ],
        },
      }),
    );
    expect(warnings).toEqual([
      expect.stringContaining("140000"),
      expect.stringContaining("getvar, unknown"),
      expect.stringContaining("depth, role"),
      expect.stringContaining("1 lore keys"),
      expect.stringContaining("groups"),
      expect.stringContaining("2 assets"),
    ]);
    expect((await writeCharacterFile(asCard(secondVersion))).warnings).toEqual([]);
  });
});

test("a card made to keep the importer busy does not", async () => {
  const spaces = " ".repeat(100_000);
  const card = cardOf({
    name: `x${spaces}y`,
    description: `{{${spaces}`,
    scenario: "{{".repeat(50_000),
    first_mes: `${"*".repeat(50_001)}{{`,
    character_book: { entries: [{ keys: [`/${"/".repeat(100_000)}`], content: "@@@\n".repeat(50_000) }] },
  });
  const startMs = cpuMs();
  const { source, name } = await writeCharacterFile(card);
  expect(cpuMs() - startMs).toBeLessThan(2000);
  await using cast = await openTestStage({ "x.ts": source });
  expect(await cast.promptOf(name)).toContain("A voice says your words aloud.");
});

describe("the prompt of a card", () => {
  test("has the card's texts in order, macros filled, and the rules of speaking", async () => {
    await using cast = await onStage(asCard(secondVersion));
    const prompt = await cast.prompt("Light the lamp!");
    const order = [
      "You are Rosalind, in a spoken conversation.",
      "Never mention the sea serpent first.",
      "The lamp burns whale oil.",
      "Rosalind keeps the lighthouse of Grey Point.",
      "patient, dry",
      "A storm is coming in.",
      "It is 1871.",
      "Eve: Is it far?\nRosalind: Two miles by land",
      "Mind the weather.",
      "A voice says your words aloud.",
      "The user is called Eve.",
    ].map((text) => prompt.indexOf(text));
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(order).not.toContain(-1);
    expect(prompt).not.toMatch(/\{\{|<START>|Not for prompts|lighthouse, calm/);
  });

  test("offers one of the greetings until somebody has spoken", async () => {
    await using cast = await onStage(asCard(secondVersion));
    const greeting = /If you speak first, begin like this, .*\n(.*)/;
    const drawn = new Set<string | undefined>();
    for (let seed = 0; seed < 40; seed++) {
      const prompt = await cast.character.makeSystemPrompt({ seed, userName: "Eve", messages: [] });
      drawn.add(greeting.exec(prompt)?.[1]);
    }
    expect(drawn).toEqual(
      new Set(["*She trims the lamp.* Come in out of the wet, Eve.", "You again, Eve?", "*silence*"]),
    );
    expect(await cast.prompt("Hello", "Come in.", "Thanks")).not.toMatch(greeting);
  });

  test("uses the nickname where there is one, and calls an unknown user you", async () => {
    await using cast = await onStage(asCard(thirdVersion));
    expect(await cast.prompt()).toContain("You are Rose, in a spoken conversation.");
    const prompt = await cast.character.makeSystemPrompt({ messages: [] });
    expect(prompt).toContain("you: Is it far?");
    const dear = cardOf({ nickname: "Ca$$h $& Co", mes_example: "{{char}}: Well." });
    await using other = await onStage(dear);
    expect(await other.prompt()).toContain("How Ca$$h $& Co talks, in examples");
  });

  test("follows the talk with its lore, patterns too", async () => {
    await using cast = await onStage(asCard(thirdVersion));
    expect(await cast.prompt("hello")).not.toContain("The serpent has one eye.");
    expect(await cast.prompt("Have you seen SERPENTS?")).toContain("The serpent has one eye.");
    expect(await cast.prompt("serpents", "no", "well", "hm", "so")).not.toContain("one eye");
  });

  test("an edit of the description in the instructions counts", async () => {
    const { source, fileName } = await writeCharacterFile(asCard(secondVersion));
    const edited = source.replace("{{char}} keeps the lighthouse", "{{char}} keeps BEES at the lighthouse");
    await using cast = await openTestStage({ [fileName]: edited });
    expect(await cast.promptOf("Rosalind")).toContain("Rosalind keeps BEES");
  });

  test("a card made to hang or to flood costs neither its deadline nor anyone else", async () => {
    const evil = cardOf({
      description: `${"{{reverse:".repeat(20_000)}${"}}".repeat(20_000)}`,
      mes_example: "\n".repeat(100_000),
      system_prompt: "{{original}}".repeat(20_000),
      character_book: {
        recursive_scanning: true,
        token_budget: 1e9,
        entries: [
          ...Array.from({ length: 300 }, () => ({
            keys: ["/(a+)+$/", "(x+x+)+y"],
            use_regex: true,
            content: "aaaa ".repeat(200),
          })),
          { keys: ["/(?:a|aa)+b/"], content: "b" },
        ],
      },
    });
    await using cast = await onStage(evil);
    const text = `${"a".repeat(5000)}!`;
    const prompt = await cast.prompt(text, text, text);
    expect(prompt.length).toBeLessThan(256 * 1024);
    expect(await cast.answer(text, text, text)).not.toBe("");
    expect(cast.character.status).toBe("ready");
  });
});

describe("the answer of a card without a language model", () => {
  test("greets, knows its lore, remembers its examples, and takes leave", async () => {
    await using cast = await onStage(asCard(secondVersion));
    const greetings = ["Come in out of the wet, Eve.", "You again, Eve?", "silence"];
    expect(greetings).toContain(await cast.answer());
    expect(await cast.answer("hello", "Come in.", "What about the lamp?")).toBe("The lamp burns whale oil.");
    const silence = await cast.answer("hello", "Come in.", "...");
    expect(silence).toBe("Take your time. I'm here.");
    const all = new Set<string>();
    for (let seed = 0; seed < 30; seed++) {
      const messages = talk(["hello", "Come in.", "So?"]);
      const pieces = await Array.fromAsync(cast.character.reply(messages, { seed }));
      all.add(pieces.join(""));
    }
    expect([...all].some((line) => line.startsWith("Two miles by land"))).toBe(true);
    expect(await cast.answer("hello", "Come in.", "Goodbye")).toContain("Bye!");
    expect(await cast.answer("hello", "Come in.", "...", "Yes?", "...", "So?", "...")).toContain("Bye!");
  });

  test("a card with nothing but a name can still say hello", async () => {
    await using cast = await onStage(cardOf({}));
    expect(await cast.answer()).toBe("Hello. It is good to meet you.");
    expect(await cast.answer("hi", "Hello.", "who?")).toContain("language model");
    expect(await cast.prompt()).toContain("You are Rose.");
  });
});
