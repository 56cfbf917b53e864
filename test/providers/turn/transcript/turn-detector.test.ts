// The turn detector with the weights that ship.
import { beforeAll, describe, expect, test } from "bun:test";
import {
  createTranscriptTurnDetector,
  loadTranscriptTurnDetector,
} from "../../../../src/providers/turn/transcript/index.ts";
import { featureBits, readFeatures } from "../../../../src/providers/turn/transcript/features.ts";
import type { TurnDetector } from "../../../../src/speech/ports.ts";

let detector: TurnDetector;
beforeAll(async () => {
  detector = await loadTranscriptTurnDetector();
});

const ends = [
  "Yes.",
  "Yes",
  "Good evening.",
  "What is the time?",
  "my name is daniel",
  "Can you tell me a story?",
  "I'd like two tickets for the show tonight.",
  "Hello, how are you today?",
];
/** Recognisers put a full stop behind anything. */
const pauses = [
  "What is the",
  "What is the.",
  "I want to go to the.",
  "So I was thinking that.",
  "I went to the shop and",
  "No, because",
  "Can you tell me a story about",
  "Well",
  "I think, um,",
];

describe("the turn detector", () => {
  test("knows an end when it hears one, with and without marks", () => {
    expect(ends.filter((text) => detector.detect(text) < 0.5)).toEqual([]);
  });

  test("knows that somebody will go on, whatever mark stands there", () => {
    expect(pauses.filter((text) => detector.detect(text) >= 0.5)).toEqual([]);
  });

  test("gives a chance between 0 and 1 for whatever it is told, and none for nothing", () => {
    expect(["", "  ", "...", "?!"].map((text) => detector.detect(text))).toEqual([0, 0, 0, 0]);
    const odd = [
      "constructor __proto__",
      "東京は",
      "Ça va ?",
      "x".repeat(100_000),
      "a ".repeat(50_000),
      "12 €",
    ];
    for (const text of odd) expect(detector.detect(text)).toBeWithin(0, 1.000001);
  });

  test("looks at the last sentence only for how it began", () => {
    expect(readFeatures("I went home. What is the")).toEqual(readFeatures("Come in! What is the"));
  });

  test("is fast enough for every partial transcript", () => {
    const started = performance.now();
    for (let i = 0; i < 1000; i++) for (const text of ends) detector.detect(text);
    expect((performance.now() - started) / 8000).toBeLessThan(0.5);
  });

  test("reads weights as what they are", () => {
    const table = new Int8Array(2 ** featureBits);
    for (const feature of readFeatures("Stop.")) table[feature] = 100;
    const weights = new Uint8Array(table.buffer).toBase64();
    const own = createTranscriptTurnDetector({ bits: 14, bias: -1, step: 0.01, weights });
    expect(own.detect("Stop.")).toBeGreaterThan(0.9);
    const none = new Uint8Array(2 ** featureBits).toBase64();
    const unlearned = createTranscriptTurnDetector({ bits: 14, bias: -1, step: 0.01, weights: none });
    expect(unlearned.detect("Stop.")).toBeCloseTo(1 / (1 + Math.E), 5);
  });
});
