// Ogg Opus as it comes over a wire: the same sound as the whole file, however it is cut, and whatever comes between.
import { describe, expect, test } from "bun:test";
import { createEncoder } from "../../../src/audio/codecs/encoder.ts";
import { createOggOpusStream } from "../../../src/audio/codecs/ogg-opus-stream.ts";
import { encodeOggPage } from "../../../src/audio/codecs/ogg-page.ts";
import { concatPcm } from "../../../src/audio/pcm.ts";

const rate = 24_000;

const makeTone = (seconds: number, hz = 440): Float32Array =>
  Float32Array.from({ length: seconds * rate }, (_, i) => 0.5 * Math.sin((2 * Math.PI * hz * i) / rate));

async function encode(pcm: Float32Array): Promise<Uint8Array> {
  const encoder = await createEncoder("opus", { sampleRateHz: rate });
  return new Uint8Array(Buffer.concat([encoder.push(pcm), encoder.finish()]));
}

async function decode(pieces: readonly Uint8Array[]): Promise<{ pcm: Float32Array; problems: string[] }> {
  using stream = await createOggOpusStream({ sampleRateHz: rate });
  const results = pieces.map((piece) => stream.push(piece));
  return {
    pcm: concatPcm(results.map(({ pcm }) => pcm)),
    problems: results.flatMap(({ problem }) => problem?.message ?? []),
  };
}

/** Zero crossings upwards a second. */
function frequencyOf(pcm: Float32Array): number {
  let crossings = 0;
  for (let i = 1; i < pcm.length; i++) if ((pcm[i - 1] ?? 0) < 0 && (pcm[i] ?? 0) >= 0) crossings++;
  return (crossings * rate) / pcm.length;
}

describe("Ogg Opus off the wire", () => {
  test("is the same sound wherever it is cut", async () => {
    const file = await encode(makeTone(1));
    const whole = await decode([file]);
    expect(whole.problems).toEqual([]);
    expect(Math.abs(whole.pcm.length - rate)).toBeLessThan(rate / 20);
    expect(Math.abs(frequencyOf(whole.pcm.subarray(2400, 21_600)) - 440)).toBeLessThan(5);
    for (const size of [1, 7, 100, 1000]) {
      const pieces = Array.from({ length: Math.ceil(file.length / size) }, (_, i) =>
        file.subarray(i * size, (i + 1) * size),
      );
      const cut = await decode(pieces);
      expect(cut.problems).toEqual([]);
      expect(cut.pcm).toEqual(whole.pcm);
    }
  });

  test("gives sound before the stream has ended", async () => {
    const encoder = await createEncoder("opus", { sampleRateHz: rate });
    using stream = await createOggOpusStream({ sampleRateHz: rate });
    const { pcm } = stream.push(encoder.push(makeTone(0.2)));
    expect(pcm.length).toBeGreaterThan(0.15 * rate);
    encoder[Symbol.dispose]();
  });

  test("what comes before a stream's first page is passed over, without complaint when it is Ogg", async () => {
    const file = await encode(makeTone(0.5));
    const stray = encodeOggPage({
      flags: 0,
      granule: 0n,
      serial: 9,
      sequence: 4,
      segments: Uint8Array.of(3),
      body: Uint8Array.of(1, 2, 3),
    });
    const late = await decode([stray, file]);
    expect(late.problems).toEqual([]);
    expect(late.pcm).toEqual((await decode([file])).pcm);
  });

  test("a second stream follows the first", async () => {
    const [low, high] = await Promise.all([encode(makeTone(0.5, 300)), encode(makeTone(0.5, 900))]);
    const { pcm, problems } = await decode([low, high]);
    expect(problems).toEqual([]);
    expect(Math.abs(frequencyOf(pcm.subarray(2400, 9600)) - 300)).toBeLessThan(10);
    expect(Math.abs(frequencyOf(pcm.subarray(-9600, -2400)) - 900)).toBeLessThan(10);
  });

  test("what is no Ogg is said, and costs only itself", async () => {
    const file = await encode(makeTone(0.5));
    const noise = new TextEncoder().encode("no sound at all");
    const { pcm, problems } = await decode([noise, file]);
    expect(problems).toEqual(["the sound is no Ogg Opus, or a page of it is damaged"]);
    expect(pcm).toEqual((await decode([file])).pcm);
  });

  test("a damaged page is said, and the pages after it are heard", async () => {
    const encoder = await createEncoder("opus", { sampleRateHz: rate });
    const pages = [0, 1, 2].map(() => encoder.push(makeTone(0.4)));
    encoder[Symbol.dispose]();
    const [first, second, third] = pages as [Uint8Array, Uint8Array, Uint8Array];
    const whole = await decode([first, second, third]);
    const broken = second.slice();
    broken[broken.length - 5] = (broken[broken.length - 5] ?? 0) ^ 0xff;
    const { pcm, problems } = await decode([first, broken, third]);
    expect(problems).toHaveLength(1);
    expect(Math.abs(whole.pcm.length - pcm.length - 0.4 * rate)).toBeLessThan(0.05 * rate);
  });

  test("a packet that is no Opus is said", async () => {
    const file = await encode(makeTone(0.1));
    const serial = new DataView(file.buffer, file.byteOffset).getUint32(14, true);
    const page = encodeOggPage({
      flags: 0,
      granule: 960n,
      serial,
      sequence: 2,
      // Code 3 with a frame count of zero: RFC 6716 (3.4, R5) forbids it.
      segments: Uint8Array.of(2),
      body: Uint8Array.of(0xff, 0x00),
    });
    const { problems } = await decode([file.subarray(0, headersEnd(file)), page]);
    expect(problems).toEqual([expect.stringContaining("the Opus sound is damaged")]);
  });

  test("no more than ten seconds are taken at once, and what follows is heard", async () => {
    using stream = await createOggOpusStream({ sampleRateHz: rate });
    const encoder = await createEncoder("opus", { sampleRateHz: rate });
    const long = stream.push(encoder.push(makeTone(12)));
    expect(long.problem?.message).toContain("more than 10 s");
    expect(Math.abs(long.pcm.length - 10 * rate)).toBeLessThan(rate / 10);
    const next = stream.push(encoder.push(makeTone(0.5)));
    encoder[Symbol.dispose]();
    expect(next.problem).toBeUndefined();
    expect(next.pcm.length).toBeGreaterThan(0.4 * rate);
  });
});

/** Where the two header pages end. */
function headersEnd(file: Uint8Array): number {
  return Buffer.from(file).indexOf("OggS", Buffer.from(file).indexOf("OpusTags"));
}
