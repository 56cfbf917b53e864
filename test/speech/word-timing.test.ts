import { describe, expect, test } from "bun:test";
import { array, assert, constantFrom, integer, property } from "fast-check";
import { concatPcm } from "../../src/audio/pcm.ts";
import { estimateWordTimes } from "../../src/speech/word-timing.ts";

const silence = (durationMs: number): Float32Array => new Float32Array(durationMs * 16);
const sound = (durationMs: number): Float32Array =>
  Float32Array.from({ length: durationMs * 16 }, (_, i) => 0.3 * Math.sin(i / 5));

describe("word times", () => {
  test("follow the sound: a pause falls between the words that it parts", () => {
    const pcm = concatPcm([silence(200), sound(900), silence(600), sound(1500), silence(300)]);
    const times = estimateWordTimes("Well then, we begin with the kettle.".split(" "), pcm, 1000);
    expect(times[0]).toMatchObject({ text: "Well", startMs: 1200 });
    expect(times[1]).toMatchObject({ text: "then,", endMs: 2100 });
    expect(times[2]).toMatchObject({ text: "we", startMs: 2700 });
    expect(times.at(-1)).toMatchObject({ text: "kettle.", endMs: 4200 });
  });

  test("long words and figures take longer", () => {
    const [a, long, figures] = estimateWordTimes(["a", "wonderful", "1984"], sound(3000), 0);
    const duration = (time = { startMs: 0, endMs: 0 }): number => time.endMs - time.startMs;
    expect(duration(long)).toBeGreaterThan(3 * duration(a));
    expect(duration(figures)).toBeGreaterThan(duration(long));
  });

  test("of no words are none, of silence still fill the audio", () => {
    expect(estimateWordTimes([], sound(500), 0)).toEqual([]);
    expect(estimateWordTimes(["ghost"], silence(500), 0)).toEqual([
      { text: "ghost", startMs: 0, endMs: 500 },
    ]);
  });

  test("are in order, within the audio, one for each word, whatever the sound", () => {
    const words = array(constantFrom("I", "see,", "elephants", "12", "…", "now."), {
      minLength: 1,
      maxLength: 40,
    });
    const seed = Date.now() & 0xffff;
    assert(
      property(words, array(integer({ min: 0, max: 400 }), { maxLength: 60 }), (words, durations) => {
        const pcm = concatPcm(durations.map((ms, i) => (i % 2 === 0 ? sound(ms) : silence(ms))));
        const times = estimateWordTimes(words, pcm, 100);
        expect(times.map((time) => time.text)).toEqual(words);
        let previousMs = 100;
        for (const { startMs, endMs } of times) {
          expect(startMs).toBeGreaterThanOrEqual(previousMs);
          expect(endMs).toBeGreaterThanOrEqual(startMs);
          previousMs = endMs;
        }
        expect(previousMs).toBeLessThanOrEqual(Math.ceil(100 + pcm.length / 16));
      }),
      { seed, numRuns: 60 },
    );
  });
});
