// What a session says: sound, responses, edits and ends, case by case (the random cases are in reduce.property.test.ts).
import { describe, expect, test } from "bun:test";
import { createFakeCharacter } from "../support/fake-services.ts";
import { manual, openStepped, rateHz, usage } from "../support/stepped-session.ts";

describe("sound", () => {
  test("leaves at once, as far ahead as is allowed, and then at the pace at which it is heard", () => {
    const session = openStepped(manual, { aheadMs: 1000 });
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
    const session = openStepped(manual, { aheadMs: 50 });
    session.command({ type: "create-response", wish: {} });
    session.speak("One two.", 600);
    for (const atMs of [200, 400]) session.at(atMs).tell({ type: "timer", name: "pace" });
    expect(session.ofType("audio-delta")).toHaveLength(3);
  });

  test("that was made while the listener waits is sent without delay", () => {
    const session = openStepped(manual, { aheadMs: 1000 });
    session.command({ type: "create-response", wish: {} });
    session.speak("One.", 400);
    session.at(5000);
    session.speak("Two.", 400);
    expect(session.ofType("audio-delta")).toHaveLength(4);
  });

  test("waits for a socket that is full, and ends only when it has been sent", () => {
    const session = openStepped(manual);
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
    const session = openStepped(manual);
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
    const session = openStepped(manual, { aheadMs: 500 });
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
    const session = openStepped({ ...manual, instructions: "Of the session.", maxOutputTokens: 50 });
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
    const session = openStepped(manual);
    session.command({ type: "create-response", wish: {} });
    session.endReply();
    expect(session.types()).toEqual(["response-created", "response-done", "limits"]);
    expect(session.ofType("response-done")[0]?.response).toMatchObject({ status: "completed", output: [] });
  });

  test("that was cut short by its limit is incomplete, and its calls are not made", () => {
    const session = openStepped(manual);
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
    const session = openStepped();
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

describe("the end", () => {
  test("by age ends the response with a reason, says why, and lets go", () => {
    const session = openStepped(manual, { maxSessionMs: 1000 });
    session.command({ type: "create-response", wish: {} });
    session.speak("One", 100);
    session.at(1000).tell({ type: "timer", name: "expiry" });
    expect(session.types().slice(-3)).toEqual(["response-done", "limits", "fault"]);
    expect(session.effects("stop-reply")).toHaveLength(1);
    expect(session.effects("end")).toEqual([{ type: "end", reason: "expired" }]);
  });

  test("of a client that is gone tells nobody anything", () => {
    const session = openStepped(manual);
    session.command({ type: "create-response", wish: {} });
    session.forget();
    session.tell({ type: "close", reason: "client" });
    expect(session.outputs).toEqual([]);
    expect(session.effects("stop-reply")).toHaveLength(1);
  });

  test("is one, whatever comes after it", () => {
    const session = openStepped();
    session.tell({ type: "close", reason: "client" });
    session.forget();
    session.tell({ type: "close", reason: "shutdown" });
    session.hear(20, 0.9);
    session.command({ type: "create-response", wish: {} });
    expect(session.outputs).toEqual([]);
    expect(session.effects("end")).toEqual([]);
  });

  test("of neglect comes only when nothing was heard of the client for so long", () => {
    const session = openStepped(manual, { neglectMs: 1000 });
    session.at(900).receive(10);
    session.at(1000).tell({ type: "timer", name: "neglect" });
    expect(session.effects("set-timer").at(-1)).toEqual({ type: "set-timer", name: "neglect", atMs: 1900 });
    session.at(1900).tell({ type: "timer", name: "neglect" });
    expect(session.effects("end")).toEqual([{ type: "end", reason: "idle" }]);
  });
});

describe("a long answer", () => {
  test("is no neglect, nor is listening to its end", () => {
    const session = openStepped(manual, { neglectMs: 1000, aheadMs: 60_000 });
    session.command({ type: "create-response", wish: {} });
    session.at(1000).tell({ type: "timer", name: "neglect" });
    expect(session.effects("set-timer").at(-1)).toEqual({ type: "set-timer", name: "neglect", atMs: 2000 });
    session.speak("One two three.", 5000);
    session.endReply();
    session.at(2000).tell({ type: "timer", name: "neglect" });
    expect(session.effects("set-timer").at(-1)).toEqual({ type: "set-timer", name: "neglect", atMs: 7000 });
    session.at(7000).tell({ type: "timer", name: "neglect" });
    expect(session.effects("end")).toEqual([{ type: "end", reason: "idle" }]);
  });
});

describe("an edited character", () => {
  test("answers from the next turn on, and not within one", () => {
    const session = openStepped({ ...manual, extensions: { characterChanges: true } });
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

  test("answers the very next turn, and is shown once its prompt is known", () => {
    const session = openStepped({ ...manual, extensions: { characterChanges: true } });
    const character = createFakeCharacter("Gertrude", { generation: 2 });
    session.tell({ type: "cast-changed", cast: { ...session.cast, character, isSketch: true } });
    expect(session.state.cast.character.generation).toBe(1);
    session.command({ type: "create-response", wish: {} });
    expect(session.plans().map(({ character: { generation } }) => generation)).toEqual([2]);
    expect(session.types()).not.toContain("character-changed");
    session.tell({ type: "cast-changed", cast: { ...session.cast, character, prompt: "in love" } });
    expect(session.ofType("character-changed")).toMatchObject([{ session: { cast: { prompt: "in love" } } }]);
    expect(session.state.nextCast).toBeNull();
  });

  test("waits for its prompt where nobody waits for it", () => {
    const session = openStepped({ ...manual, extensions: { characterChanges: true } });
    const character = createFakeCharacter("Gertrude", { generation: 2 });
    session.tell({ type: "cast-changed", cast: { ...session.cast, character, isSketch: true } });
    session.tell({ type: "cast-changed", cast: { ...session.cast, character, prompt: "in love" } });
    expect(session.ofType("character-changed")).toHaveLength(1);
    expect(session.state.cast).toMatchObject({ prompt: "in love", character: { generation: 2 } });
  });

  test("of another name is none of ours", () => {
    const session = openStepped(manual);
    const cast = { ...session.cast, character: createFakeCharacter("Somebody") };
    session.tell({ type: "cast-changed", cast });
    expect(session.state.nextCast).toBeNull();
    expect(session.state.cast.character.name).toBe("Gertrude");
  });
});
