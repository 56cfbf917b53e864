// Where the time goes before the first sound: a pure onlooker, told what happens and when.
import { describe, expect, test } from "bun:test";
import type { SessionInput, SessionOutput } from "../../src/session/events.ts";
import { pcm24k } from "../../src/session/session-config.ts";
import { createStageTimes, type StageTimes } from "../../src/session/stage-times.ts";

const part = { responseId: "r", itemId: "m", outputIndex: 0, contentIndex: 0 };
const audio: Extract<SessionOutput, { type: "audio-delta" }> = {
  type: "audio-delta",
  pcm: new Float32Array(10),
  format: pcm24k,
  ...part,
};
const written = (text: string): SessionInput => ({
  type: "reply-written",
  responseId: "r",
  text,
  isWhole: false,
});
const spoken = (samples: number): SessionInput => ({
  type: "speech",
  responseId: "r",
  pcm: new Float32Array(samples),
  sampleRateHz: 24_000,
  text: "",
});
const frame = (toSample: number): SessionInput => ({
  type: "voice-frame",
  frame: { fromSample: toSample - 512, toSample, probability: 0, levelDb: -60 },
});
const transcript = (itemId: string): SessionInput => ({
  type: "transcript",
  itemId,
  text: "hi",
  audioMs: 500,
});

/** Audio to sample 1024 comes at 100 and is judged at 130; that ends the turn. */
function hearTurn(stages: StageTimes): void {
  stages.noteInput({ type: "audio-received", toSample: 512 }, 50);
  stages.noteInput(frame(512), 60);
  stages.noteInput({ type: "audio-received", toSample: 1024 }, 100);
  stages.noteInput({ type: "audio-received", toSample: 4096 }, 120);
  stages.noteInput(frame(1024), 130);
  stages.noteOutput({ type: "speech-stopped", itemId: "u", audioEndMs: 64 }, 130);
  stages.noteOutput({ type: "input-committed", itemId: "u", previousItemId: null }, 131);
}

/** Written 200 ms after its beginning, spoken 300 ms later, sent 5 ms later. */
function reply(stages: StageTimes, startMs: number): unknown {
  stages.noteReplyStart("r", startMs);
  stages.noteInput(written(""), startMs + 100);
  stages.noteInput(written("Well"), startMs + 200);
  stages.noteInput(written(" met"), startMs + 250);
  stages.noteInput(spoken(0), startMs + 400);
  stages.noteInput(spoken(480), startMs + 500);
  return stages.noteOutput(audio, startMs + 505);
}

describe("the way to the first sound", () => {
  test("goes through the detector, the recogniser, the reply and the synthesiser, and the rest is ours", () => {
    const stages = createStageTimes("s");
    hearTurn(stages);
    stages.noteInput(transcript("u"), 230);
    expect(reply(stages, 230)).toEqual({
      type: "voice-first-audio",
      sessionId: "s",
      responseId: "r",
      totalMs: 635,
      detectorMs: 30,
      recognizerMs: 100,
      replyMs: 200,
      synthesizerMs: 300,
      ownMs: 5,
    });
  });

  test("is told once", () => {
    const stages = createStageTimes("s");
    expect(reply(stages, 0)).toBeDefined();
    expect(stages.noteOutput(audio, 900)).toBeUndefined();
  });

  test("begins at the commit, where the client ends the turn", () => {
    const stages = createStageTimes("s");
    stages.noteOutput({ type: "input-committed", itemId: "u", previousItemId: null }, 100);
    stages.noteInput(transcript("u"), 180);
    expect(reply(stages, 180)).toMatchObject({ totalMs: 585, detectorMs: 0, recognizerMs: 80 });
  });

  test("begins at the request, where the answer has waited for no turn", () => {
    const stages = createStageTimes("s");
    hearTurn(stages);
    stages.noteInput(transcript("u"), 230);
    stages.noteInput({ type: "command", command: { type: "create-response", wish: {} } }, 9000);
    expect(reply(stages, 9000)).toMatchObject({
      totalMs: 505,
      detectorMs: null,
      recognizerMs: null,
      ownMs: 5,
    });
  });

  test("knows no other response's text and sound", () => {
    const stages = createStageTimes("s");
    stages.noteReplyStart("r", 0);
    stages.noteInput({ type: "reply-text", responseId: "before", text: "old" }, 10);
    stages.noteInput(written("new"), 20);
    stages.noteInput(spoken(480), 50);
    expect(stages.noteOutput({ ...audio, responseId: "before" }, 51)).toBeUndefined();
    expect(stages.noteOutput(audio, 52)).toMatchObject({
      totalMs: 52,
      replyMs: 20,
      synthesizerMs: 30,
      ownMs: 2,
    });
  });

  test("keeps no more than it needs of a burst", () => {
    const stages = createStageTimes("s");
    for (let i = 1; i <= 10_000; i++) stages.noteInput({ type: "audio-received", toSample: i * 512 }, i);
    stages.noteInput(frame(10_000 * 512), 20_000);
    stages.noteOutput({ type: "speech-stopped", itemId: "u", audioEndMs: 1 }, 20_000);
    stages.noteInput(transcript("u"), 20_000);
    // The arrival that is the last kept stands for all after it.
    expect(reply(stages, 20_000)).toMatchObject({ detectorMs: 20_000 - 256 });
  });
});

describe("an interruption", () => {
  const done = (cancelReason: "turn-detected" | "client-cancelled") =>
    ({ type: "response-done", response: { id: "r", status: "cancelled", cancelReason } }) as SessionOutput;

  test("is one by the user's speech, not by the client's wish", () => {
    const stages = createStageTimes("s");
    expect(stages.noteOutput(done("client-cancelled"), 0)).toBeUndefined();
    expect(stages.noteOutput(done("turn-detected"), 0)).toEqual({
      type: "voice-interruption",
      sessionId: "s",
      responseId: "r",
    });
  });
});
