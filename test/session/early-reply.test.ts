// Replies that are begun before the turn is over: heard only if they are the right ones, and never before their time.
import { describe, expect, test } from "bun:test";
import type { SessionPatch } from "../../src/session/session-config.ts";
import { openStepped, type SteppedSession, usage } from "../support/stepped-session.ts";

/** The user has said something, and has been silent for a moment; then the recogniser says what it was. */
function pauseAfter(text: string, options: { patch?: SessionPatch; chance?: number; may?: boolean } = {}) {
  const { patch = {}, chance = 0.9, may = true } = options;
  const session = openStepped(patch, { aheadMs: 2000 });
  session.hear(30, 0.9);
  session.hear(6, 0.02);
  guess(session, text, chance, may);
  return session;
}
function guess(session: SteppedSession, text: string, endChance = 0.9, mayReplyEarly = true): void {
  const { itemId = "" } = session.state.input.utterance ?? {};
  session.tell({
    type: "partial-transcript",
    itemId,
    partial: { stableText: "", text },
    endChance,
    mayReplyEarly,
  });
}
/** Early replies are known by their number. */
const begun = (session: SteppedSession): string[] =>
  session.effects("start-reply").map(({ responseId }) => responseId);
function say(session: SteppedSession, responseId: string, text: string): void {
  session.tell({ type: "reply-written", responseId, text, isWhole: false });
  session.tell({ type: "speech", responseId, pcm: new Float32Array(24_000), sampleRateHz: 24_000, text });
}
const bySound: SessionPatch = { turnDetection: { type: "semantic-vad", eagerness: "medium" } };
/** The sound of the newest pause is judged. */
function judge(session: SteppedSession, endChance: number): void {
  const asked = session.effects("judge-pause").at(-1);
  if (!asked) throw new Error("nobody asked");
  session.tell({ type: "pause-judged", itemId: asked.itemId, silenceFrom: asked.silenceFrom, endChance });
}
const endTurn = (session: SteppedSession): void => session.hear(14, 0.02);

