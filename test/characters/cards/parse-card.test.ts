// Cards in every container, and the files that only pretend.
import { describe, expect, test } from "bun:test";
import { readCard } from "../../../src/characters/cards/card-schema.ts";
import { parseCard } from "../../../src/characters/cards/parse-card.ts";
import { encodePng, type PngChunk, readPngChunks } from "../../../src/characters/cards/png-chunks.ts";
import { drawPortrait } from "../../../src/characters/cards/portrait.ts";
import { buildZip, type ZipEntry } from "../../support/build-zip.ts";
import { firstVersion, secondVersion, thirdVersion } from "../../support/card-samples.ts";
import { failureOf } from "../../support/failure-of.ts";
import { cpuMs } from "../../support/cpu-time.ts";

const json = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));
const picture = drawPortrait("Rosalind");

/** A picture with tEXt chunks. */
function png(texts: Record<string, string>): Uint8Array {
  const own = Object.entries(texts).map(
    ([keyword, text]): PngChunk => ({ type: "tEXt", data: Buffer.from(`${keyword}\0${text}`, "latin1") }),
  );
  const chunks = readPngChunks(picture, "");
  return encodePng([...chunks.slice(0, -1), ...own, ...chunks.slice(-1)]);
}
const base64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64");
const charx = (...entries: ZipEntry[]): Uint8Array =>
  buildZip([{ path: "card.json", content: JSON.stringify(thirdVersion), deflate: true }, ...entries]);

const codeOf = async (bytes: Uint8Array): Promise<unknown> =>
  (await failureOf(parseCard(bytes, "x")))["code"];

describe("a card as JSON", () => {
  test("of version 2 and 3 stays as it is, unknown keys and all", async () => {
    for (const card of [secondVersion, thirdVersion]) {
      expect(await parseCard(json(card))).toStrictEqual({ card, warnings: [], container: "json" } as never);
    }
  });

  test("of version 1 takes the form of version 2", async () => {
    const { card } = await parseCard(json(firstVersion));
    expect(card).toMatchObject({ spec: "chara_card_v2", spec_version: "2.0", data: firstVersion });
    expect(card.data).toMatchObject({ system_prompt: "", alternate_greetings: [], extensions: {} });
  });

  test("may begin with a byte order mark and spaces, and may lack most fields or have them null", async () => {
    const card = { spec: "chara_card_v3", spec_version: "3.0", data: { name: "A", description: null } };
    expect((await parseCard(Buffer.from(`\ufeff \n${JSON.stringify(card)}`))).card).toEqual(card as never);
  });

  test("keeps keys that JavaScript gives a meaning", async () => {
    const text = `{"spec":"chara_card_v2","spec_version":"2.0","data":{"name":"A","__proto__":{"x":1},"extensions":{"constructor":1}}}`;
    const { card } = await parseCard(Buffer.from(text));
    expect(JSON.stringify(card)).toBe(text);
  });

  test("of a newer version is read with a warning; one without a version passes", async () => {
    const newer = await parseCard(json({ ...thirdVersion, spec_version: "3.1" }));
    expect(newer.warnings).toEqual([expect.stringContaining("version 3.1")]);
    expect(newer.card.spec_version).toBe("3.1");
    const { spec_version: _, ...without } = secondVersion;
    expect((await parseCard(json(without))).card.spec_version).toBe("2.0");
  });

  const data = secondVersion.data;
  test.each<[string, unknown]>([
    ["no object", [secondVersion]],
    ["nothing that a card has", { hello: 1 }],
    ["a name alone", { name: "A" }],
    ["an unknown spec", { ...secondVersion, spec: "chara_card_v9" }],
    ["a lorebook by itself", { spec: "lorebook_v3", data: {} }],
    ["no data", { spec: "chara_card_v2", spec_version: "2.0" }],
    ["data that is a list", { ...secondVersion, data: [] }],
    ["an empty name", { ...secondVersion, data: { ...data, name: "  " } }],
    ["a name that is a number", { ...firstVersion, name: 5 }],
    ["a greeting that is a list", { ...secondVersion, data: { ...data, first_mes: [] } }],
    ["greetings that are no texts", { ...secondVersion, data: { ...data, alternate_greetings: [1] } }],
    ["lore that is a map", { ...secondVersion, data: { ...data, character_book: { entries: { "0": {} } } } }],
    [
      "lore with keys that are no texts",
      { ...secondVersion, data: { ...data, character_book: { entries: [{ keys: [{}] }] } } },
    ],
    ["version 1 with a wrong field", { ...firstVersion, tags: "calm" }],
  ])("with %s is E_SCHEMA, and says where", async (_, value) => {
    const failure = await failureOf(parseCard(json(value), "card.json"));
    expect(failure).toMatchObject({ code: "E_SCHEMA", message: expect.stringContaining("card.json") });
  });

  test("names the field that does not fit", async () => {
    const book = { entries: [{ keys: ["a"] }, { keys: "a" }] };
    const failure = await failureOf(
      parseCard(json({ ...secondVersion, data: { ...data, character_book: book } })),
    );
    expect(failure.message).toContain("data.character_book.entries.1.keys");
  });

  test.each<[string, string | Uint8Array, string]>([
    ["broken JSON", "{", "E_SCHEMA"],
    ["nothing", "", "E_SCHEMA"],
    ["text", "hello", "E_SCHEMA"],
    ["a list of cards", "[{}]", "E_SCHEMA"],
    ["bytes that are no UTF-8", Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]), "E_SCHEMA"],
    ["nesting without end", `{"a":${"[".repeat(200_000)}`, "E_SCHEMA"],
    ["closed nesting", `{"a":${"[".repeat(200_000)}${"]".repeat(200_000)}}`, "E_SCHEMA"],
    [
      "nesting that a file cannot hold",
      JSON.stringify({ ...firstVersion, x: 0 }).replace(":0", `:${"[".repeat(70)}${"]".repeat(70)}`),
      "E_SCHEMA",
    ],
    ["a number without end", JSON.stringify({ ...firstVersion, x: 0 }).replace(":0", ":1e999"), "E_SCHEMA"],
    ["more than 8 MiB", `{"name":"${"x".repeat(8 << 20)}"}`, "E_QUOTA"],
    ["another kind of picture", Buffer.from([0xff, 0xd8, 0xff, 0xe0, 1, 2, 3]), "E_SCHEMA"],
  ])("%s: %#", async (_, bytes, code) => {
    expect(await codeOf(typeof bytes === "string" ? Buffer.from(bytes) : bytes)).toBe(code);
  });

  test("what is thrown away by the schema is nothing", () => {
    const { card } = readCard(thirdVersion, "x");
    expect(card).toBe(thirdVersion as never);
  });
});

