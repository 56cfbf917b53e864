// Files that are cut, damaged, or made to lie: each is read as far as it goes or refused with E_ARGS; nothing else happens.
// In the test's own thread (decode-file.ts), so that many fit into a second.
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { AppError } from "../../../src/base/errors.ts";
import { decodeFile } from "../../../src/audio/codecs/decode-file.ts";
import { createEncoder } from "../../../src/audio/codecs/encoder.ts";
import { ebmlIds, readEbml } from "../../../src/audio/codecs/ebml.ts";
import { decodeOggPage, encodeOggPage, oggFlags } from "../../../src/audio/codecs/ogg-page.ts";

const names = [
  "tone.ogg",
  "tone-stereo.webm",
  "tone-live.webm",
  "tone-stereo.mp3",
  "tone.flac",
  "tone-stereo-24bit.flac",
];
const files = new Map<string, Uint8Array>();
for (const name of names) {
  files.set(name, await Bun.file(join(import.meta.dir, "../../fixtures/audio", name)).bytes());
}
const fileOf = (name: string): Uint8Array => files.get(name)!.slice();
const read = (bytes: Uint8Array) => decodeFile(bytes, { maxDurationSeconds: 30 });
const attempt = async (bytes: Uint8Array) => {
  try {
    return await read(bytes);
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
};
const messageOf = async (bytes: Uint8Array): Promise<string> => {
  const outcome = await attempt(bytes);
  return outcome instanceof AppError ? `${outcome.code}: ${outcome.message}` : "it was read";
};

function createRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 4_294_967_296) * below);
  };
}

describe.each(names)("%s", (name) => {
  test("cut in the middle is read as far as it goes", async () => {
    const bytes = fileOf(name);
    const whole = await read(bytes);
    const half = await read(bytes.subarray(0, Math.round(bytes.length * 0.6)));
    expect(half.pcm.length).toBeGreaterThan(whole.pcm.length * 0.2);
    expect(half.pcm.length).toBeLessThan(whole.pcm.length);
    // What is there is what was there: MP3 alone may differ in its last frame, which leans on the next.
    const count = half.pcm.length - 2400;
    const worst = half.pcm
      .subarray(0, count)
      .reduce((most, x, i) => Math.max(most, Math.abs(x - whole.pcm[i]!)), 0);
    expect(worst).toBeLessThan(1e-6);
  });

  test("cut anywhere is read or refused", async () => {
    const seed = Date.now() % 1_000_000;
    const random = createRandom(seed);
    const bytes = fileOf(name);
    for (let round = 0; round < 40; round++) {
      const outcome = await attempt(bytes.subarray(0, random(bytes.length)));
      if (outcome instanceof AppError) expect(outcome.code, `seed ${seed}`).toBe("E_ARGS");
    }
  });

  test("with bytes overwritten is read or refused, and what is read are numbers", async () => {
    const seed = Date.now() % 1_000_000;
    const random = createRandom(seed);
    for (let round = 0; round < 60; round++) {
      const bytes = fileOf(name);
      // Half of the rounds hit the headers, where the lies are.
      const reach = round % 2 === 0 ? Math.min(400, bytes.length) : bytes.length;
      for (let hit = 0; hit <= round % 5; hit++) bytes[random(reach)] = random(256);
      const outcome = await attempt(bytes);
      if (outcome instanceof AppError) expect(outcome.code, `seed ${seed}`).toBe("E_ARGS");
      else expect(outcome.pcm.every(Number.isFinite), `seed ${seed}`).toBe(true);
    }
  });

  test("whose tail is noise is read or refused", async () => {
    const random = createRandom(4711);
    const bytes = fileOf(name);
    for (let i = bytes.length >> 1; i < bytes.length; i++) bytes[i] = random(256);
    const outcome = await attempt(bytes);
    if (outcome instanceof AppError) expect(outcome.code).toBe("E_ARGS");
  });
});

