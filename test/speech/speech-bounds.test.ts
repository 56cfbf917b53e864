import { describe, expect, test } from "bun:test";
import { concatPcm } from "../../src/audio/pcm.ts";
import { findQuietPoint, findSoundRuns, findSpeechBounds } from "../../src/speech/speech-bounds.ts";

const ms = (durationMs: number): number => durationMs * 16;
const silence = (durationMs: number): Float32Array => new Float32Array(ms(durationMs));
const sound = (durationMs: number, amplitude = 0.3): Float32Array =>
  Float32Array.from({ length: ms(durationMs) }, (_, i) => amplitude * Math.sin(i / 5));
/** The same at every run. */
const noise = (durationMs: number, amplitude: number): Float32Array => {
  let seed = 12_345;
  return Float32Array.from({ length: ms(durationMs) }, () => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return amplitude * (seed / 2 ** 30 - 1);
  });
};
const add = (a: Float32Array, b: Float32Array): Float32Array => a.map((sample, i) => sample + (b[i] ?? 0));

describe("the bounds of speech", () => {
  test("are the first and the last sound with a margin", () => {
    const pcm = concatPcm([silence(500), sound(300), silence(800), sound(200), silence(700)]);
    expect(findSpeechBounds(pcm)).toEqual({ start: ms(380), end: ms(1920) });
  });

  test("stay within the audio", () => {
    expect(findSpeechBounds(sound(300))).toEqual({ start: 0, end: ms(300) });
  });

  test("are found above steady noise", () => {
    const speech = concatPcm([silence(700), sound(400, 0.1), silence(900)]);
    const bounds = findSpeechBounds(add(speech, noise(2000, 0.01)));
    expect(bounds).toEqual({ start: ms(580), end: ms(1220) });
  });

  test("hold a short word in a long silence, and a quiet one beside a loud", () => {
    const long = concatPcm([silence(9000), sound(200), silence(9000)]);
    expect(findSpeechBounds(long)).toEqual({ start: ms(8880), end: ms(9320) });
    const uneven = concatPcm([silence(500), sound(200, 0.02), silence(200), sound(200, 0.3), silence(500)]);
    expect(findSpeechBounds(uneven)?.start).toBe(ms(380));
  });

  test("of silence, of next to nothing and of no audio are none", () => {
    for (const pcm of [silence(1000), noise(1000, 0.0005), silence(0)]) {
      expect(findSpeechBounds(pcm)).toBeUndefined();
    }
  });

  test("of nothing but steady sound are the whole", () => {
    expect(findSpeechBounds(sound(1000))).toEqual({ start: 0, end: ms(1000) });
  });
});

describe("the quiet point", () => {
  test("is in the longest pause of the range, and never outside", () => {
    const pcm = concatPcm([sound(2000), silence(100), sound(1000), silence(400), sound(500), silence(300)]);
    const range = { start: ms(1000), end: ms(4000) };
    const cut = findQuietPoint(pcm, range);
    expect(cut).toBeGreaterThanOrEqual(ms(3100));
    expect(cut).toBeLessThanOrEqual(ms(3500));
    expect(findQuietPoint(pcm, { start: 0, end: ms(1500) })).toBeLessThanOrEqual(ms(1500));
  });

  test("is the softest place of speech without a pause", () => {
    const pcm = concatPcm([sound(1000, 0.4), sound(200, 0.05), sound(1000, 0.4)]);
    const cut = findQuietPoint(pcm, { start: 0, end: pcm.length });
    expect(cut).toBeGreaterThan(ms(1050));
    expect(cut).toBeLessThan(ms(1150));
  });

  test("of a range shorter than a pause lies in it", () => {
    const cut = findQuietPoint(sound(1000), { start: ms(900), end: ms(950) });
    expect(cut).toBeGreaterThanOrEqual(ms(900));
    expect(cut).toBeLessThanOrEqual(ms(950));
  });
});

test("runs of sound are parted by gaps that are long enough", () => {
  const pcm = concatPcm([silence(100), sound(300), silence(80), sound(300), silence(300), sound(100)]);
  expect(findSoundRuns(pcm, 140)).toEqual([
    { start: ms(100), end: ms(780) },
    { start: ms(1080), end: ms(1180) },
  ]);
  expect(findSoundRuns(silence(100), 140)).toEqual([]);
});