describe("a card in a picture", () => {
  test("of either keyword is found; version 3 counts where both are", async () => {
    expect((await parseCard(png({ chara: base64(firstVersion) }))).card.data.name).toBe("Rosalind");
    expect((await parseCard(png({ chara: base64(secondVersion) }))).card).toEqual(secondVersion as never);
    const both = png({ Comment: "x", chara: base64(secondVersion), ccv3: base64(thirdVersion) });
    expect(await parseCard(both)).toEqual({ card: thirdVersion, warnings: [], container: "png" } as never);
  });

  test("whose version 3 is broken falls back on version 2, with a warning", async () => {
    const { card, warnings } = await parseCard(png({ ccv3: base64({}), chara: base64(secondVersion) }));
    expect(card).toEqual(secondVersion as never);
    expect(warnings).toEqual([expect.stringContaining("version 3 cannot be read")]);
  });

  test("survives what follows the picture", async () => {
    const bytes = Buffer.concat([png({ chara: base64(secondVersion) }), Buffer.from("PK trailing")]);
    expect((await parseCard(bytes)).card).toEqual(secondVersion as never);
  });

  test.each<[string, Uint8Array]>([
    ["no card", picture],
    ["a card that is not base64", png({ chara: "{}{}" })],
    ["a card that is no JSON", png({ chara: Buffer.from("hello").toString("base64") })],
    ["only another keyword", png({ character: base64(secondVersion) })],
  ])("with %s is E_SCHEMA", async (_, bytes) => {
    expect(await codeOf(bytes)).toBe("E_SCHEMA");
  });

  test("that is damaged anywhere is E_VERIFY", async () => {
    const good = Buffer.from(png({ chara: base64(secondVersion) }));
    for (let cut = 8; cut < good.length; cut += 97)
      expect(await codeOf(good.subarray(0, cut))).toBe("E_VERIFY");
    for (let at = 8; at < good.length; at += 61) {
      const bad = Buffer.from(good);
      bad[at] = (bad[at] ?? 0) ^ 0x10;
      expect(await codeOf(bad)).toBe("E_VERIFY");
    }
  });

  test("that lies about its lengths is E_VERIFY", async () => {
    const [header, ...rest] = readPngChunks(picture, "");
    expect(await codeOf(encodePng(rest))).toBe("E_VERIFY");
    const huge = Buffer.from(encodePng([header as PngChunk]));
    huge.writeUInt32BE(0xffffffff, 8);
    expect(await codeOf(huge)).toBe("E_VERIFY");
    const many = encodePng([
      header as PngChunk,
      ...Array.from({ length: 100_001 }, () => ({ type: "teXt", data: Buffer.alloc(0) })),
    ]);
    expect(await codeOf(many)).toBe("E_VERIFY");
  });
});

