import { describe, expect, test } from "bun:test";
import { turnSamples } from "../../../../src/providers/turn/smart_turn/log-mel.ts";
import { fitTurnWindow } from "../../../../src/providers/turn/smart_turn/turn-window.ts";

const mean = (values: Float32Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;

describe("the window of a turn", () => {
  test("is its last eight seconds", () => {
    const pcm = Float32Array.from({ length: turnSamples + 5 }, (_, i) => (i < 5 ? 1000 : i % 2));
    const window = fitTurnWindow(pcm);
    expect(window.length).toBe(turnSamples);
    expect(Math.max(...window.subarray(0, 1000))).toBeCloseTo(1, 3);
  });

  test("has a short turn at its end, behind silence", () => {
    const window = fitTurnWindow(Float32Array.of(0.5, -0.5, 0.5));
    expect(window[0]).toBeCloseTo(window[turnSamples - 4] ?? 99, 6);
    expect(window[turnSamples - 1]).toBeGreaterThan(100);
    expect(window[turnSamples - 2]).toBeLessThan(-100);
  });

  test("is of one loudness, however loud the turn", () => {
    const voice = Float32Array.from({ length: 32_000 }, (_, i) => Math.sin(i / 30));
    const [loud, quiet] = [fitTurnWindow(voice), fitTurnWindow(voice.map((sample) => sample * 0.05))];
    for (const window of [loud, quiet]) {
      expect(mean(window)).toBeCloseTo(0, 4);
      expect(mean(window.map((sample) => sample ** 2))).toBeCloseTo(1, 2);
    }
    expect(loud[turnSamples - 10]).toBeCloseTo(quiet[turnSamples - 10] ?? 99, 2);
  });

  test("of nothing is silence, not a division by nothing", () => {
    for (const pcm of [new Float32Array(), new Float32Array(10)]) {
      expect(fitTurnWindow(pcm).every((sample) => sample === 0)).toBe(true);
    }
  });

  test("leaves the turn as it was", () => {
    const pcm = Float32Array.of(0.5, 0.25);
    fitTurnWindow(pcm);
    expect(pcm).toEqual(Float32Array.of(0.5, 0.25));
  });
});
