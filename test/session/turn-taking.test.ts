import { describe, expect, test } from "bun:test";
import {
  choosePauseMs,
  listen,
  type Listening,
  quiet,
  type TurnChange,
} from "../../src/session/turn-taking.ts";

const rules = { threshold: 0.5, silenceDurationMs: 500 };

/** One frame of 32 ms for each probability. */
function hear(probabilities: readonly number[], with_ = rules): TurnChange[] {
  let listening: Listening = quiet;
  const changes: TurnChange[] = [];
  for (const [i, probability] of probabilities.entries()) {
    const frame = { fromSample: i * 512, toSample: (i + 1) * 512, probability, levelDb: -20 };
    const heard = listen(listening, frame, with_);
    listening = heard.listening;
    if (heard.change) changes.push(heard.change);
  }
  return changes;
}
const times = (count: number, probability: number): number[] => Array(count).fill(probability);

describe("turn taking", () => {
  test("speech opens a turn where it began, and half a second of silence closes it", () => {
    const changes = hear([...times(5, 0.02), ...times(20, 0.9), ...times(20, 0.02)]);
    expect(changes).toEqual([
      { type: "speech-start", speechFrom: 5 * 512 },
      { type: "speech-stop", toSample: (25 + 16) * 512 },
    ]);
  });

  test("a click is no speech", () => {
    expect(hear([...times(5, 0.02), 0.9, 0.95, ...times(20, 0.02)])).toEqual([]);
  });

  test("a pause within a sentence does not close the turn", () => {
    const changes = hear([...times(10, 0.9), ...times(14, 0.02), ...times(10, 0.9), ...times(16, 0.02)]);
    expect(changes.map(({ type }) => type)).toEqual(["speech-start", "speech-stop"]);
  });

  test("between the thresholds an open turn stays open and a closed one closed", () => {
    expect(hear(times(40, 0.45))).toEqual([]);
    expect(hear([...times(10, 0.9), ...times(60, 0.4)]).map(({ type }) => type)).toEqual(["speech-start"]);
  });

  test("the rules are the session's", () => {
    const strict = { threshold: 0.95, silenceDurationMs: 100 };
    expect(hear(times(40, 0.9), strict)).toEqual([]);
    const changes = hear([...times(10, 0.99), ...times(4, 0.02)], strict);
    expect(changes.at(-1)).toEqual({ type: "speech-stop", toSample: 14 * 512 });
  });
});

describe("a pause in a semantic turn", () => {
  const eagerness = ["low", "medium", "auto", "high"] as const;

  test("is short after words that end, and at most OpenAI's after words that do not", () => {
    expect(eagerness.map((each) => choosePauseMs(each, 1))).toEqual([800, 500, 500, 300]);
    expect(eagerness.map((each) => choosePauseMs(each, 0.5))).toEqual([800, 500, 500, 300]);
    expect(eagerness.map((each) => choosePauseMs(each, 0))).toEqual([8000, 4000, 4000, 2000]);
    expect(choosePauseMs("auto", 0.25)).toBe(2250);
  });

  test("is judged by its length where nobody judges the words", () => {
    expect(eagerness.map((each) => choosePauseMs(each, undefined))).toEqual([1000, 600, 600, 400]);
  });
});
