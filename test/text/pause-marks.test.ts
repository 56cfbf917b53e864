import { expect, test } from "bun:test";
import { hasPause, maxPauseMs, splitPauses } from "../../src/text/pause-marks.ts";

test("finds pauses in milliseconds and seconds, and keeps every character", () => {
  const text = "One [pause:500ms] two[PAUSE: 1.5s]three";
  const stretches = splitPauses(text);
  expect(stretches).toEqual([
    { kind: "text", text: "One " },
    { kind: "pause", text: "[pause:500ms]", durationMs: 500 },
    { kind: "text", text: " two" },
    { kind: "pause", text: "[PAUSE: 1.5s]", durationMs: 1500 },
    { kind: "text", text: "three" },
  ]);
  expect(stretches.map((stretch) => stretch.text).join("")).toBe(text);
});

test("what is no pause stays text, and a pause of hours is cut short", () => {
  expect(splitPauses("[pause:soon] [pause:5]")).toEqual([{ kind: "text", text: "[pause:soon] [pause:5]" }]);
  expect(splitPauses("[pause:99999s]")).toEqual([
    { kind: "pause", text: "[pause:99999s]", durationMs: maxPauseMs },
  ]);
  expect([hasPause("a [pause:1s]"), hasPause("a [pause]"), splitPauses("")]).toEqual([true, false, []]);
});
