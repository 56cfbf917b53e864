import { describe, expect, test } from "bun:test";
import { measureEnvelope, measureLevel } from "../../src/audio/level.ts";

describe("level", () => {
  test("a full-scale sine has an rms of −3 dB and a peak of one", () => {
    const sine = Float32Array.from({ length: 16_000 }, (_, i) => Math.sin((2 * Math.PI * 1000 * i) / 16_000));
    const level = measureLevel(sine);
    expect(level.peak).toBeCloseTo(1, 6);
    expect(level.rmsDbfs).toBeCloseTo(-3.0103, 3);
  });

  test("silence and nothing at all are −Infinity", () => {
    for (const length of [0, 10]) {
      expect(measureLevel(new Float32Array(length))).toEqual({
        rms: 0,
        peak: 0,
        rmsDbfs: Number.NEGATIVE_INFINITY,
      });
    }
  });

  test("the envelope has one value for each window, the last for the rest", () => {
    const envelope = measureEnvelope(Float32Array.of(1, -1, 0, 0, 0.5), 2);
    expect([...envelope]).toEqual([1, 0, 0.5]);
  });
});
