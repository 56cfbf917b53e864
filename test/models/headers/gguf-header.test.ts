import { describe, expect, test } from "bun:test";
import { type ByteSource, openFileSource } from "../../../src/models/headers/byte-source.ts";
import { readGgufHeader } from "../../../src/models/headers/gguf-header.ts";
import { summarizeGguf } from "../../../src/models/headers/gguf-summary.ts";
import { failureOf } from "../../support/failure-of.ts";
import { buildGguf, buildModelGguf, type GgufEntry, type GgufPlan } from "../../support/gguf-writer.ts";
import { createTempFolder } from "../../support/temp-folder.ts";

interface CountingSource extends ByteSource {
  readonly reads: [number, number][];
}

const sourceOf = (bytes: Uint8Array, sizeBytes = bytes.length): CountingSource => {
  const reads: [number, number][] = [];
  return {
    label: "x.gguf",
    sizeBytes,
    reads,
    async read(from, to) {
      reads.push([from, Math.min(to, sizeBytes)]);
      return bytes.slice(from, to);
    },
  };
};

const text = (value: string): GgufEntry => ({ type: "string", value });
const read = (plan: GgufPlan) => readGgufHeader(sourceOf(buildGguf(plan)));

describe("a header", () => {
  test.each([2, 3])("of version %i has every type of value", async (version) => {
    const metadata: Record<string, GgufEntry> = {
      u8: { type: "u8", value: 255 },
      i8: { type: "i8", value: -128 },
      u16: { type: "u16", value: 65_535 },
      i16: { type: "i16", value: -32_768 },
      u32: { type: "u32", value: 4_294_967_295 },
      i32: { type: "i32", value: -2_147_483_648 },
      f32: { type: "f32", value: 0.5 },
      f64: { type: "f64", value: 1e300 },
      yes: { type: "bool", value: true },
      no: { type: "bool", value: false },
      text: text("grüße 👋"),
      empty: text(""),
      u64: { type: "u64", value: Number.MAX_SAFE_INTEGER },
      large: { type: "u64", value: 2n ** 64n - 1n },
      i64: { type: "i64", value: -5 },
      small: { type: "i64", value: -(2n ** 63n) },
      numbers: { type: "array", of: "i32", values: [1, -2, 3] },
      words: { type: "array", of: "string", values: ["a", "b"] },
      none: { type: "array", of: "f32", values: [] },
      nested: {
        type: "array",
        of: "array",
        values: [
          { type: "array", of: "u8", values: [1] },
          { type: "array", of: "u8", values: [] },
        ],
      },
    };
    const header = await read({ version, metadata });
    expect<number>(header.version).toBe(version);
    expect(Object.fromEntries(header.metadata)).toEqual({
      u8: 255,
      i8: -128,
      u16: 65_535,
      i16: -32_768,
      u32: 4_294_967_295,
      i32: -2_147_483_648,
      f32: 0.5,
      f64: 1e300,
      yes: true,
      no: false,
      text: "grüße 👋",
      empty: "",
      u64: Number.MAX_SAFE_INTEGER,
      large: 2n ** 64n - 1n,
      i64: -5,
      small: -(2n ** 63n),
      numbers: { length: 3, first: [1, -2, 3] },
      words: { length: 2, first: ["a", "b"] },
      none: { length: 0, first: [] },
      nested: {
        length: 2,
        first: [
          { length: 1, first: [1] },
          { length: 0, first: [] },
        ],
      },
    });
  });

  test("has its tensors with their places and sizes", async () => {
    const bytes = buildGguf({
      metadata: { "general.alignment": { type: "u32", value: 64 } },
      alignment: 64,
      tensors: [
        { name: "a", shape: [32, 3], type: 8, sizeBytes: 102 },
        { name: "b", shape: [], type: 0, sizeBytes: 4 },
        { name: "c", shape: [5, 2, 3, 1], type: 77, sizeBytes: 10 },
      ],
    });
    const header = await readGgufHeader(sourceOf(bytes));
    expect(header.dataStartBytes % 64).toBe(0);
    const start = header.dataStartBytes;
    expect(header.tensors).toEqual([
      { name: "a", shape: [32, 3], elementCount: 96, format: "Q8_0", startBytes: start, sizeBytes: 102 },
      { name: "b", shape: [], elementCount: 1, format: "F32", startBytes: start + 128, sizeBytes: 4 },
      {
        name: "c",
        shape: [5, 2, 3, 1],
        elementCount: 30,
        format: "type 77",
        startBytes: start + 192,
        sizeBytes: null,
      },
    ]);
    expect(header.wholeSizeBytes).toBe(start + 192);
  });

  test("tells how long the whole file must be", async () => {
    const bytes = buildModelGguf();
    expect((await readGgufHeader(sourceOf(bytes))).wholeSizeBytes).toBe(bytes.length);
  });

  test("with a large vocabulary takes a few reads, each byte once, and none of the weights", async () => {
    const words = Array.from({ length: 100_000 }, (_, i) => `word-${i}`);
    const tensors = [{ name: "w", shape: [1024, 4096], type: 0, sizeBytes: 1024 * 4096 * 4 }];
    const entries: Record<string, GgufEntry> = {
      "tokenizer.ggml.tokens": { type: "array", of: "string", values: words },
      "tokenizer.ggml.scores": { type: "array", of: "f32", values: words.map((_, i) => i) },
      "tokenizer.chat_template": text("{{ messages }}"),
    };
    const bytes = buildModelGguf(entries, tensors);
    const source = sourceOf(bytes);
    const header = await readGgufHeader(source);
    expect(header.metadata.get("tokenizer.ggml.tokens")).toEqual({
      length: 100_000,
      first: words.slice(0, 64),
    });
    expect(summarizeGguf(header).chatTemplate).toBe("{{ messages }}");
    expect(source.reads.length).toBeLessThan(6);
    for (const [i, [from]] of source.reads.entries()) expect(from).toBe(source.reads[i - 1]?.[1] ?? 0);
    expect(source.reads.at(-1)![1]).toBeLessThan(2 * header.dataStartBytes);
  });

  test("is read from a file on disk", async () => {
    await using folder = await createTempFolder();
    const path = await folder.write("tiny.gguf", buildModelGguf());
    await using source = await openFileSource(path);
    expect(summarizeGguf(await readGgufHeader(source)).name).toBe("Tiny");
    expect(await failureOf(openFileSource(`${path}.none`))).toMatchObject({ code: "E_NOT_FOUND" });
  });
});

