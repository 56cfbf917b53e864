import { describe, expect, test } from "bun:test";
import { AppError } from "../../src/base/errors.ts";
import type { VoiceActivityDetector } from "../../src/speech/ports.ts";
import type { VoiceFrame } from "../../src/session/turn-taking.ts";
import { createVoiceListener } from "../../src/session/voice-listener.ts";
import { createManualClock } from "../support/manual-clock.ts";

/** The probability of a frame is its first sample, so that every answer says which frame it is about. */
function setUp() {
  const clock = createManualClock();
  const pcm = new Float32Array(100 * 512);
  for (let i = 0; i < 100; i++) pcm.fill(i / 100, i * 512, (i + 1) * 512);
  const input = {
    endSample: 0,
    read: (from: number, to: number) => [pcm.subarray(from, Math.min(to, input.endSample))],
  };
  const frames: VoiceFrame[] = [];
  const troubles: AppError[] = [];
  const state = {
    isThere: true,
    failAt: -1,
    opened: 0,
    closed: 0,
    resets: 0,
    hold: undefined as Promise<void> | undefined,
  };
  const detector: VoiceActivityDetector = {
    id: "fake",
    open() {
      state.opened++;
      return {
        async push(frame) {
          const probability = frame[0] ?? -1;
          await state.hold;
          if (Math.round(probability * 100) === state.failAt)
            throw new AppError("E_BUSY", "the engine stopped");
          return probability;
        },
        reset: () => void state.resets++,
        [Symbol.asyncDispose]: async () => void state.closed++,
      };
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
  const listener = createVoiceListener({
    getDetector: () =>
      state.isThere ? Promise.resolve(detector) : Promise.reject(new AppError("E_BUSY", "loading")),
    clock,
    input,
    onFrame: (frame) => frames.push(frame),
    onTrouble: (error) => troubles.push(error),
  });
  const receive = (frameCount: number): void => {
    input.endSample += frameCount * 512;
    listener.notice();
  };
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 200; i++) await Promise.resolve();
  };
  const numbers = (): number[] => frames.map(({ probability }) => Math.round(probability * 100));
  return { listener, clock, input, frames, troubles, state, receive, settle, numbers };
}

describe("the voice listener", () => {
  test("asks about every whole frame once, in order", async () => {
    const { listener, receive, settle, numbers, frames, input } = setUp();
    listener.listenFrom(0);
    receive(3);
    await settle();
    input.endSample += 300;
    listener.notice();
    await settle();
    expect(numbers()).toEqual([0, 1, 2]);
    input.endSample += 212;
    listener.notice();
    receive(40);
    await settle();
    expect(numbers()).toEqual([...Array(44).keys()]);
    expect(frames[1]).toEqual({
      fromSample: 512,
      toSample: 1024,
      probability: Math.fround(0.01),
      levelDb: expect.closeTo(-40),
    });
  });

  test("hears nothing until it is told to, and nothing more when it is told to stop", async () => {
    const { listener, receive, settle, numbers } = setUp();
    receive(5);
    await settle();
    expect(numbers()).toEqual([]);
    listener.listenFrom(1024);
    await settle();
    expect(numbers()).toEqual([2, 3, 4]);
    listener.listenFrom(null);
    receive(5);
    await settle();
    expect(numbers()).toEqual([2, 3, 4]);
  });

  test("answers for a plan that was dropped are dropped", async () => {
    const { listener, receive, settle, numbers, state } = setUp();
    const gate = Promise.withResolvers<void>();
    state.hold = gate.promise;
    listener.listenFrom(0);
    receive(4);
    await settle();
    listener.listenFrom(2048);
    gate.resolve();
    receive(2);
    await settle();
    expect(numbers()).toEqual([4, 5]);
    expect(state.resets).toBe(1);
  });

  test("a detector that is not there yet is asked again, and no frame is lost", async () => {
    const { listener, receive, settle, numbers, state, clock, troubles } = setUp();
    state.isThere = false;
    listener.listenFrom(0);
    receive(2);
    await settle();
    receive(2);
    await settle();
    expect(troubles.map(({ message }) => message)).toEqual(["loading"]);
    state.isThere = true;
    clock.advance(500);
    await settle();
    expect(numbers()).toEqual([0, 1, 2, 3]);
  });

  test("one that dies is opened anew, and goes on with the frame it died of", async () => {
    const { listener, receive, settle, numbers, state, clock, troubles } = setUp();
    state.failAt = 2;
    listener.listenFrom(0);
    receive(5);
    await settle();
    expect(numbers()).toEqual([0, 1]);
    state.failAt = -1;
    clock.advance(500);
    await settle();
    expect(numbers()).toEqual([0, 1, 2, 3, 4]);
    expect(troubles).toHaveLength(1);
    expect(state.opened).toBe(2);
  });

  test("lets go of its stream", async () => {
    const { listener, receive, settle, state, clock } = setUp();
    listener.listenFrom(0);
    receive(1);
    await settle();
    await listener[Symbol.asyncDispose]();
    expect(state.closed).toBe(1);
    expect(clock.scheduledCount).toBe(0);
  });
});