describe("a card in an archive", () => {
  test("is read, with assets beside it", async () => {
    const bytes = charx(
      { path: "assets/" },
      { path: "assets/icon/images/main.png", content: picture },
      { path: "module.risum", content: "x", deflate: true },
    );
    expect(await parseCard(bytes)).toEqual({ card: thirdVersion, warnings: [], container: "charx" } as never);
  });

  test.each<[string, Uint8Array]>([
    ["no card", buildZip([{ path: "other.json", content: "{}" }])],
    ["a card elsewhere", buildZip([{ path: "x/card.json", content: JSON.stringify(thirdVersion) }])],
    ["a card that is none", buildZip([{ path: "card.json", content: "[]" }])],
    ["nothing", buildZip([])],
  ])("with %s is E_SCHEMA", async (_, bytes) => {
    expect(await codeOf(bytes)).toBe("E_SCHEMA");
  });

  const packed = (path: string, more: Partial<ZipEntry> = {}): Uint8Array =>
    charx({ path, content: "x".repeat(9), deflate: true, ...more });
  const noise = Buffer.alloc(1 << 20, "no two bytes of this are the same, or nearly so");
  test.each<[string, Uint8Array, string]>([
    ["a path that leaves it", packed("../x"), "relative path"],
    ["a path that leaves it further on", packed("a/../../x"), "relative path"],
    ["an absolute path", packed("/etc/x"), "absolute path"],
    ["a drive", packed("C:x"), "absolute path"],
    ["a backslash", packed("a\\x"), "invalid characters"],
    ["a zero in a name", packed("a\0.png"), "no plain path"],
    ["an empty part", packed("a//x"), "no plain path"],
    ["a dot as a part", packed("./card.json"), "no plain path"],
    ["the same name twice", packed("card.json"), "two entries"],
    ["names that differ by case", packed("CARD.json"), "two entries"],
    ["names that differ by composition", charx({ path: "é" }, { path: "e\u0301" }), "two entries"],
    ["a file where a folder is", charx({ path: "a/b" }, { path: "a" }), "two entries"],
    ["a folder where a file is", charx({ path: "a" }, { path: "a/b" }), "two entries"],
    ["a link", packed("a", { unixMode: 0o120777 }), "is a link"],
    ["an encrypted entry", packed("a", { flags: 0x801 }), "encrypted"],
    ["an unknown method", packed("a", { method: 99 }), "compression method"],
    ["a wrong checksum of the card", buildZip([{ path: "card.json", content: "{}", crc: 1 }]), "checksum"],
    ["a wrong checksum beside it", packed("a", { crc: 1 }), "checksum"],
    ["an entry larger than it says", packed("a", { uncompressedSize: 5 }), "too many bytes"],
    ["an entry smaller than it says", packed("a", { uncompressedSize: 12 }), "not enough bytes"],
    ["a bomb", packed("a", { content: Buffer.alloc(20 << 20) }), "200 times"],
    [
      "entries that share their data",
      charx(
        { path: "a", content: noise, deflate: true },
        ...Array.from({ length: 200 }, (_, n) => ({ path: `b${n}`, deflate: true, dataOf: "a" })),
      ),
      "overlap",
    ],
    [
      "more than it may unpack to",
      charx(
        ...Array.from({ length: 3 }, (_, n) => ({
          path: `${n}`,
          content: noise,
          uncompressedSize: 1 << 27,
          method: 8,
        })),
      ),
      "268435456",
    ],
    ["too many entries", charx(...Array.from({ length: 5001 }, (_, n) => ({ path: `${n}` }))), "5000"],
  ])("with %s is E_VERIFY", async (_, bytes, reason) => {
    const startMs = cpuMs();
    const failure = await failureOf(parseCard(bytes, "card.charx"));
    expect(failure).toMatchObject({ code: "E_VERIFY", message: expect.stringContaining(reason) });
    expect(cpuMs() - startMs).toBeLessThan(2000);
  });

  test("that is cut or damaged is E_VERIFY", async () => {
    const good = charx({ path: "a.txt", content: "hello".repeat(50), deflate: true });
    for (let cut = 4; cut < good.length; cut += 23)
      expect(await codeOf(good.subarray(0, cut))).toBe("E_VERIFY");
    // Inside the data of card.json.
    for (let at = 60; at < 400; at += 17) {
      const bad = Buffer.from(good);
      bad[at] = (bad[at] ?? 0) ^ 0x55;
      expect(await codeOf(bad)).toBe("E_VERIFY");
    }
  });
});

test("a file of more than 128 MiB is not looked at", async () => {
  expect(await codeOf(new Uint8Array((128 << 20) + 1))).toBe("E_QUOTA");
});
