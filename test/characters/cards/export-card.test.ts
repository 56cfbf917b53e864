// Characters as cards again: what came in goes out, in every form.
import { describe, expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { exportCharacter, importCard } from "../../../src/characters/cards/card-files.ts";
import { buildCard, exportCard } from "../../../src/characters/cards/export-card.ts";
import { parseCard } from "../../../src/characters/cards/parse-card.ts";
import { readPngChunks } from "../../../src/characters/cards/png-chunks.ts";
import { drawPortrait } from "../../../src/characters/cards/portrait.ts";
import { readZip } from "../../../src/characters/cards/read-zip.ts";
import { createCharacterStage } from "../../../src/characters/character-stage.ts";
import type { Character } from "../../../src/characters/port.ts";
import { buildZip } from "../../support/build-zip.ts";
import { firstVersion, secondVersion, thirdVersion } from "../../support/card-samples.ts";
import { failureOf } from "../../support/failure-of.ts";
import { createTempFolder, type TempFolder } from "../../support/temp-folder.ts";

const containers = ["json", "png", "charx"] as const;
const bytesOf = (card: unknown): Uint8Array => Buffer.from(JSON.stringify(card));

/** Imports a card and loads the folder as the server would. */
async function importInto(temp: TempFolder, bytes: Uint8Array): Promise<Character> {
  const { name } = await importCard(bytes, { folder: temp.path, force: true });
  await using stage = await createCharacterStage(
    { emit: () => undefined },
    { folder: temp.path, watch: false },
  );
  const character = (await stage.settled()).find(name);
  if (!character) throw new Error(JSON.stringify(stage.book.problems));
  return character;
}

describe("a round trip", () => {
  test.each(containers)("through %s keeps a card of either version equal", async (container) => {
    for (const [card, format] of [
      [secondVersion, "v2"],
      [thirdVersion, "v3"],
    ] as const) {
      await using temp = await createTempFolder();
      const character = await importInto(temp, bytesOf(card));
      const bytes = await exportCharacter(character, { folder: temp.path, format, container });
      expect(await parseCard(bytes)).toEqual({ card, warnings: [], container } as never);
      // And once more, from what was exported.
      const again = await importInto(temp, bytes);
      expect(buildCard(again, format)).toEqual(card as never);
    }
  });

  test("from version 1 comes back as version 2 with the same texts", async () => {
    await using temp = await createTempFolder();
    const character = await importInto(temp, bytesOf(firstVersion));
    expect(buildCard(character, "v2")).toMatchObject({ spec: "chara_card_v2", data: firstVersion });
  });

  test("from version 2 through 3 and back keeps every field", async () => {
    await using temp = await createTempFolder();
    const character = await importInto(temp, bytesOf(secondVersion));
    const third = buildCard(character, "v3");
    expect(third).toMatchObject({
      spec: "chara_card_v3",
      spec_version: "3.0",
      data: { group_only_greetings: [] },
    });
    expect(third.data.character_book?.entries?.map(({ use_regex }) => use_regex)).toEqual([false, false]);
    await using other = await createTempFolder();
    const back = buildCard(await importInto(other, bytesOf(third)), "v2");
    expect(back).toMatchObject(secondVersion);
  });

  test("a character that was renamed or edited in its file is exported so", async () => {
    await using temp = await createTempFolder();
    const { file } = await importCard(bytesOf(secondVersion), { folder: temp.path });
    const path = join(temp.path, file);
    const text = await readFile(path, "utf8");
    await temp.write(
      file,
      text
        .replace('CHARACTER_NAME = "Rosalind"', 'CHARACTER_NAME = "Rosa"')
        .replace('personality: "patient, dry"', 'personality: "cheerful"'),
    );
    await using stage = await createCharacterStage(
      { emit: () => undefined },
      { folder: temp.path, watch: false },
    );
    const card = buildCard((await stage.settled()).find("Rosa")!, "v2");
    expect(card).toEqual({
      ...secondVersion,
      data: { ...secondVersion.data, name: "Rosa", personality: "cheerful" },
    } as never);
  });
});

describe("an export", () => {
  const native = {
    name: "Tock",
    voiceSource: { source_type: "kokoro" as const, voice: "bm_fable", speed: 0.97 },
    instructions: { type: "constant" as const, text: "You are Tock.", language: "en" as const },
    metadata: { good: true, greeting: "At your service.", tagline: "A butler" },
  };

  test("of a character that came from no card describes it, and brings its voice back on import", async () => {
    const bytes = await exportCard(native, { format: "v3", container: "json" });
    const { card } = await parseCard(bytes);
    expect(card.data).toMatchObject({
      name: "Tock",
      description: "You are Tock.",
      first_mes: "At your service.",
      creator_notes: "A butler",
      group_only_greetings: [],
    });
    await using temp = await createTempFolder();
    expect((await importInto(temp, bytes)).voiceSource).toEqual(native.voiceSource);
  });

  test("of one without a text needs its prompt", async () => {
    const quiz = { ...native, instructions: { type: "quiz_show" as const } };
    expect(buildCard(quiz, "v2", "You host a quiz.").data.description).toBe("You host a quiz.");
    expect(await failureOf(exportCard(quiz, { format: "v2", container: "json" }))).toMatchObject({
      code: "E_ARGS",
    });
  });

  test("of a card that is none any more is E_SCHEMA", async () => {
    const broken = { ...native, metadata: { card: { spec: "chara_card_v2", data: 5 } } };
    expect(await failureOf(exportCard(broken, { format: "v2", container: "png" }))).toMatchObject({
      code: "E_SCHEMA",
    });
  });

  test("as a picture carries both versions for version 3, and one for version 2", async () => {
    const keywordsOf = (png: Uint8Array): string[] => {
      const texts = readPngChunks(png, "").filter(({ type }) => type === "tEXt");
      return texts.map(({ data }) => Buffer.from(data).toString("latin1").split("\0")[0] ?? "");
    };
    const third = await exportCard(native, { format: "v3", container: "png" });
    expect(keywordsOf(third)).toEqual(["ccv3", "chara"]);
    // The cards that the picture came with go.
    const second = await exportCard(native, { format: "v2", container: "png", original: third });
    expect(keywordsOf(second)).toEqual(["chara"]);
  });

  test("is the same, byte for byte, whenever it is made", async () => {
    for (const container of containers) {
      const first = await exportCard(native, { format: "v3", container });
      expect(await exportCard(native, { format: "v3", container })).toEqual(first);
    }
  });

  test("keeps the picture that the card came in", async () => {
    await using temp = await createTempFolder();
    const face = drawPortrait("another face");
    const png = await exportCard(
      { ...native, metadata: { card: thirdVersion } },
      { format: "v3", container: "png", original: face },
    );
    const character = await importInto(temp, png);
    const back = await exportCharacter(character, { folder: temp.path, format: "v2", container: "png" });
    const pixels = (bytes: Uint8Array) => readPngChunks(bytes, "").filter(({ type }) => type === "IDAT");
    expect(pixels(back)).toEqual(pixels(face));
    expect(pixels(back)).not.toEqual(pixels(drawPortrait("Rosalind Grey")));
  });

  test("keeps the assets of an archive, and its icon becomes the picture", async () => {
    await using temp = await createTempFolder();
    const icon = drawPortrait("icon");
    const assets = {
      "assets/icon/images/main.png": icon,
      "assets/other/audio/hello.mp3": Buffer.from("sound"),
    };
    const entries = Object.entries(assets).map(([path, content]) => ({ path, content }));
    const charx = buildZip([{ path: "card.json", content: JSON.stringify(thirdVersion) }, ...entries]);
    const character = await importInto(temp, charx);

    const back = await exportCharacter(character, { folder: temp.path, format: "v3", container: "charx" });
    const content = await readZip(back, "", () => true);
    expect([...content.keys()]).toEqual(["card.json", ...Object.keys(assets)]);
    for (const [path, bytes] of Object.entries(assets))
      expect(Buffer.compare(content.get(path)!, bytes)).toBe(0);

    const png = await exportCharacter(character, { folder: temp.path, format: "v3", container: "png" });
    expect(readPngChunks(png, "")[1]).toEqual(readPngChunks(icon, "")[1]);
  });

  test("makes archives that another program reads", async () => {
    await using temp = await createTempFolder();
    const path = await temp.write("x.charx", await exportCard(native, { format: "v3", container: "charx" }));
    const code =
      "import sys,zipfile,json; z=zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; print(json.loads(z.read('card.json'))['data']['name'])";
    const python = Bun.which("python3");
    if (!python) return;
    const child = Bun.spawn([python, "-c", code, path], { stdio: ["ignore", "pipe", "inherit"] });
    expect((await new Response(child.stdout).text()).trim()).toBe("Tock");
  });
});

describe("an import into a folder", () => {
  test("says what it wrote, and keeps the picture where nothing is loaded from", async () => {
    await using temp = await createTempFolder();
    const folder = join(temp.path, "cast");
    const png = await exportCard(
      {
        name: "x",
        voiceSource: { source_type: "kokoro", voice: "v" },
        instructions: { type: "smalltalk" },
        metadata: { card: secondVersion },
      },
      { format: "v2", container: "png" },
    );
    expect(await importCard(png, { folder, voice: "af_heart" })).toEqual({
      file: "x.ts",
      name: "x",
      warnings: [],
    });
    expect(await readFile(join(folder, "_cards/x.png"))).toEqual(Buffer.from(png));
    await using stage = await createCharacterStage({ emit: () => undefined }, { folder, watch: false });
    expect((await stage.settled()).characters.map(({ file }) => file)).toEqual(["x.ts"]);
  });

  test("leaves an existing file alone, but for force", async () => {
    await using temp = await createTempFolder();
    await temp.write("rosalind.ts", "// mine");
    const failure = await failureOf(importCard(bytesOf(secondVersion), { folder: temp.path }));
    expect(failure).toMatchObject({ code: "E_ARGS", message: expect.stringContaining("--force") });
    expect(await Bun.file(join(temp.path, "rosalind.ts")).text()).toBe("// mine");
    await importCard(bytesOf(secondVersion), { folder: temp.path, force: true });
    expect(await Bun.file(join(temp.path, "rosalind.ts")).text()).toContain("const CARD: Card");
  });

  test("of a broken card writes nothing", async () => {
    await using temp = await createTempFolder();
    const folder = join(temp.path, "cast");
    await failureOf(importCard(Buffer.from("{}"), { folder }));
    await failureOf(importCard(bytesOf(secondVersion), { folder, voice: "" }));
    expect(await Bun.file(folder).exists()).toBe(false);
    expect(await failureOf(readFile(folder))).toMatchObject({ code: "ENOENT" });
  });
});