describe("a reply that is begun early", () => {
  test("is heard at once when the turn ends with the same words", () => {
    const session = pauseAfter("What time is it?");
    const [responseId = ""] = begun(session);
    expect(session.plans()[0]?.messages.at(-1)).toEqual({ role: "user", content: "What time is it?" });
    say(session, responseId, "It is noon. ");
    expect(session.types()).not.toContain("response-created");
    endTurn(session);
    expect(session.types()).not.toContain("response-created");
    session.transcript("What time is it?");
    expect(session.ofType("response-created")[0]?.response.id).toBe(responseId);
    expect(session.types()).toContain("audio-delta");
    expect(begun(session)).toEqual([responseId]);
    session.tell({ type: "reply-end", responseId, reason: "stop", usage });
    expect(session.ofType("response-done")[0]?.response.status).toBe("completed");
    expect(session.effects("stop-reply")).toEqual([]);
  });

  test("may have ended by then", () => {
    const session = pauseAfter("What time is it?");
    const [responseId = ""] = begun(session);
    say(session, responseId, "Noon. ");
    session.tell({ type: "reply-end", responseId, reason: "stop", usage });
    endTurn(session);
    session.transcript("What time is it?");
    expect(session.ofType("response-done")[0]?.response).toMatchObject({
      id: responseId,
      status: "completed",
    });
  });

  test("is dropped when the user goes on, and nobody hears of it", () => {
    const session = pauseAfter("I would like");
    const [early = ""] = begun(session);
    say(session, early, "Yes? ");
    session.hear(20, 0.9);
    expect(session.effects("stop-reply").map(({ responseId }) => responseId)).toEqual([early]);
    session.hear(6, 0.02);
    endTurn(session);
    session.transcript("I would like a cup of tea.");
    const [created] = session.ofType("response-created");
    expect(created?.response.id).not.toBe(early);
    expect(session.plans().at(-1)?.messages.at(-1)?.content).toBe("I would like a cup of tea.");
    say(session, early, "Too late. ");
    expect(session.types()).not.toContain("audio-delta");
  });

  test("is dropped when the last words were others", () => {
    const session = pauseAfter("Turn on the light");
    const [early = ""] = begun(session);
    endTurn(session);
    session.transcript("Turn on the lights.");
    expect(session.effects("stop-reply").map(({ responseId }) => responseId)).toEqual([early]);
    expect(begun(session)).toHaveLength(2);
  });

  test("is dropped when anything that it was told has changed", () => {
    const session = pauseAfter("What time is it?");
    const [early = ""] = begun(session);
    session.command({ type: "update-session", patch: { instructions: "Be a pirate." } });
    endTurn(session);
    session.transcript("What time is it?");
    expect(session.ofType("response-created")[0]?.response.id).not.toBe(early);
    expect(session.plans().at(-1)?.instructions).toBe("Be a pirate.");
  });

  test("that fails is tried again when its time has come", () => {
    const session = pauseAfter("What time is it?");
    const [early = ""] = begun(session);
    session.tell({ type: "reply-failed", responseId: early, error: new Error("gone") as never });
    endTurn(session);
    session.transcript("What time is it?");
    expect(begun(session)).toHaveLength(2);
    expect(session.types()).not.toContain("response-done");
  });

  test("goes with the session, and with the buffer that is cleared", () => {
    const closed = pauseAfter("What time is it?");
    closed.tell({ type: "close", reason: "client" });
    expect(closed.effects("stop-reply")).toHaveLength(1);
    const cleared = pauseAfter("What time is it?");
    cleared.command({ type: "clear-input" });
    expect(cleared.effects("stop-reply")).toHaveLength(1);
  });

  test("is not begun where it is unlikely, forbidden, too soon, or would do something", () => {
    expect(begun(pauseAfter("I went to the", { chance: 0.2 }))).toEqual([]);
    expect(begun(pauseAfter("What time is it?", { may: false }))).toEqual([]);
    expect(begun(pauseAfter("Mm-hm."))).toEqual([]);
    const tools = [{ name: "lights", description: "", parameters: {} }];
    expect(begun(pauseAfter("Lights on.", { patch: { tools } }))).toEqual([]);
    const silent = { turnDetection: { type: "server-vad", createResponse: false } } as const;
    expect(begun(pauseAfter("What time is it?", { patch: silent }))).toEqual([]);
    const speaking = openStepped();
    speaking.hear(30, 0.9);
    guess(speaking, "What time is it?");
    expect(begun(speaking)).toEqual([]);
  });

  test("is begun by the sound of the pause, whatever its words say", () => {
    const session = pauseAfter("I went to the", { patch: bySound, chance: 0.05 });
    session.hear(1, 0.02);
    expect(begun(session)).toEqual([]);
    judge(session, 0.95);
    const [early = ""] = begun(session);
    expect(session.plans()[0]?.messages.at(-1)?.content).toBe("I went to the");
    endTurn(session);
    session.transcript("I went to the");
    expect(session.ofType("response-created")[0]?.response.id).toBe(early);
    expect(begun(session)).toHaveLength(1);
  });

  test("is begun by the sound before any words say so, once they are known", () => {
    const session = openStepped(bySound);
    session.hear(30, 0.9);
    session.hear(7, 0.02);
    judge(session, 0.95);
    expect(begun(session)).toEqual([]);
    guess(session, "What time is it?", 0.05);
    expect(begun(session)).toHaveLength(1);
  });

  test("is not begun where the sound goes on, nor with the words of another pause", () => {
    const session = openStepped(bySound);
    session.hear(30, 0.9);
    session.hear(7, 0.02);
    judge(session, 0.05);
    guess(session, "What time is it?", 0.95);
    expect(begun(session)).toEqual([]);
    session.hear(10, 0.9);
    session.hear(7, 0.02);
    judge(session, 0.95);
    expect(begun(session)).toEqual([]);
  });

  test("is begun twice in a turn at most", () => {
    const session = pauseAfter("One.");
    for (const words of ["One. Two.", "One. Two. Three.", "One. Two. Three. Four."]) {
      session.hear(10, 0.9);
      session.hear(6, 0.02);
      guess(session, words);
    }
    expect(begun(session)).toHaveLength(2);
    expect(session.effects("stop-reply")).toHaveLength(2);
  });
});
