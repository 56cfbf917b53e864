import { describe, expect, test } from "bun:test";
import { array, assert, constantFrom, integer, property } from "fast-check";
import { concatPcm } from "../../src/audio/pcm.ts";
import { measureLevel } from "../../src/audio/level.ts";
import { createResampler, resample } from "../../src/audio/resample.ts";
import { AppError } from "../../src/base/errors.ts";

const tone = (hz: number, rateHz: number, seconds: number): Float32Array =>
  Float32Array.from({ length: Math.round(rateHz * seconds) }, (_, i) =>
    Math.sin((2 * Math.PI * hz * i) / rateHz),
  );
/** Without the edges, where a tone that begins at once is not a pure tone. */
const middle = (pcm: Float32Array): Float32Array =>
  pcm.subarray(Math.floor(pcm.length / 4), Math.floor((pcm.length * 3) / 4));
const gainDb = (pcm: Float32Array): number => measureLevel(middle(pcm)).rmsDbfs + 3.0103;
const ratePairs = [
  [24_000, 16_000],
  [16_000, 24_000],
  [48_000, 16_000],
  [8000, 16_000],
  [24_000, 8000],
  [44_100, 16_000],
  [22_050, 16_000],
  [24_000, 48_000],
  [44_099, 16_000],
] as const;

describe.each(ratePairs)("%i to %i Hz", (fromHz, toHz) => {
  const nyquistHz = Math.min(fromHz, toHz) / 2;

  test("a tone comes out where it would have been sampled: pitch, phase and level are true", () => {
    const hz = 1000;
    const output = resample(tone(hz, fromHz, 0.5), { fromHz, toHz });
    const expected = tone(hz, toHz, 0.5);
    expect(output.length).toBe(expected.length);
    const difference = middle(output).map((sample, i) => sample - (middle(expected)[i] ?? 0));
    expect(measureLevel(difference).rmsDbfs).toBeLessThan(-90);
  });

  test("what the new rate can carry passes, what it cannot is gone", () => {
    for (const share of [0.05, 0.5, 0.9]) {
      const passed = resample(tone(nyquistHz * share, fromHz, 0.4), { fromHz, toHz });
      expect(Math.abs(gainDb(passed))).toBeLessThan(0.02);
    }
    if (fromHz < toHz) return;
    for (const hz of [nyquistHz * 1.001, nyquistHz * 1.25, (nyquistHz + fromHz / 2) / 2]) {
      if (hz < fromHz / 2)
        expect(gainDb(resample(tone(hz, fromHz, 0.4), { fromHz, toHz }))).toBeLessThan(-90);
    }
  });

  test("a stream gives the same samples as the whole, however it is cut", () => {
    const input = tone(440, fromHz, 0.1);
    const whole = resample(input, { fromHz, toHz });
    expect(whole.length).toBe(Math.round((input.length * toHz) / fromHz));
    const seed = Date.now() & 0xffff;
    assert(
      property(array(integer({ min: 0, max: 900 }), { maxLength: 20 }), (sizes) => {
        const resampler = createResampler({ fromHz, toHz });
        const chunks: Float32Array[] = [];
        let offset = 0;
        for (const size of [...sizes, input.length]) {
          chunks.push(resampler.push(input.subarray(offset, offset + size)));
          offset += size;
        }
        chunks.push(resampler.flush());
        expect(concatPcm(chunks)).toEqual(whole);
      }),
      { seed, numRuns: 10 },
    );
  });
});

test("no image of the low rate is left above its Nyquist frequency after upsampling", () => {
  const output = resample(tone(7000, 16_000, 0.4), { fromHz: 16_000, toHz: 48_000 });
  const clean = tone(7000, 48_000, 0.4);
  const difference = middle(output).map((sample, i) => sample - (middle(clean)[i] ?? 0));
  expect(measureLevel(difference).rmsDbfs).toBeLessThan(-90);
});

test("equal rates copy", () => {
  const input = Float32Array.of(1, 2, 3);
  const output = resample(input, { fromHz: 16_000, toHz: 16_000 });
  expect(output).toEqual(input);
  output.fill(0);
  expect(input[0]).toBe(1);
});

test("after a flush a new stream begins, as if nothing had been before", () => {
  const resampler = createResampler({ fromHz: 24_000, toHz: 16_000 });
  const input = tone(300, 24_000, 0.05);
  const once = concatPcm([resampler.push(input), resampler.flush()]);
  expect(resampler.flush()).toEqual(new Float32Array(0));
  expect(concatPcm([resampler.push(input), resampler.flush()])).toEqual(once);
});

test("nothing at all comes out as nothing, one sample as one", () => {
  const rates = { fromHz: 48_000, toHz: 48_001 };
  expect(resample(new Float32Array(0), rates).length).toBe(0);
  expect(resample(Float32Array.of(0.5), rates).length).toBe(1);
});

test("a rate that no device has is E_ARGS", () => {
  for (const fromHz of [0, -1, 999, 16_000.5, Number.NaN, 1e6]) {
    expect(() => createResampler({ fromHz, toHz: 16_000 })).toThrow(AppError);
  }
});

test("rates from a hostile header cost no more memory than others", () => {
  const before = process.memoryUsage().arrayBuffers;
  const resampler = createResampler({ fromHz: 767_999, toHz: 1000 });
  resampler.push(new Float32Array(1));
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8e6);
  const output = resample(tone(100, 767_999, 0.5), { fromHz: 767_999, toHz: 1000 });
  expect(Math.abs(gainDb(output))).toBeLessThan(0.02);
});

test("a stream stays small: what is kept is bounded by the filter", () => {
  const rates = constantFrom(...ratePairs.map(([fromHz, toHz]) => ({ fromHz, toHz })));
  assert(
    property(rates, ({ fromHz, toHz }) => {
      const resampler = createResampler({ fromHz, toHz });
      let lag = 0;
      let [pushed, produced] = [0, 0];
      for (let i = 0; i < 50; i++) {
        produced += resampler.push(new Float32Array(480)).length;
        pushed += 480;
        lag = Math.max(lag, pushed - (produced * fromHz) / toHz);
      }
      // Half the filter and one chunk, in input samples: 12 ms at the most.
      expect(lag).toBeLessThan(fromHz * 0.025);
    }),
    { numRuns: ratePairs.length },
  );
});