describe("a summary", () => {
  const summarize = async (bytes: Uint8Array) => summarizeGguf(await readGgufHeader(sourceOf(bytes)));

  test("has what people ask for", async () => {
    const bytes = buildModelGguf({
      "tokenizer.chat_template": text("{% for m in messages %}{% endfor %}"),
      "general.source.huggingface.repository": text("ada/tiny"),
    });
    expect(await summarize(bytes)).toEqual({
      architecture: "llama",
      name: "Tiny",
      parameters: 64 * 100 + 64 * 64,
      quantization: "Q4_K_M",
      contextLength: 2048,
      chatTemplate: "{% for m in messages %}{% endfor %}",
      repository: "ada/tiny",
      split: null,
    });
  });

  test("takes the context of the file's own architecture alone", async () => {
    const bytes = buildModelGguf({ "general.architecture": text("qwen2") });
    expect((await summarize(bytes)).contextLength).toBeNull();
  });

  test("without a file type names the format of most elements", async () => {
    const unknown = buildModelGguf({ "general.file_type": { type: "u32", value: 999 } });
    expect((await summarize(unknown)).quantization).toBe("F32");
    expect(await summarize(buildGguf({}))).toMatchObject({ quantization: null, parameters: 0 });
  });

  test.each([
    ["https://huggingface.co/ada/tiny-GGUF/tree/main", "ada/tiny-GGUF"],
    ["https://hf.co/ada/tiny", "ada/tiny"],
    ["https://github.com/ada/tiny", null],
    ["https://huggingface.co.evil.example/ada/tiny", null],
    ["ada/tiny", null],
  ])("finds the repository in %s", async (url, repository) => {
    expect((await summarize(buildModelGguf({ "general.repo_url": text(url) }))).repository).toBe(repository);
  });

  test("knows which part of a split model it is", async () => {
    const bytes = buildModelGguf({
      "split.no": { type: "u16", value: 1 },
      "split.count": { type: "u16", value: 3 },
    });
    expect((await summarize(bytes)).split).toEqual({ part: 1, count: 3 });
  });
});

