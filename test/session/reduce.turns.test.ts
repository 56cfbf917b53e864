// Whose turn it is, what was said in it, and when it is answered, case by case.
import { describe, expect, test } from "bun:test";
import { AppError } from "../../src/base/errors.ts";
import type { SessionPatch } from "../../src/session/session-config.ts";
import { manual, openStepped, type SteppedSession } from "../support/stepped-session.ts";

describe("turns", () => {
  test("the answer comes when the words are known, and not for noise", () => {
    const session = openStepped();
    session.hear(10, 0.9);
    session.hear(16, 0.02);
    expect(session.types()).toEqual([
      "speech-started",
      "speech-stopped",
      "input-committed",
      "item-added",
      "item-done",
    ]);
    session.transcript("  ");
    expect(session.plans()).toEqual([]);
    session.hear(10, 0.9);
    session.hear(16, 0.02);
    session.transcript("hello");
    expect(session.plans()[0]?.messages).toEqual([{ role: "user", content: "hello" }]);
  });

  test("two that follow each other quickly have one answer", () => {
    const session = openStepped();
    session.hear(10, 0.9);
    session.hear(16, 0.02);
    session.hear(10, 0.9);
    session.transcript("first");
    expect(session.plans()).toEqual([]);
    session.hear(16, 0.02);
    session.transcript("second");
    expect(session.plans().map(({ messages }) => messages.map(({ content }) => content))).toEqual([
      ["first", "second"],
    ]);
  });

  test("a cough before the first sound costs no answer", () => {
    const session = openStepped();
    session.hear(10, 0.9);
    session.hear(16, 0.02);
    session.transcript("hello");
    session.hear(10, 0.9);
    expect(session.ofType("response-done")[0]?.response).toMatchObject({ status: "cancelled", output: [] });
    session.hear(16, 0.02);
    session.transcript("");
    expect(session.plans()).toHaveLength(2);
    expect(session.plans()[1]?.messages).toEqual([{ role: "user", content: "hello" }]);
  });

  test("begin with their padding, but never before what was committed", () => {
    const session = openStepped({ turnDetection: { prefixPaddingMs: 500 } });
    session.hear(5, 0.02);
    session.hear(10, 0.9);
    expect(session.ofType("speech-started")[0]?.audioStartMs).toBe(0);
    session.command({ type: "commit-input" });
    const committedMs = 15 * 32;
    session.hear(10, 0.9);
    expect(session.ofType("speech-started")[1]?.audioStartMs).toBe(committedMs);
    expect(session.effects("open-utterance").map(({ fromSample }) => fromSample)).toEqual([
      0,
      committedMs * 16,
    ]);
  });

  test("that the client ends are not answered by themselves", () => {
    const session = openStepped();
    session.hear(10, 0.9);
    session.command({ type: "commit-input" });
    session.transcript("hello");
    expect(session.types()).toContain("speech-stopped");
    expect(session.plans()).toEqual([]);
  });

  test("old silence is let go, the last two seconds are kept", () => {
    const session = openStepped();
    session.hear(200, 0.02);
    expect(session.state.input.startSample).toBe(200 * 512 - 2000 * 16);
    session.command({ type: "commit-input" });
    expect(session.effects("finish-utterance")).toHaveLength(1);
  });

  test("an utterance goes on when the client takes over in the middle of it", () => {
    const session = openStepped();
    session.hear(10, 0.9);
    const [started] = session.ofType("speech-started");
    session.command({ type: "update-session", patch: { turnDetection: null } });
    session.receive(300);
    session.command({ type: "commit-input" });
    expect(session.ofType("input-committed")[0]?.itemId).toBe(started?.itemId ?? "");
    expect(session.effects("open-utterance")).toHaveLength(1);
    expect(session.effects("finish-utterance")[0]?.toSample).toBe(10 * 512 + 300 * 16);
    expect(session.effects("listen-from")).toEqual([{ type: "listen-from", sample: null }]);
  });

  test("what came before voice detection was switched on is judged by it", () => {
    const session = openStepped(manual);
    session.receive(500);
    session.command({ type: "update-session", patch: { turnDetection: { type: "server-vad" } } });
    expect(session.effects("listen-from")).toEqual([{ type: "listen-from", sample: 0 }]);
    expect(session.effects("drop-utterance")).toHaveLength(1);
  });
});

