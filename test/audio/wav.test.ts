import { describe, expect, test } from "bun:test";
import { assert, property, uint8Array, integer } from "fast-check";
import { AppError } from "../../src/base/errors.ts";
import { encodeWav, encodeWavHeader, isWav, parseWav } from "../../src/audio/wav.ts";

interface Chunk {
  tag: string;
  body: Uint8Array;
  /** What the header says, when it lies. */
  claimedBytes?: number;
}
const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);
const join = (...parts: Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));
const u32 = (value: number): Uint8Array => new Uint8Array(Uint32Array.of(value).buffer);

function buildWav(chunks: Chunk[], riffBytes?: number, riffTag = "RIFF"): Uint8Array {
  const body = chunks.map(({ tag, body, claimedBytes }) =>
    join(ascii(tag), u32(claimedBytes ?? body.length), body, new Uint8Array(body.length % 2)),
  );
  const content = join(ascii("WAVE"), ...body);
  return join(ascii(riffTag), u32(riffBytes ?? content.length), content);
}
function format(
  tag: number,
  bits: number,
  channels = 1,
  rate = 16_000,
  extra: Uint8Array = new Uint8Array(0),
): Chunk {
  const body = new DataView(new ArrayBuffer(16));
  body.setUint16(0, tag, true);
  body.setUint16(2, channels, true);
  body.setUint32(4, rate, true);
  body.setUint32(8, (rate * channels * bits) / 8, true);
  body.setUint16(12, (channels * bits) / 8, true);
  body.setUint16(14, bits, true);
  return { tag: "fmt ", body: join(new Uint8Array(body.buffer), extra) };
}
const data = (body: Uint8Array, claimedBytes?: number): Chunk => ({
  tag: "data",
  body,
  ...(claimedBytes !== undefined && { claimedBytes }),
});
const s16 = (...values: number[]): Uint8Array => new Uint8Array(Int16Array.from(values).buffer);
const samplesOf = (file: Uint8Array): number[] => [...parseWav(file).pcm];
const failureOf = (file: Uint8Array): unknown => {
  try {
    return parseWav(file);
  } catch (error) {
    return error instanceof AppError ? `${error.code}: ${error.message}` : error;
  }
};

