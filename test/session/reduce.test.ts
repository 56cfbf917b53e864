// What a session decides, case by case (the random cases are in reduce.property.test.ts).
import { describe, expect, test } from "bun:test";
import { AppError } from "../../src/base/errors.ts";
import type { SessionCommand, SessionInput, SessionOutput } from "../../src/session/events.ts";
import { reduce } from "../../src/session/reduce.ts";
import { defaultConfig, mergeConfig, type SessionPatch } from "../../src/session/session-config.ts";
import { createSessionState, type SessionEffect, type SessionLimits } from "../../src/session/state.ts";
import { createFakeCharacter } from "../support/fake-services.ts";

const rateHz = 24_000;
const usage = { inputTokens: 1, outputTokens: 2 };
const manual: SessionPatch = { turnDetection: null };

function open(patch: SessionPatch = {}, limits: Partial<SessionLimits> = {}) {
  const character = createFakeCharacter("Gertrude");
  const cast = {
    character,
    voice: { provider: "kokoro", voice: "af_heart", speed: 1, status: "ready" } as const,
    prompt: "You are Gertrude.",
  };
  let state = createSessionState({
    id: "sess_t",
    cast,
    config: mergeConfig(defaultConfig, patch),
    limits,
    atMs: 0,
    now: 0,
  });
  let nowMs = 0;
  let receivedSample = 0;
  const outputs: SessionOutput[] = [];
  const effects: SessionEffect[] = [];

  const tell = (input: SessionInput): void => {
    const inputs = [input];
    for (let next = inputs.shift(); next; next = inputs.shift()) {
      const reduced = reduce(state, next, nowMs);
      ({ state } = reduced);
      for (const effect of reduced.effects) {
        effects.push(effect);
        if (effect.type === "send") outputs.push(effect.output);
        if (effect.type === "continue") inputs.push({ type: "timer", name: "pace" });
      }
    }
  };
  const session = {
    get state() {
      return state;
    },
    outputs,
    cast,
    at(ms: number) {
      nowMs = ms;
      return session;
    },
    tell,
    command: (command: SessionCommand, eventId?: string) => tell({ type: "command", command, eventId }),
    /** Frames of 32 ms, each with the same probability. */
    hear(frames: number, probability: number) {
      for (let i = 0; i < frames; i++) {
        const fromSample = receivedSample;
        receivedSample += 512;
        tell({ type: "audio-received", toSample: receivedSample });
        tell({ type: "voice-frame", frame: { fromSample, toSample: receivedSample, probability } });
      }
    },
    receive(ms: number) {
      receivedSample += ms * 16;
      tell({ type: "audio-received", toSample: receivedSample });
    },
    /** Sound of the response under way. */
    speak(text: string, ms: number) {
      const pcm = new Float32Array((ms * rateHz) / 1000);
      tell({ type: "speech", responseId: session.responseId(), pcm, sampleRateHz: rateHz, text });
    },
    endReply: () => tell({ type: "reply-end", responseId: session.responseId(), reason: "stop", usage }),
    responseId: () => state.response?.id ?? "none",
    types: () => outputs.map(({ type }) => type),
    ofType: <T extends SessionOutput["type"]>(type: T) =>
      outputs.filter((output): output is SessionOutput & { type: T } => output.type === type),
    effects: <T extends SessionEffect["type"]>(type: T) =>
      effects.filter((effect): effect is Extract<SessionEffect, { type: T }> => effect.type === type),
    plans: () => session.effects("start-reply").map(({ plan }) => plan),
    transcript: (text: string, nth = 0) =>
      tell({ type: "transcript", itemId: state.input.pending[nth]?.itemId ?? "", text, audioMs: 1 }),
    forget() {
      outputs.length = 0;
      effects.length = 0;
    },
  };
  tell({ type: "open" });
  session.forget();
  return session;
}