describe("damage in the middle is told, not passed over", () => {
  test("of an Ogg file", async () => {
    const bytes = fileOf("tone.ogg");
    bytes[2000] = bytes[2000]! ^ 0xff;
    expect(await messageOf(bytes)).toMatch(
      /^E_ARGS: the Ogg file is damaged at byte \d+; record or send it again/,
    );
  });

  test("of an Ogg file with a hole", async () => {
    const bytes = fileOf("tone.ogg");
    const first = decodeOggPage(bytes, 0);
    const size = first.state === "page" ? first.sizeBytes : 0;
    const holed = Buffer.concat([bytes.subarray(0, size), Buffer.alloc(10, 1), bytes.subarray(size)]);
    expect(await messageOf(new Uint8Array(holed))).toContain(`damaged at byte ${size}`);
  });

  test("of a FLAC file", async () => {
    const bytes = fileOf("tone.flac");
    bytes[9000] = bytes[9000]! ^ 0x10;
    expect(await messageOf(bytes)).toMatch(/^E_ARGS: the FLAC file is damaged \(/);
  });
});

describe("headers that lie", () => {
  /** The pages of an Ogg file, the first body changed, the sums made right again. */
  const withHead = (change: (head: Uint8Array) => void): Uint8Array => {
    const bytes = fileOf("tone.ogg");
    const pages: Uint8Array[] = [];
    for (let offset = 0; offset < bytes.length; ) {
      const reading = decodeOggPage(bytes, offset);
      if (reading.state !== "page") throw new Error(reading.state);
      const body = reading.page.body.slice();
      if (offset === 0) change(body);
      pages.push(encodeOggPage({ ...reading.page, body }));
      offset += reading.sizeBytes;
    }
    return new Uint8Array(Buffer.concat(pages));
  };

  test.each<[string, (head: Uint8Array) => void, RegExp]>([
    ["255 channels", (head) => void (head[9] = 255), /255 channels; send one or two/],
    ["no channel", (head) => void (head[9] = 0), /0 channels/],
    ["a version of tomorrow", (head) => void (head[8] = 16), /version 16/],
  ])("Opus with %s is refused", async (_, change, message) => {
    expect(await messageOf(withHead(change))).toMatch(message);
  });

  test("Opus with a pre-skip longer than the sound holds none", async () => {
    expect(await messageOf(withHead((head) => head.fill(0xff, 10, 12)))).toContain("holds no sound");
  });

  test("Opus with a gain is as loud as its header says", async () => {
    const plain = await read(fileOf("tone.ogg"));
    // −6.02 dB in Q7.8.
    const soft = await read(
      withHead((head) =>
        new DataView(head.buffer, head.byteOffset).setInt16(16, Math.round(-6.0206 * 256), true),
      ),
    );
    const at = 24_000;
    expect(soft.pcm[at]! / plain.pcm[at]!).toBeCloseTo(0.5, 3);
  });

  test("an Ogg end position before the beginning takes no more than its page", async () => {
    const bytes = fileOf("tone.ogg");
    const pages: Uint8Array[] = [];
    for (let offset = 0; offset < bytes.length; ) {
      const reading = decodeOggPage(bytes, offset);
      if (reading.state !== "page") throw new Error(reading.state);
      const isLast = (reading.page.flags & oggFlags.end) !== 0;
      pages.push(encodeOggPage(isLast ? { ...reading.page, granule: 0n } : reading.page));
      offset += reading.sizeBytes;
    }
    const outcome = await attempt(new Uint8Array(Buffer.concat(pages)));
    expect(outcome instanceof AppError ? 0 : outcome.pcm.length).toBeLessThan(48_000);
  });

  test("a packet without end is refused", async () => {
    const full = { segments: new Uint8Array(255).fill(255), body: new Uint8Array(255 * 255) };
    const head = decodeOggPage(fileOf("tone.ogg"), 0);
    if (head.state !== "page") throw new Error(head.state);
    const { serial } = head.page;
    const page = (sequence: number, flags: number): Uint8Array =>
      encodeOggPage({ flags, granule: -1n, serial, sequence, ...full });
    const bytes = Buffer.concat([encodeOggPage(head.page), page(1, 0), page(2, oggFlags.continued)]);
    expect(await messageOf(new Uint8Array(bytes))).toContain("a packet of more than 65536 bytes");
  });

  test("FLAC of a rate that no sound has is refused", async () => {
    using encoder = await createEncoder("flac", { sampleRateHz: 24_000 });
    const bytes = new Uint8Array(Buffer.concat([encoder.push(new Float32Array(4096)), encoder.finish()]));
    // The twenty bits of the rate; these frames take theirs from here.
    bytes.fill(0, 18, 20);
    bytes[20] = bytes[20]! & 0x0f;
    expect(await messageOf(bytes)).toMatch(/^E_ARGS: the audio file claims 0 samples/);
  });

  test("a WebM whose elements claim more than there is, is read to its end", async () => {
    const bytes = fileOf("tone-stereo.webm");
    const whole = await read(bytes);
    // The segment's size, eight bytes behind its id.
    const at = Buffer.from(bytes).indexOf(Buffer.from([0x18, 0x53, 0x80, 0x67])) + 4;
    bytes.set([0x01, 0x0f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], at);
    expect((await read(bytes)).pcm.length).toBe(whole.pcm.length);
  });

  test("a WebM of another codec is refused by name", async () => {
    const bytes = fileOf("tone-live.webm");
    const at = Buffer.from(bytes).indexOf("A_OPUS");
    bytes.set(new TextEncoder().encode("A_AAC\0"), at);
    expect(await messageOf(bytes)).toMatch(/holds A_AAC, and no Opus sound; send WebM Opus/);
  });

  test("a WebM with several packets in a block is refused", async () => {
    const bytes = fileOf("tone-live.webm");
    const block = readEbml(bytes).find(({ id }) => id === ebmlIds.simpleBlock)!;
    // Track number, two bytes of time, then the flags.
    const at = block.body.byteOffset - bytes.byteOffset + 3;
    bytes[at] = bytes[at]! | 0x02;
    expect(await messageOf(bytes)).toContain("several packets into a block");
  });

  test("a WebM whose track is packed once more is refused", async () => {
    const bytes = fileOf("tone-live.webm");
    // The element of the codec's delay becomes one of content encodings of the same length.
    const at = Buffer.from(bytes).indexOf(Buffer.from([0x56, 0xaa]));
    bytes.set([0x6d, 0x80], at);
    expect(await messageOf(bytes)).toContain("packed or encrypted once more");
  });
});
