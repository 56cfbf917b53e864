import { expect, test } from "bun:test";
import { AppError } from "../../src/base/errors.ts";
import { buildCues, encodeCaptions } from "../../src/text/captions.ts";

const words = (text: string, stepMs = 300) =>
  text.split(" ").map((word, i) => ({ text: word, startMs: i * stepMs, endMs: i * stepMs + 250 }));

test("a cue ends with its sentence", () => {
  expect(buildCues(words("Hello there. How are you?")).map((cue) => cue.text)).toEqual([
    "Hello there.",
    "How are you?",
  ]);
});

test("a cue ends at a long pause, when it is full, and after seven seconds", () => {
  const late = words("one two three").map((w, i) => (i === 2 ? { ...w, startMs: 5000, endMs: 5200 } : w));
  expect(buildCues(late).map((cue) => cue.text)).toEqual(["one two", "three"]);
  const long = buildCues(words(Array(60).fill("word").join(" ")));
  expect(long.every((cue) => cue.text.length <= 84 && cue.endMs - cue.startMs <= 7000)).toBe(true);
  expect(long.map((cue) => cue.text).join(" ")).toBe(Array(60).fill("word").join(" "));
});

test("SubRip counts cues and writes a comma, WebVTT has its header and a point", () => {
  const cues = [{ startMs: 3_723_004, endMs: 3_724_500, text: "Hi." }];
  expect(encodeCaptions(cues, "srt")).toBe("1\n01:02:03,004 --> 01:02:04,500\nHi.\n");
  expect(encodeCaptions(cues, "vtt")).toBe("WEBVTT\n\n01:02:03.004 --> 01:02:04.500\nHi.\n");
});

test("a time that is no time is E_ARGS", () => {
  const encode = () => encodeCaptions([{ startMs: Number.NaN, endMs: 1, text: "x" }], "srt");
  expect(encode).toThrow(AppError);
});
