// A pause judged by its sound: what the detector says takes the place of what the words say, for that pause alone.
import { describe, expect, test } from "bun:test";
import type { SessionPatch } from "../../src/session/session-config.ts";
import { openStepped, type SteppedSession } from "../support/stepped-session.ts";

/** Frames of 32 ms until a pause of so many milliseconds has ended a turn. */
const framesIn = (ms: number): number => Math.ceil(ms / 32);
/** Medium: 500 ms after an end, 4 s after none. */
const semantic: SessionPatch = { turnDetection: { type: "semantic-vad", eagerness: "medium" } };

function speak(patch = semantic): SteppedSession {
  const session = openStepped(patch);
  session.hear(30, 0.9);
  return session;
}
function guess(session: SteppedSession, endChance: number): void {
  const { itemId = "" } = session.state.input.utterance ?? {};
  session.tell({ type: "partial-transcript", itemId, partial: { stableText: "", text: "so" }, endChance });
}
const asked = (session: SteppedSession) => session.effects("judge-pause");
function answer(session: SteppedSession, endChance: number, nth = asked(session).length - 1): void {
  const { itemId = "", silenceFrom = -1 } = asked(session)[nth] ?? {};
  session.tell({ type: "pause-judged", itemId, silenceFrom, endChance });
}
const hasStopped = (session: SteppedSession): boolean => session.types().includes("speech-stopped");

describe("the sound of a pause", () => {
  test("is asked about once, when the pause has lasted 200 ms", () => {
    const session = speak();
    session.hear(6, 0.02);
    expect(asked(session)).toEqual([]);
    session.hear(1, 0.02);
    const { itemId } = session.state.input.utterance ?? {};
    expect(asked(session)).toEqual([
      { type: "judge-pause", itemId: itemId ?? "", silenceFrom: 30 * 512, toSample: 37 * 512 },
    ]);
    session.hear(3, 0.02);
    expect(asked(session).length).toBe(1);
  });

  test("ends a turn whose words sound unfinished", () => {
    const session = speak();
    guess(session, 0.05);
    session.hear(7, 0.02);
    answer(session, 0.95);
    session.hear(framesIn(500) - 8, 0.02);
    expect(hasStopped(session)).toBe(false);
    session.hear(1, 0.02);
    expect(hasStopped(session)).toBe(true);
  });

  test("keeps a turn open whose words could have been the last", () => {
    const session = speak();
    guess(session, 0.95);
    session.hear(7, 0.02);
    answer(session, 0.02);
    session.hear(framesIn(3000) - 7, 0.02);
    expect(hasStopped(session)).toBe(false);
    session.hear(framesIn(1000), 0.02);
    expect(hasStopped(session)).toBe(true);
  });

  test("goes before words that become known later", () => {
    const session = speak();
    session.hear(7, 0.02);
    answer(session, 0.02);
    guess(session, 0.99);
    session.hear(framesIn(1000), 0.02);
    expect(hasStopped(session)).toBe(false);
  });

  test("that nobody judges leaves it to the words", () => {
    const session = speak();
    guess(session, 0.95);
    session.hear(framesIn(500) - 1, 0.02);
    expect(hasStopped(session)).toBe(false);
    session.hear(1, 0.02);
    expect(hasStopped(session)).toBe(true);
  });

  test("is asked about anew after more words, and says nothing of the pause before", () => {
    const session = speak();
    guess(session, 0.05);
    session.hear(7, 0.02);
    answer(session, 0.95);
    session.hear(10, 0.9);
    session.hear(7, 0.02);
    expect(asked(session).length).toBe(2);
    session.hear(framesIn(1000), 0.02);
    expect(hasStopped(session)).toBe(false);
  });

  test("judged too late, of a pause that is over, counts for nothing", () => {
    const session = speak();
    guess(session, 0.05);
    session.hear(7, 0.02);
    session.hear(10, 0.9);
    answer(session, 0.99);
    session.hear(framesIn(700), 0.02);
    answer(session, 0.99, 0);
    session.hear(framesIn(300), 0.02);
    expect(hasStopped(session)).toBe(false);
    expect(asked(session).length).toBe(2);
  });

  test("judged when the turn is over counts for nothing", () => {
    const session = speak();
    guess(session, 0.95);
    session.hear(framesIn(500), 0.02);
    expect(hasStopped(session)).toBe(true);
    const before = session.state;
    answer(session, 0.5);
    expect(session.state).toEqual(before);
  });

  test("is not asked about where the length of the silence decides", () => {
    const session = speak({});
    session.hear(10, 0.02);
    expect(asked(session)).toEqual([]);
  });

  test("is not asked about before anybody has spoken", () => {
    const session = openStepped(semantic);
    session.hear(40, 0.02);
    expect(asked(session)).toEqual([]);
  });
});
