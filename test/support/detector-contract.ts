// What every detector of voice activity must do, fakes and real ones alike.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createPcmFramer } from "../../src/audio/pcm.ts";
import { AppError } from "../../src/base/errors.ts";
import {
  vadFrameSamples,
  type VoiceActivityDetector,
  type VoiceActivityStream,
} from "../../src/speech/ports.ts";

export interface DetectorContractOptions {
  /** 16 kHz, somebody speaking for at least a second. */
  speech: Float32Array;
}

const framesOf = (pcm: Float32Array): Float32Array[] => createPcmFramer(vadFrameSamples).push(pcm);
const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.catch((error: unknown) => (error instanceof AppError ? error.code : error));
const detect = (stream: VoiceActivityStream, pcm: Float32Array): Promise<number[]> =>
  Promise.all(framesOf(pcm).map((frame) => stream.push(frame)));

export function describeDetectorContract(
  name: string,
  load: () => Promise<VoiceActivityDetector>,
  { speech }: DetectorContractOptions,
): void {
  describe(`${name} as a detector`, () => {
    let detector: VoiceActivityDetector;
    beforeAll(async () => {
      detector = await load();
    }, 60_000);
    afterAll(async () => {
      await detector[Symbol.asyncDispose]();
    });
    const silence = new Float32Array(32 * vadFrameSamples);

    test("tells speech from silence", async () => {
      await using stream = detector.open();
      const spoken = await detect(stream, speech);
      for (const probability of spoken) {
        expect(probability).toBeGreaterThanOrEqual(0);
        expect(probability).toBeLessThanOrEqual(1);
      }
      expect(spoken.filter((probability) => probability > 0.8).length).toBeGreaterThan(spoken.length / 3);
      stream.reset();
      expect(Math.max(...(await detect(stream, silence)))).toBeLessThan(0.3);
    });

    test("answers in order, the same whether asked at once or one by one", async () => {
      await using atOnce = detector.open();
      await using oneByOne = detector.open();
      const single: number[] = [];
      for (const frame of framesOf(speech)) single.push(await oneByOne.push(frame));
      const order: number[] = [];
      const together = await Promise.all(
        framesOf(speech).map((frame, i) =>
          atOnce.push(frame).then((probability) => {
            order.push(i);
            return probability;
          }),
        ),
      );
      expect(order).toEqual(order.toSorted((a, b) => a - b));
      for (const [i, probability] of together.entries()) expect(probability).toBeCloseTo(single[i] ?? -1, 4);
    });

    test("keeps streams apart", async () => {
      await using alone = detector.open();
      const expected = await detect(alone, speech);
      await using speaking = detector.open();
      await using quiet = detector.open();
      const [spoken, silent] = await Promise.all([detect(speaking, speech), detect(quiet, silence)]);
      for (const [i, probability] of spoken.entries()) expect(probability).toBeCloseTo(expected[i] ?? -1, 4);
      expect(Math.max(...silent)).toBeLessThan(0.3);
    });

    test("remembers nothing after a reset, also with frames still under way", async () => {
      await using fresh = detector.open();
      const expected = await detect(fresh, speech);
      await using stream = detector.open();
      const before = detect(stream, speech);
      stream.reset();
      const after = detect(stream, speech);
      for (const probabilities of [await before, await after]) {
        for (const [i, value] of probabilities.entries()) expect(value).toBeCloseTo(expected[i] ?? -1, 4);
      }
    });

    test("copies what is pushed", async () => {
      await using expectedStream = detector.open();
      const [frame] = framesOf(speech.subarray(8000));
      const expected = await expectedStream.push(frame!);
      await using stream = detector.open();
      const reused = frame!.slice();
      const answer = stream.push(reused);
      reused.fill(1);
      expect(await answer).toBeCloseTo(expected, 4);
    });

    test("refuses a frame of another length", async () => {
      await using stream = detector.open();
      for (const length of [0, vadFrameSamples - 1, vadFrameSamples + 1]) {
        expect(await codeOf(stream.push(new Float32Array(length)))).toBe("E_ARGS");
      }
    });

    test("a closed stream answers nobody", async () => {
      const stream = detector.open();
      await stream[Symbol.asyncDispose]();
      await stream[Symbol.asyncDispose]();
      expect(await codeOf(stream.push(new Float32Array(vadFrameSamples)))).toBe("E_INTERRUPTED");
    });
  });
}
