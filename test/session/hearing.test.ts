// What a session's ear sends to a detector that judges pauses by their sound.
import { afterEach, describe, expect, test } from "bun:test";
import { encodeS16le } from "../../src/audio/pcm.ts";
import { AppError } from "../../src/base/errors.ts";
import type { SessionInput } from "../../src/session/events.ts";
import { createHearing } from "../../src/session/hearing.ts";
import type { AudioTurnDetector } from "../../src/speech/ports.ts";
import { eventually } from "../support/eventually.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { createToneSpeech } from "../support/tone-speech.ts";

let stack = new AsyncDisposableStack();
afterEach(async () => {
  await stack.disposeAsync();
  stack = new AsyncDisposableStack();
});

interface Asked {
  pcm: Float32Array;
  sessionId: string | undefined;
  signal: AbortSignal | undefined;
  resolve(chance: number): void;
  reject(error: unknown): void;
}

function open({ hasDetector = true } = {}) {
  const asked: Asked[] = [];
  const inputs: SessionInput[] = [];
  const troubles: AppError[] = [];
  const audioTurnDetector: AudioTurnDetector = {
    id: "asked",
    judge(pcm, { signal, sessionId } = {}) {
      const { promise, resolve, reject } = Promise.withResolvers<number>();
      asked.push({ pcm, sessionId, signal, resolve, reject });
      return promise;
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const hearing = stack.use(
    createHearing(
      {
        sessionId: "sess_1",
        speech: createToneSpeech(),
        ...(hasDetector && { audioTurnDetector }),
        clock: createManualClock(),
        dispatch: (input) => void inputs.push(input),
        onTrouble: (error) => void troubles.push(error),
      },
      { format: { encoding: "pcm", sampleRateHz: 16_000 }, maxInputMs: 60_000 },
    ),
  );
  /** Each sample says where it stands. */
  const hear = (samples: number): void => {
    hearing.hear(new Uint8Array(encodeS16le(Float32Array.from({ length: samples }, (_, i) => i / samples))));
  };
  const speak = (fromSample: number): void =>
    hearing.perform({ type: "open-utterance", itemId: "item_1", fromSample, wantsPartials: false });
  const judge = (silenceFrom: number, toSample: number): void =>
    hearing.perform({ type: "judge-pause", itemId: "item_1", silenceFrom, toSample });
  const answers = () => inputs.filter(({ type }) => type === "pause-judged");
  return { hearing, asked, inputs, troubles, hear, speak, judge, answers };
}

describe("a pause to be judged", () => {
  test("is sent with the sound of the turn up to here, and answered", async () => {
    const { asked, hear, speak, judge, answers } = open();
    hear(32_000);
    speak(4000);
    judge(20_000, 24_000);
    expect(asked[0]?.pcm.length).toBe(20_000);
    expect(asked[0]?.pcm[0]).toBeCloseTo(4000 / 32_000, 3);
    expect(asked[0]?.sessionId).toBe("sess_1");
    asked[0]?.resolve(0.75);
    await eventually("an answer", () => answers().length > 0);
    expect(answers()).toEqual([
      { type: "pause-judged", itemId: "item_1", silenceFrom: 20_000, endChance: 0.75 },
    ]);
  });

  test("of a long turn is sent with its last eight seconds", () => {
    const { asked, hear, speak, judge } = open();
    hear(320_000);
    speak(0);
    judge(300_000, 310_000);
    expect(asked[0]?.pcm.length).toBe(128_000);
    expect(asked[0]?.pcm.at(-1)).toBeCloseTo(309_999 / 320_000, 3);
  });

  test("is let go of for the next one, whose answer alone counts", async () => {
    const { asked, hear, speak, judge, answers } = open();
    hear(32_000);
    speak(0);
    judge(10_000, 14_000);
    judge(20_000, 24_000);
    expect(asked.map(({ signal }) => signal?.aborted)).toEqual([true, false]);
    asked[0]?.resolve(0.1);
    asked[1]?.resolve(0.9);
    await eventually("an answer", () => answers().length > 0);
    expect(answers()).toMatchObject([{ silenceFrom: 20_000, endChance: 0.9 }]);
  });

  test("that cannot be judged is nobody's trouble", async () => {
    const { asked, inputs, troubles, hear, speak, judge } = open();
    hear(32_000);
    speak(0);
    const before = inputs.length;
    judge(20_000, 24_000);
    asked[0]?.reject(new AppError("E_BUSY", "smart_turn is still loading"));
    judge(20_000, 24_000);
    asked[1]?.resolve(0.5);
    await eventually("the next answer", () => inputs.length > before);
    expect(inputs.slice(before).map(({ type }) => type)).toEqual(["pause-judged"]);
    expect(troubles).toEqual([]);
  });

  test("is nothing to a session without such a detector, or without a turn", () => {
    const without = open({ hasDetector: false });
    without.hear(32_000);
    without.speak(0);
    without.judge(20_000, 24_000);
    const { asked, hear, judge } = open();
    hear(32_000);
    judge(20_000, 24_000);
    expect(asked).toEqual([]);
  });

  test("is given up with the session", async () => {
    const { hearing, asked, hear, speak, judge, answers } = open();
    hear(32_000);
    speak(0);
    judge(20_000, 24_000);
    await hearing[Symbol.asyncDispose]();
    expect(asked[0]?.signal?.aborted).toBe(true);
    asked[0]?.resolve(0.9);
    await Promise.resolve();
    expect(answers()).toEqual([]);
  });
});
