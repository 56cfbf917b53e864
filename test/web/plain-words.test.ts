import { expect, test } from "bun:test";
import { describeAsset, describeProgress } from "../../src/web/downloads.tsx";
import {
  explainEnd,
  explainFault,
  explainResponseFailure,
  isWorthRetrying,
  toSentence,
} from "../../src/web/plain-words.ts";

test("a fault says what it is about, and keeps the server's cure", () => {
  expect(explainFault({ code: "E_NET", message: "ollama does not answer; start it" })).toBe(
    "The answers come from somewhere that cannot be reached. Ollama does not answer; start it.",
  );
  expect(explainFault({ code: "invalid_value", message: "the voice is unknown" })).toBe(
    "The voice is unknown.",
  );
  expect(explainFault(undefined)).toBe("Something went wrong. Try again.");
});

test("an answer that broke off says what to do", () => {
  expect(explainResponseFailure({})).toBe("The answer broke off. Ask again.");
  const error = { code: "E_BUSY", message: "the Kokoro engine stopped (SIGKILL)" };
  expect(explainResponseFailure({ status_details: { error } })).toBe(
    "The answer broke off. The Kokoro engine stopped (SIGKILL). Ask once more in a moment.",
  );
});

test("sentences begin large and end once", () => {
  // What is written like that has to be typed like that.
  const literal = [
    "http://127.0.0.1/x is not there.",
    "hal.ts:3 is broken.",
    "conversations.file is not set.",
  ];
  expect(literal.map(toSentence)).toEqual(literal);
  expect(["it broke", "It broke.", "Why?", " "].map(toSentence)).toEqual([
    "It broke.",
    "It broke.",
    "Why?",
    "",
  ]);
});

test("a line that the server did not close on purpose is tried again", () => {
  expect(isWorthRetrying({ code: 1006, reason: "" })).toBe(true);
  expect(isWorthRetrying({ code: 1001, reason: "shutdown" })).toBe(true);
  expect(isWorthRetrying({ code: 1000, reason: "idle" })).toBe(false);
  expect(isWorthRetrying({ code: 1008, reason: "stuck" })).toBe(false);
  expect(explainEnd({ code: 1000, reason: "idle" })).toContain("Nobody said anything");
  expect(isWorthRetrying({ code: 1008, reason: "replaced" })).toBe(false);
  // src/session/events.ts, EndReason: each that the page can meet has words of its own.
  const ends = ["expired", "spent", "idle", "stuck", "replaced", "failed"].map((reason) =>
    explainEnd({ code: 1000, reason }),
  );
  expect(new Set([...ends, explainEnd({ code: 1000, reason: "client" })]).size).toBe(7);
});

test("progress is told in sizes and time, and assets by what they are for", () => {
  const download = {
    asset: "kokoro-82m-q8",
    phase: "download",
    doneBytes: 23 * 2 ** 20,
    totalBytes: 88 * 2 ** 20,
    bytesPerSecond: 5 * 2 ** 20,
  };
  expect(describeProgress(download)).toBe("23 MiB of 88 MiB, 5.0 MiB/s, 13 s left");
  expect(describeProgress({ ...download, bytesPerSecond: 2 ** 18 })).toContain("4 min left");
  expect(describeProgress({ ...download, bytesPerSecond: 0 })).toBe("23 MiB of 88 MiB");
  expect(describeProgress({ ...download, phase: "verify" })).toBe("checking");
  expect(describeProgress({ ...download, totalBytes: null })).toBe("downloading, 23 MiB so far, 5.0 MiB/s");
  expect(describeProgress({ ...download, totalBytes: null, bytesPerSecond: 0 })).toBe(
    "downloading, 23 MiB so far",
  );
  // A server may send more than it announced.
  expect(describeProgress({ ...download, doneBytes: 90 * 2 ** 20 })).toEndWith(", 0 s left");
  expect(describeAsset("kokoro-82m-q8")).toBe("Speech (kokoro-82m-q8)");
  expect(describeAsset("my-own-model")).toBe("my-own-model");
});
