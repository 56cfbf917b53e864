import { expect, test } from "bun:test";
import { measureSpectralDistance } from "../../../../../src/providers/tts/kokoro/graph/spectral-distance.ts";

const tone = (hertz: number, level = 0.5): Float32Array =>
  Float32Array.from({ length: 24_000 }, (_, i) => level * Math.sin((2 * Math.PI * hertz * i) / 24_000));

test("a sound is at no distance from itself", () => {
  expect(measureSpectralDistance(tone(440), tone(440))).toBe(0);
});

test("noise is nearer the quieter it is, and below the floor it is not there", () => {
  const speech = tone(440);
  const noise = Float32Array.from({ length: 24_000 }, (_, i) => Math.sin(i * i * 0.37));
  const withNoise = (level: number): Float32Array =>
    speech.map((sample, i) => sample + level * (noise[i] ?? 0));
  const distances = [0.1, 0.01, 0.001].map((level) => measureSpectralDistance(speech, withNoise(level)));
  expect(distances).toEqual([...distances].sort((a, b) => b - a));
  expect(measureSpectralDistance(speech, withNoise(1e-6))).toBeLessThan(0.01);
});

test("another pitch is far, another length is no comparison", () => {
  expect(measureSpectralDistance(tone(440), tone(880))).toBeGreaterThan(3);
  expect(measureSpectralDistance(tone(440), tone(440).subarray(600))).toBe(Number.POSITIVE_INFINITY);
});

test("a change of level by 6 dB is 6 dB where there is sound, and silence is not compared", () => {
  const both = Float32Array.from({ length: 24_000 }, (_, i) => Math.sin(i * i * 0.37));
  const distance = measureSpectralDistance(
    both,
    both.map((sample) => sample / 2),
  );
  expect(distance).toBeGreaterThan(5.5);
  expect(distance).toBeLessThan(6.1);
});