describe("words that cannot be made out", () => {
  const error = new AppError("E_BUSY", "the recogniser stopped");
  const fail = (session: SteppedSession): void =>
    session.tell({
      type: "transcript-failed",
      itemId: session.state.input.pending[0]?.itemId ?? "",
      error,
    });

  for (const order of ["before", "after"] as const) {
    test(`fail the response that was asked for, when that is known ${order} it is asked for`, () => {
      const session = openStepped(manual);
      session.receive(200);
      session.command({ type: "commit-input" });
      if (order === "before") fail(session);
      session.command({ type: "create-response", wish: {} });
      if (order === "after") fail(session);
      expect(session.ofType("transcript-failed")).toHaveLength(1);
      expect(session.ofType("response-done")[0]?.response).toMatchObject({
        status: "failed",
        error: { code: "E_BUSY" },
      });
      expect(session.plans()).toEqual([]);
      session.command({ type: "create-response", wish: {} });
      expect(session.plans()).toHaveLength(1);
    });
  }

  test("are forgotten when something else is said", () => {
    const session = openStepped(manual);
    session.receive(200);
    session.command({ type: "commit-input" });
    fail(session);
    const parts = [{ type: "input-text", text: "I said hello" }] as const;
    session.command({
      type: "create-item",
      item: { type: "message", id: "", role: "user", status: "completed", parts, toolRuns: [] },
    });
    session.command({ type: "create-response", wish: {} });
    expect(session.plans()).toHaveLength(1);
  });
});

describe("semantic turn detection", () => {
  const semantic = { turnDetection: { type: "semantic-vad", eagerness: "auto" } } satisfies SessionPatch;
  const guess = (session: SteppedSession, text: string, endChance: number): void => {
    const { itemId = "" } = session.state.input.utterance ?? {};
    session.tell({ type: "partial-transcript", itemId, partial: { stableText: "", text }, endChance });
  };

  test("waits where the words want more, and not where they end", () => {
    const session = openStepped(semantic);
    session.hear(20, 0.9);
    guess(session, "What is the", 0.02);
    session.hear(60, 0.02);
    expect(session.types()).not.toContain("speech-stopped");
    session.hear(10, 0.9);
    guess(session, "What is the time?", 0.97);
    session.hear(15, 0.02);
    expect(session.types()).not.toContain("speech-stopped");
    session.hear(2, 0.02);
    expect(session.types()).toContain("speech-stopped");
  });

  test("waits no longer than its eagerness allows, and hears better words in the pause", () => {
    const session = openStepped(semantic);
    session.hear(20, 0.9);
    guess(session, "And", 0);
    session.hear(124, 0.02);
    expect(session.types()).not.toContain("speech-stopped");
    session.hear(2, 0.02);
    expect(session.types()).toContain("speech-stopped");

    const late = openStepped(semantic);
    late.hear(20, 0.9);
    guess(late, "I want to go", 0.1);
    late.hear(30, 0.02);
    guess(late, "I want to go home.", 0.99);
    late.hear(1, 0.02);
    expect(late.types()).toContain("speech-stopped");
  });
});