describe("sound", () => {
  test("leaves at once, as far ahead as is allowed, and then at the pace at which it is heard", () => {
    const session = open(manual, { aheadMs: 1000 });
    session.command({ type: "create-response", wish: {} });
    session.speak("One two three.", 3000);
    expect(session.ofType("audio-delta")).toHaveLength(5);
    expect(session.effects("set-timer").at(-1)).toEqual({ type: "set-timer", name: "pace", atMs: 200 });
    session.at(199).tell({ type: "timer", name: "pace" });
    expect(session.ofType("audio-delta")).toHaveLength(5);
    session.at(400).tell({ type: "timer", name: "pace" });
    expect(session.ofType("audio-delta")).toHaveLength(7);
  });

  test("with a lead shorter than a slice is sent slice by slice, without a gap", () => {
    const session = open(manual, { aheadMs: 50 });
    session.command({ type: "create-response", wish: {} });
    session.speak("One two.", 600);
    for (const atMs of [200, 400]) session.at(atMs).tell({ type: "timer", name: "pace" });
    expect(session.ofType("audio-delta")).toHaveLength(3);
  });

  test("that was made while the listener waits is sent without delay", () => {
    const session = open(manual, { aheadMs: 1000 });
    session.command({ type: "create-response", wish: {} });
    session.speak("One.", 400);
    session.at(5000);
    session.speak("Two.", 400);
    expect(session.ofType("audio-delta")).toHaveLength(4);
  });

  test("waits for a socket that is full, and ends only when it has been sent", () => {
    const session = open(manual);
    session.command({ type: "create-response", wish: {} });
    session.speak("One.", 200);
    session.tell({ type: "socket", isWritable: false });
    session.speak("Two.", 200);
    session.endReply();
    expect(session.types()).not.toContain("response-done");
    expect(session.effects("set-timer").at(-1)).toMatchObject({ name: "stuck" });
    session.tell({ type: "socket", isWritable: true });
    expect(session.ofType("audio-delta")).toHaveLength(2);
    expect(session.types().slice(-2)).toEqual(["response-done", "limits"]);
    expect(session.effects("clear-timer").map(({ name }) => name)).toContain("stuck");
  });

  test("carries its words with it: each is told with the slice in which it begins", () => {
    const session = open(manual);
    session.command({ type: "create-response", wish: {} });
    const words = ["One", "two", "three"].map((text, i) => ({
      text,
      startMs: i * 250,
      endMs: i * 250 + 250,
    }));
    const pcm = new Float32Array((750 * rateHz) / 1000);
    session.tell({
      type: "speech",
      responseId: session.responseId(),
      pcm,
      sampleRateHz: rateHz,
      text: "One two three.",
      words,
    });
    const told = session.outputs.flatMap((output) =>
      output.type === "speech-text-delta" ? output.delta : output.type === "audio-delta" ? "♪" : [],
    );
    expect(told).toEqual(["One ", "♪", "two ", "♪", "three.", "♪", "♪"]);
  });
});

describe("a response", () => {
  test("that is cancelled in the middle of a word does not remember the word", () => {
    const session = open(manual, { aheadMs: 500 });
    session.command({ type: "create-response", wish: {} });
    const words = [
      { text: "Once", startMs: 0, endMs: 300 },
      { text: "upon", startMs: 300, endMs: 1200 },
    ];
    const pcm = new Float32Array((1200 * rateHz) / 1000);
    const responseId = session.responseId();
    session.tell({ type: "speech", responseId, pcm, sampleRateHz: rateHz, text: "Once upon", words });
    session.command({ type: "cancel-response" });
    expect(session.ofType("speech-text-done")[0]?.text).toBe("Once upon");
    const [item] = session.state.items;
    expect(item).toMatchObject({ parts: [{ heardMs: 400 }] });
    session.command({ type: "create-response", wish: {} });
    expect(session.plans()[1]?.messages[0]).toEqual({ role: "assistant", content: "Once" });
  });

  test("is made of the settings at its start, and its wishes go before them", () => {
    const session = open({ ...manual, instructions: "Of the session.", maxOutputTokens: 50 });
    session.command({
      type: "create-response",
      wish: { instructions: "Of the response.", maxOutputTokens: null, voice: "am_adam" },
    });
    expect(session.plans()[0]).toMatchObject({
      instructions: "Of the response.",
      maxOutputTokens: null,
      speech: { voice: "am_adam", sampleRateHz: 24_000 },
    });
    expect(session.ofType("response-created")[0]?.response).toMatchObject({ voice: "am_adam" });
  });

  test("that says nothing has no output, and is complete", () => {
    const session = open(manual);
    session.command({ type: "create-response", wish: {} });
    session.endReply();
    expect(session.types()).toEqual(["response-created", "response-done", "limits"]);
    expect(session.ofType("response-done")[0]?.response).toMatchObject({ status: "completed", output: [] });
  });

  test("that was cut short by its limit is incomplete, and its calls are not made", () => {
    const session = open(manual);
    session.command({ type: "create-response", wish: {} });
    const responseId = session.responseId();
    session.tell({ type: "client-call", responseId, callId: "c", name: "lights", arguments: "{}" });
    session.speak("One", 100);
    session.tell({ type: "reply-end", responseId, reason: "length", usage });
    expect(session.ofType("response-done")[0]?.response).toMatchObject({
      status: "incomplete",
      incompleteReason: "max-output-tokens",
      output: [{ status: "incomplete" }],
    });
    expect(session.types()).not.toContain("call-done");
  });

  test("out of band does not count as the answer that is owed", () => {
    const session = open();
    session.hear(10, 0.9);
    session.hear(16, 0.02);
    session.command({ type: "create-response", wish: { conversation: "none", input: [] } });
    session.transcript("hello");
    session.endReply();
    expect(session.ofType("response-created").map(({ response }) => response.conversation)).toEqual([
      "none",
      "auto",
    ]);
  });
});