describe("reading", () => {
  test("what was written comes back", () => {
    const pcm = Float32Array.of(0, 0.5, -0.5, -1);
    expect(parseWav(encodeWav(pcm, 24_000))).toEqual({ pcm, sampleRateHz: 24_000, channelCount: 1 });
  });

  test("every sample format that people have", () => {
    const half = (bytes: number[], tag: number, bits: number): number[] =>
      samplesOf(buildWav([format(tag, bits), data(Uint8Array.from(bytes))]));
    expect(half([192, 64, 128], 1, 8)).toEqual([0.5, -0.5, 0]);
    expect(half([0, 0x40, 0, 0xc0], 1, 16)).toEqual([0.5, -0.5]);
    expect(half([0, 0, 0x40, 0, 0, 0xc0], 1, 24)).toEqual([0.5, -0.5]);
    expect(half([0, 0, 0, 0x40, 0, 0, 0, 0xc0], 1, 32)).toEqual([0.5, -0.5]);
    expect(half([...new Uint8Array(Float32Array.of(0.5, -0.25).buffer)], 3, 32)).toEqual([0.5, -0.25]);
    expect(half([...new Uint8Array(Float64Array.of(0.5, -0.25).buffer)], 3, 64)).toEqual([0.5, -0.25]);
  });

  test("float samples that are no numbers become silence", () => {
    const body = new Uint8Array(Float32Array.of(Number.NaN, Number.POSITIVE_INFINITY, 0.5).buffer);
    expect(samplesOf(buildWav([format(3, 32), data(body)]))).toEqual([0, 0, 0.5]);
  });

  test("channels are averaged, half a frame at the end is left out", () => {
    const file = buildWav([format(1, 16, 2), data(s16(16_384, 0, -16_384, -16_384, 77))]);
    expect(parseWav(file)).toMatchObject({ channelCount: 2 });
    expect(samplesOf(file)).toEqual([0.25, -0.5]);
  });

  test("the extensible form says its format further back", () => {
    const extra = join(Uint8Array.of(22, 0, 16, 0), u32(4), Uint8Array.of(1, 0), new Uint8Array(14));
    expect(samplesOf(buildWav([format(0xfffe, 16, 1, 48_000, extra), data(s16(16_384))]))).toEqual([0.5]);
  });

  test("other chunks stand anywhere, with odd lengths, data before format too", () => {
    const list: Chunk = { tag: "LIST", body: ascii("odd") };
    const samples = data(s16(16_384));
    expect(samplesOf(buildWav([list, format(1, 16), list, samples, list]))).toEqual([0.5]);
    expect(samplesOf(buildWav([samples, list, format(1, 16)]))).toEqual([0.5]);
  });

  test("a stream of unknown length is read to its end, however it says so", () => {
    const body = s16(16_384, 8192);
    for (const [claimed, riff] of [
      [0xffff_ffff, 0xffff_ffff],
      [0, 0],
      [0, 36],
      [0x7fff_f000, 0x7fff_f024],
    ] as const) {
      expect(samplesOf(buildWav([format(1, 16), data(body, claimed)], riff))).toEqual([0.5, 0.25]);
    }
  });

  test("an empty data chunk before others is empty", () => {
    const file = buildWav([format(1, 16), data(new Uint8Array(0)), { tag: "LIST", body: ascii("text") }]);
    expect(samplesOf(file)).toEqual([]);
  });

  test("the 64-bit form's own size counts", () => {
    const wide = join(new Uint8Array(8), u32(2), u32(0), new Uint8Array(12));
    const chunks = [{ tag: "ds64", body: wide }, format(1, 16), data(s16(16_384), 0xffff_ffff)];
    const file = buildWav([...chunks, { tag: "LIST", body: ascii("text") }], 0xffff_ffff, "RF64");
    expect(samplesOf(file)).toEqual([0.5]);
  });

  test("a file that is cut off gives what is there", () => {
    const whole = encodeWav(Float32Array.of(0.5, 0.25, 0.125), 16_000);
    expect(samplesOf(whole.subarray(0, 47))).toEqual([0.5]);
  });

  test("a file of another kind, a damaged or an unreadable one says which", () => {
    expect(failureOf(ascii("OggS, but long enough"))).toContain("E_ARGS: this is not a WAV file");
    expect(failureOf(new Uint8Array(0))).toContain("E_ARGS: this is not a WAV file");
    expect(failureOf(buildWav([format(1, 16)]))).toContain("no data chunk");
    expect(failureOf(buildWav([data(s16(1))]))).toContain("no format chunk");
    expect(failureOf(buildWav([{ tag: "fmt ", body: s16(1) }]))).toContain("too short");
    expect(failureOf(buildWav([format(1, 16, 0), data(s16(1))]))).toContain("0 channels");
    expect(failureOf(buildWav([format(1, 16, 1, 0), data(s16(1))]))).toContain("0 Hz");
    expect(failureOf(buildWav([format(85, 16), data(s16(1))]))).toContain("convert it to 16-bit PCM");
    expect(failureOf(buildWav([format(1, 12), data(s16(1))]))).toContain("12 bits");
  });

  test("no bytes of a stranger do worse than E_ARGS", () => {
    const valid = buildWav([format(1, 16, 2), data(s16(1, 2, 3, 4))]);
    assert(
      property(integer({ min: 4, max: valid.length - 1 }), uint8Array({ maxLength: 40 }), (at, noise) => {
        const file = valid.slice();
        file.set(noise.subarray(0, file.length - at), at);
        const result = failureOf(file);
        if (typeof result === "string") expect(result).toStartWith("E_ARGS");
        else expect(result).toMatchObject({ pcm: expect.any(Float32Array) });
      }),
      { seed: Date.now() & 0xffff },
    );
  });
});

describe("writing", () => {
  test("a header is the 44 bytes that everybody expects", () => {
    const expected = buildWav([format(1, 16, 1, 24_000), data(s16(1, 2))]).subarray(0, 44);
    expect([...encodeWavHeader({ sampleRateHz: 24_000, dataBytes: 4 })]).toEqual([...expected]);
  });

  test("a stream of unknown length claims the maximum, and is read again", () => {
    const stream = join(encodeWavHeader({ sampleRateHz: 8000 }), s16(16_384));
    expect(isWav(stream)).toBe(true);
    expect(parseWav(stream)).toMatchObject({ sampleRateHz: 8000, pcm: Float32Array.of(0.5) });
  });
});
