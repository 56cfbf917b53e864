// What a screen reader is told of a talk: what it does not hear anyway.
import { describe, expect, test } from "bun:test";
import type { Turn } from "../../src/web/conversation.ts";
import { explainMicrophoneError } from "../../src/web/microphone.ts";
import { describeNews } from "../../src/web/transcript.tsx";

const turn = (change: Partial<Turn>): Turn => ({
  id: "1",
  speaker: "character",
  text: "Good evening.",
  draft: "",
  words: [],
  state: "done",
  isSpoken: false,
  tools: [],
  ...change,
});
const tell = (turns: Turn[], isMuted = false): string => describeNews(turns, "Gertrude", isMuted);

describe("a screen reader is told", () => {
  test("an answer without sound, when it is finished", () => {
    expect(tell([])).toBe("");
    expect(tell([turn({ state: "live" })])).toBe("");
    expect(tell([turn({})])).toBe("Gertrude: Good evening.");
  });

  test("an answer with sound only where the sound is off", () => {
    expect(tell([turn({ isSpoken: true })])).toBe("");
    expect(tell([turn({ isSpoken: true })], true)).toBe("Gertrude: Good evening.");
  });

  test("the user's words as they were understood, not those that they have typed", () => {
    const user = turn({ speaker: "user", text: "What time is it?" });
    expect(tell([{ ...user, isSpoken: true }])).toBe("You said: What time is it?");
    expect(tell([user])).toBe("");
  });

  test("what is newest, and of an answer that was broken off only what was to be read", () => {
    const cut = turn({ id: "2", state: "interrupted", text: "Once upon a time", isSpoken: false });
    expect(tell([turn({}), cut])).toBe("Gertrude: Once upon a time");
    expect(tell([cut, turn({ id: "3", text: "" })])).toBe("Gertrude: Once upon a time");
  });
});

test("a microphone that does not open is explained, each reason with its cure", () => {
  const names = ["NotAllowedError", "NotFoundError", "NotReadableError", "SecurityError", "AbortError"];
  const told = names.map((name) => explainMicrophoneError(new DOMException("no", name)));
  expect(new Set(told).size).toBe(names.length);
  // Nobody is left without a way to talk.
  for (const text of [...told, explainMicrophoneError(undefined)])
    expect(text.toLowerCase()).toMatch(/typ(e|ing)/);
});