describe("turns", () => {
  test("the answer comes when the words are known, and not for noise", () => {
    const session = open();
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
    const session = open();
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
    const session = open();
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
    const session = open({ turnDetection: { prefixPaddingMs: 500 } });
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
    const session = open();
    session.hear(10, 0.9);
    session.command({ type: "commit-input" });
    session.transcript("hello");
    expect(session.types()).toContain("speech-stopped");
    expect(session.plans()).toEqual([]);
  });

  test("old silence is let go, the last two seconds are kept", () => {
    const session = open();
    session.hear(200, 0.02);
    expect(session.state.input.startSample).toBe(200 * 512 - 2000 * 16);
    session.command({ type: "commit-input" });
    expect(session.effects("finish-utterance")).toHaveLength(1);
  });

  test("an utterance goes on when the client takes over in the middle of it", () => {
    const session = open();
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
    const session = open(manual);
    session.receive(500);
    session.command({ type: "update-session", patch: { turnDetection: { type: "server-vad" } } });
    expect(session.effects("listen-from")).toEqual([{ type: "listen-from", sample: 0 }]);
    expect(session.effects("drop-utterance")).toHaveLength(1);
  });
});

describe("words that cannot be made out", () => {
  const error = new AppError("E_BUSY", "the recogniser stopped");
  const fail = (session: ReturnType<typeof open>): void =>
    session.tell({
      type: "transcript-failed",
      itemId: session.state.input.pending[0]?.itemId ?? "",
      error,
    });

  for (const order of ["before", "after"] as const) {
    test(`fail the response that was asked for, when that is known ${order} it is asked for`, () => {
      const session = open(manual);
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
    const session = open(manual);
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

describe("silence", () => {
  const detection = { turnDetection: { idleTimeoutMs: 3000 } } satisfies SessionPatch;

  test("counts from when the listener has heard the answer to its end", () => {
    const session = open(detection);
    session.command({ type: "create-response", wish: {} });
    session.at(100).speak("One.", 800);
    session.at(200).endReply();
    expect(session.effects("set-timer").at(-1)).toEqual({ type: "set-timer", name: "silence", atMs: 3900 });
    session.hear(10, 0.9);
    expect(session.effects("clear-timer").at(-1)).toEqual({ type: "clear-timer", name: "silence" });
  });

  test("is told to the character as three dots", () => {
    const session = open(detection);
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
    const session = open(detection);
    session.hear(10, 0.9);
    session.forget();
    session.tell({ type: "timer", name: "silence" });
    expect(session.outputs).toEqual([]);
  });
});

describe("the end", () => {
  test("by age ends the response with a reason, says why, and lets go", () => {
    const session = open(manual, { maxSessionMs: 1000 });
    session.command({ type: "create-response", wish: {} });
    session.speak("One", 100);
    session.at(1000).tell({ type: "timer", name: "expiry" });
    expect(session.types().slice(-3)).toEqual(["response-done", "limits", "fault"]);
    expect(session.effects("stop-reply")).toHaveLength(1);
    expect(session.effects("end")).toEqual([{ type: "end", reason: "expired" }]);
  });

  test("of a client that is gone tells nobody anything", () => {
    const session = open(manual);
    session.command({ type: "create-response", wish: {} });
    session.forget();
    session.tell({ type: "close", reason: "client" });
    expect(session.outputs).toEqual([]);
    expect(session.effects("stop-reply")).toHaveLength(1);
  });

  test("is one, whatever comes after it", () => {
    const session = open();
    session.tell({ type: "close", reason: "client" });
    session.forget();
    session.tell({ type: "close", reason: "shutdown" });
    session.hear(20, 0.9);
    session.command({ type: "create-response", wish: {} });
    expect(session.outputs).toEqual([]);
    expect(session.effects("end")).toEqual([]);
  });

  test("of neglect comes only when nothing was heard of the client for so long", () => {
    const session = open(manual, { neglectMs: 1000 });
    session.at(900).receive(10);
    session.at(1000).tell({ type: "timer", name: "neglect" });
    expect(session.effects("set-timer").at(-1)).toEqual({ type: "set-timer", name: "neglect", atMs: 1900 });
    session.at(1900).tell({ type: "timer", name: "neglect" });
    expect(session.effects("end")).toEqual([{ type: "end", reason: "idle" }]);
  });
});

describe("an edited character", () => {
  test("answers from the next turn on, and not within one", () => {
    const session = open({ ...manual, extensions: { characterChanges: true } });
    const edited = (generation: number) => ({
      ...session.cast,
      character: createFakeCharacter("Gertrude", { generation }),
    });
    session.command({ type: "create-response", wish: {} });
    session.tell({ type: "cast-changed", cast: edited(2) });
    session.tell({ type: "cast-changed", cast: edited(3) });
    expect(session.types()).not.toContain("character-changed");
    session.endReply();
    session.command({ type: "create-response", wish: {} });
    expect(session.plans().map(({ character }) => character.generation)).toEqual([1, 3]);
    expect(session.ofType("character-changed")).toHaveLength(1);
  });

  test("of another name is none of ours", () => {
    const session = open(manual);
    const cast = { ...session.cast, character: createFakeCharacter("Somebody") };
    session.tell({ type: "cast-changed", cast });
    expect(session.state.nextCast).toBeNull();
    expect(session.state.cast.character.name).toBe("Gertrude");
  });
});