describe("a hostile header", () => {
  const huge = 2n ** 63n;
  const raw = (typeId: number, value: Uint8Array): GgufEntry => ({ type: "raw", typeId, value });
  const length = (value: bigint): Uint8Array => new Uint8Array(new BigUint64Array([value]).buffer);
  const list = (typeId: number, count: bigint): GgufEntry =>
    raw(9, new Uint8Array([typeId, 0, 0, 0, ...length(count)]));
  const nested = (depth: number): GgufEntry =>
    depth === 0
      ? { type: "array", of: "u8", values: [] }
      : { type: "array", of: "array", values: [nested(depth - 1)] };

  const plans: Record<string, GgufPlan> = {
    "another magic": { magic: "GGML" },
    "no bytes worth mentioning": { magic: "GGUF", entryCount: 0, version: 3, tensorCount: huge },
    "a number of entries that cannot be": { entryCount: huge },
    "more entries than there are bytes": { entryCount: 5000 },
    "a number of tensors that cannot be": { tensorCount: 2n ** 64n - 1n },
    "a text longer than the file": { metadata: { a: raw(8, length(1_000_000n)) } },
    "a text of nearly 2^64 bytes": { metadata: { a: raw(8, length(2n ** 64n - 1n)) } },
    "a type of value that there is none": { metadata: { a: raw(13, new Uint8Array(8)) } },
    "a list of a type that there is none": { metadata: { a: list(99, 1n) } },
    "a list longer than the file": { metadata: { a: list(4, 1_000_000n) } },
    "a list of empty lists beyond measure": { metadata: { a: list(9, 2n ** 60n) } },
    "lists in lists in lists": { metadata: { a: nested(6) } },
    "a truth value that is neither": { metadata: { a: { type: "bool", value: 7 } } },
    "a key twice": { metadata: [["a", text("1")] as const, ["a", text("2")] as const] },
    "a tensor twice": {
      tensors: [
        { name: "w", shape: [1], type: 0, sizeBytes: 4 },
        { name: "w", shape: [1], type: 0, sizeBytes: 4 },
      ],
    },
    "too many dimensions": { tensors: [{ name: "w", shape: Array<number>(9).fill(1), type: 0 }] },
    "dimensions whose product is beyond measure": {
      tensors: [{ name: "w", shape: [2n ** 40n, 2n ** 40n], type: 0 }],
    },
    "a place beyond measure": {
      tensors: [{ name: "w", shape: [1], type: 0, offset: Number.MAX_SAFE_INTEGER }],
      isHeaderOnly: true,
    },
    "a tensor out of line": { tensors: [{ name: "w", shape: [1], type: 0, offset: 3 }], isHeaderOnly: true },
    "an alignment of zero": { metadata: { "general.alignment": { type: "u32", value: 0 } } },
    "an alignment that is no power of two": { metadata: { "general.alignment": { type: "u32", value: 48 } } },
  };

  test.each(Object.keys(plans))("%s is E_VERIFY", async (name) => {
    const error = await failureOf(read(plans[name] ?? {}));
    expect(error).toMatchObject({ code: "E_VERIFY", details: { source: "x.gguf" } });
    expect(error.message).toContain("fetch it again");
  });

  test("cut off anywhere is E_VERIFY", async () => {
    const whole = buildModelGguf({ words: { type: "array", of: "string", values: ["a", "bc"] } });
    const { tensors, dataStartBytes } = await readGgufHeader(sourceOf(whole));
    expect(tensors.length).toBe(2);
    // The header ends up to 31 bytes before the data, which is aligned.
    for (let size = 0; size < dataStartBytes - 31; size++) {
      expect(await failureOf(readGgufHeader(sourceOf(whole.slice(0, size))))).toMatchObject({
        code: "E_VERIFY",
      });
      // The server said more than it gives.
      const lying = sourceOf(whole.slice(0, size), whole.length);
      expect(await failureOf(readGgufHeader(lying))).toMatchObject({ code: "E_VERIFY" });
    }
  });

  test("of random bytes never does worse than an error of its own", async () => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    console.log(`seed ${seed}`);
    let state = seed;
    const random = (): number => (state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) / 2 ** 32;
    const whole = buildModelGguf({ list: { type: "array", of: "i32", values: [1, 2, 3] } });
    for (let trial = 0; trial < 2000; trial++) {
      const bytes = whole.slice();
      for (let i = 0; i < 1 + random() * 8; i++) {
        bytes[4 + Math.floor(random() * 300)] = Math.floor(random() * 256);
      }
      try {
        await readGgufHeader(sourceOf(bytes));
      } catch (error) {
        expect(["E_VERIFY", "E_COMPAT"]).toContain((error as { code?: string }).code ?? Bun.inspect(error));
      }
    }
  });

  test("longer than anyone reads is refused after a bounded part of it", async () => {
    const bytes = buildGguf({ metadata: { a: text("x".repeat(3 << 20)) } });
    const source = sourceOf(bytes);
    const error = await failureOf(readGgufHeader(source, { maxHeaderBytes: 1 << 20 }));
    expect(error).toMatchObject({ code: "E_VERIFY" });
    expect(error.message).toContain("longer than 1 MiB");
    expect(source.reads.at(-1)![1]).toBeLessThanOrEqual(1 << 20);
  });

  test("that points beyond its file is refused without a further read", async () => {
    const bytes = buildGguf({ metadata: { a: raw(8, length(500_000n)) } });
    const source = sourceOf(bytes, 400_000);
    expect(await failureOf(readGgufHeader(source))).toMatchObject({ code: "E_VERIFY" });
    expect(source.reads.length).toBe(1);
  });

  test.each([
    [1, "version 1"],
    [4, "version 4"],
    [0x03000000, "big-endian"],
  ])("of version %i is E_COMPAT", async (version, hint) => {
    const error = await failureOf(read({ version }));
    expect(error).toMatchObject({ code: "E_COMPAT" });
    expect(error.message).toContain(hint);
  });
});
