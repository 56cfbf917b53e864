// How frames of many streams share one engine, with an engine that only counts.
import { describe, expect, test } from "bun:test";
import { AppError } from "../../../../src/base/errors.ts";
import type { DetectAnswer, DetectRequest } from "../../../../src/providers/vad/silero/detect-job.ts";
import { createSileroDetector } from "../../../../src/providers/vad/silero/detector.ts";
import type { Engine } from "../../../../src/speech/engine.ts";

/** Answers frame n of a stream with (frames seen before + 1) / 1000, which is the stream's state, when it is let. */
function open(maxStreams = 8) {
  const calls: { frameCounts: number[]; answer(error?: Error): void }[] = [];
  const engine: Engine = {
    state: "ready",
    pid: 1,
    start: () => Promise.resolve(),
    run(method, params) {
      expect(method).toBe("detect");
      const { streams } = params as DetectRequest;
      const { promise, resolve, reject } = Promise.withResolvers<DetectAnswer>();
      calls.push({
        frameCounts: streams.map((stream) => stream.frames.length / 512),
        answer(error) {
          if (error) reject(error);
          resolve({
            streams: streams.map(({ frames, state, context }) => {
              const seen = state[0] ?? 0;
              const count = frames.length / 512;
              const probabilities = Float32Array.from({ length: count }, (_, i) => (seen + i + 1) / 1000);
              return { probabilities, state: state.slice().fill(seen + count, 0, 1), context };
            }),
          });
        },
      });
      return promise;
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  return { detector: createSileroDetector({ engine }, { maxStreams }), calls };
}
const frame = new Float32Array(512);
const count = (probability: number): number => Math.round(probability * 1000);
const outcome = (promise: Promise<number>): Promise<unknown> =>
  promise.then(count, (error: unknown) => (error instanceof AppError ? error.code : error));
const settle = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await Promise.resolve();
};

describe("frames", () => {
  test("gather while a call is under way, and the next call takes those of every stream", async () => {
    const { detector, calls } = open();
    const [a, b] = [detector.open(), detector.open()];
    const answers = [a.push(frame), a.push(frame), b.push(frame), a.push(frame)].map(outcome);
    expect(calls.map((call) => call.frameCounts)).toEqual([[1]]);
    calls[0]?.answer();
    await settle();
    expect(calls.map((call) => call.frameCounts)).toEqual([[1], [2, 1]]);
    calls[1]?.answer();
    expect(await Promise.all(answers)).toEqual([1, 2, 1, 3]);
  });

  test("of one stream are taken in portions, so that a recording holds nobody up", async () => {
    const { detector, calls } = open();
    const [recording, caller] = [detector.open(), detector.open()];
    const all = Array.from({ length: 40 }, () => outcome(recording.push(frame)));
    calls[0]?.answer();
    await settle();
    const urgent = outcome(caller.push(frame));
    calls[1]?.answer();
    await settle();
    expect(calls[2]?.frameCounts).toEqual([16, 1]);
    calls[2]?.answer();
    expect(await urgent).toBe(1);
    await settle();
    calls[3]?.answer();
    expect(await Promise.all(all)).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
  });

  test("after a reset begin anew, and those before it end as they would have", async () => {
    const { detector, calls } = open();
    const stream = detector.open();
    const before = [stream.push(frame), stream.push(frame), stream.push(frame)].map(outcome);
    stream.reset();
    const after = [stream.push(frame), stream.push(frame)].map(outcome);
    for (let i = 0; i < 3; i++) {
      calls[i]?.answer();
      await settle();
    }
    expect(calls.map((call) => call.frameCounts)).toEqual([[1], [2], [2]]);
    expect(await Promise.all([...before, ...after])).toEqual([1, 2, 3, 1, 2]);
  });

  test("of a call that fails are lost, and the stream goes on from before them", async () => {
    const { detector, calls } = open();
    const stream = detector.open();
    const first = outcome(stream.push(frame));
    calls[0]?.answer();
    expect(await first).toBe(1);
    const lost = outcome(stream.push(frame));
    calls[1]?.answer(new AppError("E_BUSY", "the engine stopped"));
    expect(await lost).toBe("E_BUSY");
    await settle();
    const next = outcome(stream.push(frame));
    calls[2]?.answer();
    expect(await next).toBe(2);
  });

  test("too far ahead of the answers are refused", async () => {
    const { detector } = open();
    const stream = detector.open();
    const all = Array.from({ length: 514 }, () => outcome(stream.push(frame)));
    expect(await all.at(-1)).toBe("E_BUSY");
    await stream[Symbol.asyncDispose]();
    expect(await all.at(-2)).toBe("E_INTERRUPTED");
  });
});

test("streams are bounded, and a closed one makes room", async () => {
  const { detector } = open(1);
  const stream = detector.open();
  expect(() => detector.open()).toThrow(expect.objectContaining({ code: "E_BUSY" }));
  await stream[Symbol.asyncDispose]();
  detector.open();
});
