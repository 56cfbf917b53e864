import { beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { AppError } from "../../../src/base/errors.ts";
import { decodeAudio } from "../../../src/audio/codecs/decoder.ts";
import { encodeAudio } from "../../../src/audio/codecs/encoder.ts";
import { encodeWav } from "../../../src/audio/wav.ts";
import { createStageSignal, measureStageSignal } from "./stage-signal.ts";

const fixture = async (name: string): Promise<Uint8Array> =>
  await Bun.file(join(import.meta.dir, "../../fixtures/audio", name)).bytes();

const failureOf = async (promise: Promise<unknown>): Promise<AppError> =>
  await promise.then(
    () => Promise.reject(new Error("it was read")),
    (error: unknown) => (error instanceof AppError ? error : Promise.reject(error as Error)),
  );

const encode = async (format: string, pcm: Float32Array, sampleRateHz: number): Promise<Uint8Array> => {
  const one = async function* () {
    yield { pcm, sampleRateHz };
  };
  return new Uint8Array(Buffer.concat(await Array.fromAsync(encodeAudio(format, one()))));
};

describe("files of others", () => {
  // Mixing to stereo takes 3 dB off each channel, and LAME takes half a decibel by default.
  const half = 0.5 * Math.SQRT1_2;
  test.each([
    ["tone.ogg", "ogg", 48_000, half],
    ["tone-stereo.webm", "webm", 48_000, half * Math.SQRT1_2],
    ["tone-live.webm", "webm", 48_000, half],
    ["tone-stereo.mp3", "mp3", 44_100, half * Math.SQRT1_2 * 0.95],
    ["tone-16k.mp3", "mp3", 16_000, half * 0.95],
    ["tone.flac", "flac", 12_000, half],
    ["tone-stereo-24bit.flac", "flac", 16_000, half * Math.SQRT1_2],
  ] as const)("%s is read with its length, place, pitch and level", async (name, format, rateHz, rms) => {
    const audio = await decodeAudio(await fixture(name));
    expect(audio.format).toBe(format);
    expect(audio.sampleRateHz).toBe(rateHz);
    const heard = measureStageSignal(audio.pcm, rateHz);
    expect(Math.abs(heard.durationSeconds - 1)).toBeLessThan(0.0005);
    expect(Math.abs(heard.startSeconds - 0.25)).toBeLessThan(0.001);
    expect(Math.abs(heard.endSeconds - 0.75)).toBeLessThan(0.001);
    expect(Math.abs(heard.frequencyHz - 1000)).toBeLessThan(1);
    expect(Math.abs(20 * Math.log10(heard.rms / rms))).toBeLessThan(0.1);
    expect(heard.noise).toBeLessThan(0.001);
  });

  test("two recordings in one Ogg file are heard one after the other", async () => {
    const tone = await fixture("tone.ogg");
    const audio = await decodeAudio(new Uint8Array(Buffer.concat([tone, tone])));
    expect(audio.pcm.length).toBe(96_000);
  });

  test("tags behind the last frame are no sound", async () => {
    const tag = Buffer.alloc(128);
    tag.write("TAGsome old player's tag");
    for (const name of ["tone.flac", "tone-16k.mp3", "tone.ogg"]) {
      const bytes = await fixture(name);
      const plain = await decodeAudio(bytes);
      const tagged = await decodeAudio(new Uint8Array(Buffer.concat([bytes, tag])));
      expect(tagged.pcm.length).toBe(plain.pcm.length);
    }
  });

  test("an ID3 tag before FLAC is passed over", async () => {
    const tag = Buffer.from([0x49, 0x44, 0x33, 4, 0, 0, 0, 0, 0, 5, 1, 2, 3, 4, 5]);
    const audio = await decodeAudio(new Uint8Array(Buffer.concat([tag, await fixture("tone.flac")])));
    expect(audio.pcm.length).toBe(12_000);
  });
});

describe("the result", () => {
  test("is resampled when asked, with the sound in its place", async () => {
    const audio = await decodeAudio(await fixture("tone-stereo.mp3"), { sampleRateHz: 16_000 });
    expect(audio.sampleRateHz).toBe(16_000);
    const heard = measureStageSignal(audio.pcm, 16_000);
    expect(Math.abs(heard.durationSeconds - 1)).toBeLessThan(0.0005);
    expect(Math.abs(heard.startSeconds - 0.25)).toBeLessThan(0.001);
    expect(Math.abs(heard.frequencyHz - 1000)).toBeLessThan(1);
  });

  test("leaves the caller's bytes alone, and takes a part of a buffer as it is", async () => {
    const wav = encodeWav(createStageSignal(16_000), 16_000);
    const buffer = new Uint8Array(wav.length + 100);
    buffer.set(wav, 50);
    const part = buffer.subarray(50, 50 + wav.length);
    const audio = await decodeAudio(part);
    expect(audio.pcm.length).toBe(16_000);
    expect(part.length).toBe(wav.length);
    expect(part).toEqual(wav);
  });

  test("of several files at once is each file's own", async () => {
    const names = ["tone.ogg", "tone.flac", "tone-16k.mp3", "tone-live.webm"];
    const lengths = await Promise.all(
      names.map(async (name) => (await decodeAudio(await fixture(name))).pcm.length),
    );
    expect(lengths).toEqual([48_000, 12_000, 16_000, 48_000]);
  });
});

describe("refused with E_ARGS and what to send instead", () => {
  const text = (words: string): Uint8Array => new TextEncoder().encode(words);
  test.each<[string, () => Uint8Array | Promise<Uint8Array>, RegExp]>([
    ["nothing", () => new Uint8Array(), /is empty; send WAV/],
    ["a text", () => text("dear server, please hear this"), /no known kind; send WAV/],
    [
      "a picture",
      () => new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0xd, 0xa, 0x1a, 0xa, 0, 0, 0]),
      /no known kind/,
    ],
    ["an m4a", () => fixture("tone.m4a"), /MP4 \(m4a, AAC\) is not read here; send WAV/],
    ["an AAC stream", () => fixture("tone.aac"), /AAC is not read here/],
    ["an Ogg Vorbis", () => fixture("vorbis.ogg"), /holds Vorbis, not Opus/],
    ["an AIFF", () => text("FORM\0\0\0\x10AIFFCOMM"), /AIFF is not read/],
    ["a WAV header alone", () => encodeWav(new Float32Array(), 16_000), /holds no sound/],
    ["an ID3 tag alone", () => text("ID3\x04\0\0\0\0\0\x05hello"), /holds no sound/],
    ["half an Ogg header", async () => (await fixture("tone.ogg")).subarray(0, 20), /no whole header/],
    ["a WebM without tracks", async () => (await fixture("tone-live.webm")).subarray(0, 40), /no track/],
    ["a FLAC without its header", () => text("fLaC"), /holds no sound/],
  ])("%s", async (_, make, message) => {
    const error = await failureOf(decodeAudio(await make()));
    expect(error.code).toBe("E_ARGS");
    expect(error.message).toMatch(message);
  });
});

