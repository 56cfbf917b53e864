import { describe, expect, test } from "bun:test";
import { decodeALaw, decodeMuLaw, encodeALaw, encodeMuLaw } from "../../src/audio/g711.ts";

const every = Uint8Array.from({ length: 256 }, (_, byte) => byte);
const fromLinear = (...values: number[]): Float32Array =>
  Float32Array.from(values, (value) => value / 32_768);
const toLinear = (pcm: Float32Array): number[] => [...pcm].map((sample) => sample * 32_768);

describe("µ-law", () => {
  test("its extremes and zero are the standard's", () => {
    expect([...encodeMuLaw(fromLinear(0, 32_767, -32_768, 4, -4))]).toEqual([0xff, 0x80, 0x00, 0xfe, 0x7e]);
    expect(toLinear(decodeMuLaw(new Uint8Array([0xff, 0x80, 0x00, 0x8f, 0x90])))).toEqual([
      0, 32_124, -32_124, 16_764, 15_996,
    ]);
  });

  test("every byte survives the way there and back, but for the second zero", () => {
    const back = encodeMuLaw(decodeMuLaw(every));
    expect([...back].filter((byte, i) => byte !== every[i])).toEqual([0xff]);
    expect(back[0x7f]).toBe(0xff);
  });
});

describe("A-law", () => {
  test("its extremes and the two values around zero are the standard's", () => {
    expect([...encodeALaw(fromLinear(0, 32_767, -32_768, -1))]).toEqual([0xd5, 0xaa, 0x2a, 0x55]);
    expect(toLinear(decodeALaw(new Uint8Array([0xd5, 0x55, 0xaa, 0x2a])))).toEqual([8, -8, 32_256, -32_256]);
  });

  test("every byte survives the way there and back", () => {
    expect([...encodeALaw(decodeALaw(every))]).toEqual([...every]);
  });
});

for (const [name, encode, decode] of [
  ["µ-law", encodeMuLaw, decodeMuLaw],
  ["A-law", encodeALaw, decodeALaw],
] as const) {
  describe(name, () => {
    test("louder in is never quieter out", () => {
      const ramp = Float32Array.from({ length: 65_536 }, (_, i) => (i - 32_768) / 32_768);
      const out = decode(encode(ramp));
      expect(out.every((sample, i) => i === 0 || sample >= (out[i - 1] as number))).toBe(true);
    });

    test.each([0.5, 0.05, 0.005])("a tone at %p is within the telephone's noise", (amplitude) => {
      const tone = Float32Array.from({ length: 8000 }, (_, i) => amplitude * Math.sin(i * 0.7));
      const out = decode(encode(tone));
      const noise =
        tone.reduce((sum, sample, i) => sum + (sample - (out[i] as number)) ** 2, 0) / tone.length;
      const snrDb = 10 * Math.log10(amplitude ** 2 / 2 / noise);
      // G.712 asks for 33 dB at speech level, less below −30 dB.
      expect(snrDb).toBeGreaterThan(amplitude > 0.03 ? 35 : 25);
    });

    test("what is beyond full scale is clipped, and what is no number is silence", () => {
      expect([...encode(Float32Array.of(2, -2))]).toEqual([...encode(Float32Array.of(1, -1))]);
      expect([...encode(Float32Array.of(Number.NaN))]).toEqual([...encode(Float32Array.of(0))]);
    });

    test("nothing in, nothing out", () => {
      expect(encode(new Float32Array()).length).toBe(0);
      expect(decode(new Uint8Array()).length).toBe(0);
    });
  });
}
