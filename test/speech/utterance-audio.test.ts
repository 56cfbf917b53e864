import { expect, test } from "bun:test";
import { array, assert, integer, property, record } from "fast-check";
import { createUtteranceAudio } from "../../src/speech/utterance-audio.ts";

test("gives back what was pushed, whatever has been dropped", () => {
  const action = record({ push: integer({ min: 0, max: 5000 }), drop: integer({ min: 0, max: 6000 }) });
  const seed = Date.now() & 0xffff;
  assert(
    property(array(action, { maxLength: 30 }), (actions) => {
      const audio = createUtteranceAudio();
      let [start, end] = [0, 0];
      for (const { push, drop } of actions) {
        audio.push(Float32Array.from({ length: push }, (_, i) => end + i));
        end += push;
        start = Math.min(end, start + drop);
        audio.dropBefore(start);
        expect([audio.end, audio.keptSamples]).toEqual([end, end - start]);
        const all = audio.slice(start, end + 100);
        expect([all.length, all[0], all.at(-1)]).toEqual(
          start === end ? [0, undefined, undefined] : [end - start, start, end - 1],
        );
      }
    }),
    { seed },
  );
});

test("memory stays near what is kept", () => {
  const audio = createUtteranceAudio();
  for (let i = 0; i < 1000; i++) {
    audio.push(new Float32Array(1600));
    audio.dropBefore(audio.end - 16_000);
  }
  expect(audio.slice(audio.end - 10, audio.end).buffer.byteLength).toBe(40);
  expect(audio.keptSamples).toBe(16_000);
});

test("a slice is a copy", () => {
  const audio = createUtteranceAudio();
  audio.push(Float32Array.of(1, 2, 3));
  audio.slice(0, 3).fill(9);
  expect(audio.slice(0, 3)).toEqual(Float32Array.of(1, 2, 3));
});