describe("more than a recogniser can hear", () => {
  test("is not taken until some of it is heard, and none of it is lost", () => {
    const session = openStepped(manual);
    const commit = (): void => session.command({ type: "commit-input" }, "mine");
    for (let i = 0; i < 64; i++) {
      session.receive(200);
      commit();
    }
    expect(session.ofType("fault")).toEqual([]);
    session.receive(200);
    commit();
    const item = { type: "message", id: "loud", role: "user", status: "completed", toolRuns: [] } as const;
    const audio = new Uint8Array(9600);
    const spoken = { ...item, parts: [{ type: "input-audio", transcript: null }] } as const;
    session.command({ type: "create-item", item: spoken, audio }, "mine");
    expect(session.ofType("fault").map(({ fault }) => [fault.code, fault.eventId])).toEqual([
      ["rate_limit_exceeded", "mine"],
      ["rate_limit_exceeded", "mine"],
    ]);
    expect(session.state.items).toHaveLength(64);
    session.transcript("hello");
    commit();
    expect(session.effects("finish-utterance").at(-1)?.toSample).toBe(65 * 200 * 16);
    // What is only text costs nobody's ears anything.
    session.command({ type: "create-item", item: { ...item, parts: [{ type: "input-text", text: "!" }] } });
    expect(session.state.items).toHaveLength(66);
  });
});

describe("a commit without words", () => {
  const commitAndAsk = (session: SteppedSession, words: string): void => {
    session.receive(500);
    session.command({ type: "commit-input" });
    session.command({ type: "create-response", wish: {} });
    session.transcript(words);
  };

  test("is not answered: the response that was asked for ends at once, with nothing in it", () => {
    const session = openStepped(manual);
    commitAndAsk(session, " ");
    expect(session.plans()).toEqual([]);
    expect(session.ofType("response-done")[0]?.response).toMatchObject({ status: "completed", output: [] });
    // Who asks once more is answered, as by stock servers.
    session.command({ type: "create-response", wish: {} });
    expect(session.plans()).toHaveLength(1);
  });

  test("is answered where there is something else to answer, or to do", () => {
    const session = openStepped(manual);
    session.receive(500);
    session.command({ type: "commit-input" });
    commitAndAsk(session, "hello");
    expect(session.plans()).toEqual([]);
    session.transcript("");
    expect(session.plans()[0]?.messages).toEqual([{ role: "user", content: "hello" }]);

    const told = openStepped(manual);
    told.receive(500);
    told.command({ type: "commit-input" });
    told.transcript("");
    told.command({ type: "create-response", wish: { instructions: "Say hello." } });
    expect(told.plans()).toHaveLength(1);
  });

  test("and a refused one leaves an answer that is asked for beside it", () => {
    const session = openStepped(manual);
    session.receive(50);
    session.command({ type: "commit-input" });
    session.command({ type: "create-response", wish: {} });
    expect(session.ofType("fault")[0]?.fault.code).toBe("input_audio_buffer_commit_empty");
    expect(session.plans()).toHaveLength(1);
  });
});

describe("silence", () => {
  const detection = { turnDetection: { idleTimeoutMs: 3000 } } satisfies SessionPatch;

  test("counts from when the listener has heard the answer to its end", () => {
    const session = openStepped(detection);
    session.command({ type: "create-response", wish: {} });
    session.at(100).speak("One.", 800);
    session.at(200).endReply();
    expect(session.effects("set-timer").at(-1)).toEqual({ type: "set-timer", name: "silence", atMs: 3900 });
    session.hear(30, 0.9);
    expect(session.effects("clear-timer").at(-1)).toEqual({ type: "clear-timer", name: "silence" });
  });

  test("is told to the character as three dots", () => {
    const session = openStepped(detection);
    session.receive(4000);
    session.at(4000).tell({ type: "timer", name: "silence" });
    expect(session.types()).toEqual([
      "silence-noticed",
      "input-committed",
      "item-added",
      "item-done",
      "response-created",
    ]);
    expect(session.plans()[0]?.messages).toEqual([{ role: "user", content: "..." }]);
  });

  test("is none while somebody speaks", () => {
    const session = openStepped(detection);
    session.hear(10, 0.9);
    session.forget();
    session.tell({ type: "timer", name: "silence" });
    expect(session.outputs).toEqual([]);
  });
});