describe("limits", () => {
  const silence = async (format: string, seconds: number): Promise<Uint8Array> =>
    await encode(format, new Float32Array(24_000 * seconds), 24_000);
  /** Long enough to be in the middle of it, whatever the machine does meanwhile. */
  let tenMinutes = new Uint8Array();
  beforeAll(async () => {
    tenMinutes = new Uint8Array(await silence("flac", 600));
  });

  test.each(["wav", "flac", "mp3", "opus"])("%s that is longer than allowed is refused", async (format) => {
    const error = await failureOf(decodeAudio(await silence(format, 3), { maxDurationSeconds: 2 }));
    expect(error.code).toBe("E_ARGS");
    expect(error.message).toContain("longer than 2 s");
    const audio = await decodeAudio(await silence(format, 1), { maxDurationSeconds: 2 });
    expect(audio.pcm.length).toBeGreaterThanOrEqual(audio.sampleRateHz);
  });

  test("ten minutes of silence in a small FLAC are stopped at the limit", async () => {
    expect(tenMinutes.length).toBeLessThan(100_000);
    const timeOf = async (reading: Promise<unknown>): Promise<number> => {
      const startMs = performance.now();
      await reading;
      return performance.now() - startMs;
    };
    const stop = async (): Promise<void> => {
      const error = await failureOf(decodeAudio(tenMinutes, { maxDurationSeconds: 5 }));
      expect(error.message).toContain("longer than 5 s");
    };
    const wholeMs = await timeOf(decodeAudio(tenMinutes));
    // The shortest of three, as a machine may stand still for a moment.
    const stoppedMs = Math.min(await timeOf(stop()), await timeOf(stop()), await timeOf(stop()));
    expect(stoppedMs).toBeLessThan(wholeMs / 2);
  });

  test("a deadline ends it with E_BUSY", async () => {
    const error = await failureOf(decodeAudio(tenMinutes, { timeoutMs: 1 }));
    expect(error.code).toBe("E_BUSY");
    expect(error.message).toContain("shorter pieces");
  });

  test("a signal ends it with its reason, before and in the middle", async () => {
    const before = failureOf(decodeAudio(tenMinutes, { signal: AbortSignal.abort() }));
    expect((await before).code).toBe("E_INTERRUPTED");
    const abort = new AbortController();
    const reading = failureOf(decodeAudio(tenMinutes, { signal: abort.signal }));
    const reason = new AppError("E_INTERRUPTED", "the client left");
    setImmediate(() => abort.abort(reason));
    expect(await reading).toBe(reason);
  });

  test("the event loop runs on while a long file is read", async () => {
    const bytes = await silence("mp3", 60);
    // Once before: were it read in this thread, the turns while its library is loaded would count.
    await decodeAudio(bytes);
    let turns = 0;
    let isDone = false;
    const tick = (): void => {
      turns += 1;
      if (!isDone) setImmediate(tick);
    };
    tick();
    await decodeAudio(bytes);
    isDone = true;
    expect(turns).toBeGreaterThan(20);
  });
});
