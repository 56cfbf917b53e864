import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { encodeMuLaw } from "../../src/audio/g711.ts";
import { concatPcm, encodeS16le } from "../../src/audio/pcm.ts";
import { resample } from "../../src/audio/resample.ts";
import { createInputAudio } from "../../src/session/input-audio.ts";
import { pcm24k } from "../../src/session/session-config.ts";
import { hearTones, speakTones } from "../support/fake-engines/tone-language.ts";

const tones = speakTones("the quick brown fox jumps over the lazy dog");
const bytes24k = encodeS16le(resample(tones, { fromHz: 16_000, toHz: 24_000 }));

describe("the input audio", () => {
  test("says the same however its bytes are cut", () => {
    const seed = Date.now() % 2 ** 31;
    console.log(`seed ${seed}`);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 9999 }), { minLength: 1 }), (sizes) => {
        const input = createInputAudio(pcm24k, 600_000);
        for (let at = 0, i = 0; at < bytes24k.length; i++) {
          const size = sizes[i % sizes.length] ?? 1;
          input.append(bytes24k.subarray(at, at + size));
          at += size;
        }
        input.flush();
        expect(input.endSample).toBe(tones.length);
        const heard = hearTones(concatPcm(input.read(0, input.endSample)));
        expect(heard.join(" ")).toBe("the quick brown fox jumps over the lazy dog");
      }),
      { seed, numRuns: 20 },
    );
  });

  test("is read back in pieces of any bounds, nothing lost and nothing twice", () => {
    const input = createInputAudio(pcm24k, 600_000);
    for (let at = 0; at < bytes24k.length; at += 4801) input.append(bytes24k.subarray(at, at + 4801));
    input.flush();
    const whole = concatPcm(input.read(0, input.endSample));
    const pieces: Float32Array[] = [];
    for (let at = 0; at < input.endSample; at += 777) pieces.push(...input.read(at, at + 777));
    expect(concatPcm(pieces)).toEqual(whole);
    input.forget(5000);
    expect(concatPcm(input.read(0, 9000))).toEqual(whole.slice(5000, 9000));
    expect(input.endSample).toBe(whole.length);
  });

  test("of telephones is 8 kHz, and the format may change on the way", () => {
    const input = createInputAudio({ encoding: "pcmu", sampleRateHz: 8000 }, 600_000);
    const [first, second] = [speakTones("abc def"), speakTones("fed cba")];
    input.append(encodeMuLaw(resample(first, { fromHz: 16_000, toHz: 8000 })));
    input.setFormat(pcm24k);
    input.append(encodeS16le(resample(second, { fromHz: 16_000, toHz: 24_000 })));
    input.flush();
    expect(input.endSample).toBe(first.length + second.length);
    expect(hearTones(concatPcm(input.read(0, input.endSample)))).toEqual(["abc", "def", "fed", "cba"]);
  });

  test("of a turn of ten minutes, in small chunks, can be followed", () => {
    const input = createInputAudio({ encoding: "pcm", sampleRateHz: 16_000 }, 600_000);
    const chunk = new Uint8Array(640);
    const startMs = performance.now();
    let readSamples = 0;
    for (let i = 0; i < 29_000; i++) {
      input.append(chunk);
      for (const view of input.read(readSamples, input.endSample)) readSamples += view.length;
    }
    expect(readSamples).toBe(input.endSample);
    // It took minutes when each read looked at all that had come.
    expect(performance.now() - startMs).toBeLessThan(20_000);
  }, 600_000);

  test("that comes all at once goes frame by frame, and is not held for its last few samples", () => {
    const input = createInputAudio(pcm24k, 600_000);
    input.append(new Uint8Array(240 * 48_000));
    let largest = 0;
    let copies = 0;
    let held: ArrayBufferLike | undefined;
    for (let at = 0; at + 512 < input.endSample; at += 512) {
      input.forget(at);
      const [view] = input.read(at, at + 512);
      if (held !== view?.buffer) copies++;
      held = view?.buffer;
      if (at > 0) largest = Math.max(largest, (held?.byteLength ?? 0) / 4 / (input.endSample - at));
    }
    expect(largest).toBeLessThan(2.1);
    // 7,500 frames; a copy of the rest for each would be 60 GB.
    expect(copies).toBeLessThan(30);
  }, 60_000);

  test("is refused whole when it would be more than the limit", () => {
    const input = createInputAudio(pcm24k, 1000);
    expect(input.append(new Uint8Array(40_000))).toBe(true);
    const before = input.endSample;
    expect(input.append(new Uint8Array(40_000))).toBe(false);
    expect(input.endSample).toBe(before);
    input.forget(before);
    expect(input.append(new Uint8Array(40_000))).toBe(true);
  });
});
