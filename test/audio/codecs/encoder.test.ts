import { describe, expect, test } from "bun:test";
import { AppError } from "../../../src/base/errors.ts";
import { decodeFile } from "../../../src/audio/codecs/decode-file.ts";
import {
  createEncoder,
  encodeAudio,
  encoderContentTypes,
  encoderFormats,
} from "../../../src/audio/codecs/encoder.ts";
import { decodeS16le } from "../../../src/audio/pcm.ts";
import { createStageSignal, measureStageSignal } from "./stage-signal.ts";

const decode = (bytes: Uint8Array) => decodeFile(bytes, { maxDurationSeconds: 60 });

/** What comes out when the sound goes in in pieces of `pieceSamples`. */
async function encodePieces(
  format: string,
  pcm: Float32Array,
  sampleRateHz: number,
  pieceSamples = 1111,
): Promise<{ pieces: Uint8Array[]; bytes: Uint8Array }> {
  using encoder = await createEncoder(format, { sampleRateHz });
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < pcm.length; at += pieceSamples) {
    pieces.push(encoder.push(pcm.subarray(at, at + pieceSamples)));
  }
  pieces.push(encoder.finish());
  return { pieces, bytes: new Uint8Array(Buffer.concat(pieces)) };
}

/** Seconds by which the sound comes later than it went in: MP3 has no way to tell its decoder of LAME's delay here. */
const delays: Record<string, (rateHz: number) => number> = { mp3: (rateHz) => 1105 / rateHz };

describe.each(["mp3", "opus", "flac", "wav"])("%s", (format) => {
  test.each([8000, 16_000, 22_050, 24_000, 44_100, 48_000])(
    "at %i Hz the sound comes back with its length, place, pitch and level",
    async (rateHz) => {
      const { bytes } = await encodePieces(format, createStageSignal(rateHz), rateHz);
      const { pcm, sampleRateHz } = await decode(bytes);
      const delay = delays[format]?.(sampleRateHz) ?? 0;
      const heard = measureStageSignal(pcm, sampleRateHz);
      expect(heard.startSeconds).toBeCloseTo(0.25 + delay, 2);
      expect(Math.abs(heard.startSeconds - 0.25 - delay)).toBeLessThan(0.003);
      expect(Math.abs(heard.endSeconds - 0.75 - delay)).toBeLessThan(0.003);
      expect(Math.abs(heard.frequencyHz - 1000)).toBeLessThan(1);
      expect(Math.abs(20 * Math.log10(heard.rms / (0.5 * Math.SQRT1_2)))).toBeLessThan(0.6);
      expect(heard.noise).toBeLessThan(0.003);
      // MP3 comes in whole frames of up to 1152 samples and ends with LAME's own delay.
      const surplus = heard.durationSeconds - 1;
      if (format === "mp3") expect(surplus).toBeLessThan((1105 + 2 * 1152) / sampleRateHz);
      else expect(Math.abs(surplus)).toBeLessThan(0.0001);
      expect(surplus).toBeGreaterThanOrEqual(-0.0001);
    },
  );

  test("bytes go out while the sound comes in", async () => {
    const { pieces } = await encodePieces(format, createStageSignal(24_000), 24_000, 2400);
    const early = pieces.slice(0, 5).reduce((sum, piece) => sum + piece.length, 0);
    const all = pieces.reduce((sum, piece) => sum + piece.length, 0);
    expect(early).toBeGreaterThan(all * 0.1);
  });

  test("however the sound is cut, the file is the same", async () => {
    const pcm = createStageSignal(24_000);
    const withoutSerial = (bytes: Uint8Array): string =>
      format === "opus" ? "" : Buffer.from(bytes).toString("base64");
    const [a, b, c] = await Promise.all(
      [1, 777, 24_000].map((size) => encodePieces(format, pcm, 24_000, size)),
    );
    expect(withoutSerial(b!.bytes)).toBe(withoutSerial(a!.bytes));
    expect(withoutSerial(c!.bytes)).toBe(withoutSerial(a!.bytes));
    const heard = await Promise.all([a, b, c].map((made) => decode(made!.bytes)));
    expect(heard[1]?.pcm).toEqual(heard[0]!.pcm);
    expect(heard[2]?.pcm).toEqual(heard[0]!.pcm);
  });

  test("no sound at all makes a file that holds none", async () => {
    const { bytes } = await encodePieces(format, new Float32Array(), 24_000);
    const outcome = await decode(bytes).then(
      ({ pcm }) => Math.max(...pcm.map(Math.abs)),
      (error: unknown) => (error as AppError).code,
    );
    // MP3 has no empty file: its delay is one frame of silence.
    expect(format === "mp3" ? Number(outcome) < 0.001 : outcome === "E_ARGS").toBe(true);
  });

  test("sound beyond full scale and what is no number do no harm", async () => {
    const pcm = createStageSignal(24_000).map((sample) => sample * 4);
    pcm[100] = Number.NaN;
    pcm[200] = Number.POSITIVE_INFINITY;
    const { bytes } = await encodePieces(format, pcm, 24_000);
    const heard = await decode(bytes);
    expect(heard.pcm.every(Number.isFinite)).toBe(true);
    // A square wave rings beyond full scale in a lossy codec; it stays near.
    expect(Math.max(...heard.pcm)).toBeLessThan(1.6);
  });
});

test("FLAC and WAV lose nothing but what 16 bits cannot hold", async () => {
  const seed = 12_345;
  let state = seed;
  const noise = Float32Array.from({ length: 10_000 }, (_, i) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    // Loud, soft, constant and full-scale stretches: every kind of subframe.
    const gain = [1, 0.01, 0, 0.3, 1e-4][Math.floor(i / 2000)] as number;
    return Math.round((state / 1_073_741_824 - 1) * gain * 32_767) / 32_768;
  });
  for (const format of ["flac", "wav"]) {
    const { bytes } = await encodePieces(format, noise, 24_000);
    expect((await decode(bytes)).pcm).toEqual(noise);
  }
});

test("FLAC numbers its frames beyond one and two bytes", async () => {
  // 2,100 blocks of 2,048 samples; quiet ones, so that the file stays small.
  const pcm = Float32Array.from({ length: 2048 * 2100 + 5 }, (_, i) => ((i >> 11) % 100) / 32_768);
  const { bytes } = await encodePieces("flac", pcm, 48_000, 480_000);
  const heard = await decodeFile(bytes, { maxDurationSeconds: 600 });
  expect(heard.pcm.length).toBe(pcm.length);
  expect(heard.pcm).toEqual(pcm);
});

test("pcm is 24 kHz s16le without a header, whatever comes in", async () => {
  for (const rateHz of [16_000, 24_000, 44_100]) {
    const { bytes } = await encodePieces("pcm", createStageSignal(rateHz), rateHz);
    const heard = measureStageSignal(decodeS16le(bytes), 24_000);
    expect(Math.abs(heard.durationSeconds - 1)).toBeLessThan(0.0001);
    expect(Math.abs(heard.frequencyHz - 1000)).toBeLessThan(1);
  }
});

test("a WAV that streams leaves its length open", async () => {
  const { pieces } = await encodePieces("wav", createStageSignal(24_000), 24_000);
  const view = new DataView(pieces[0]!.buffer);
  expect([view.getUint32(4, true), view.getUint32(40, true)]).toEqual([0xffff_ffff, 0xffff_ffff]);
});

test("each format has its content type, and its encoder says it", async () => {
  for (const format of encoderFormats) {
    using encoder = await createEncoder(format, { sampleRateHz: 24_000 });
    expect(encoder.contentType).toBe(encoderContentTypes[format]);
  }
});

const codeOf = async (format: string, options: Parameters<typeof createEncoder>[1]): Promise<string> =>
  await createEncoder(format, options).then(
    () => "made",
    (error: unknown) => (error instanceof AppError ? `${error.code}: ${error.message}` : String(error)),
  );

test("a format that is not made here is refused with those that are", async () => {
  expect(await codeOf("aac", { sampleRateHz: 24_000 })).toBe(
    "E_ARGS: audio is not made as aac here; choose one of mp3, opus, flac, wav, pcm",
  );
  expect(await codeOf("constructor", { sampleRateHz: 24_000 })).toStartWith("E_ARGS");
});

test.each([
  ["mp3", { sampleRateHz: 24_000, bitrate: 65_000 }],
  ["opus", { sampleRateHz: 24_000, bitrate: 5000 }],
  ["wav", { sampleRateHz: 0 }],
  ["opus", { sampleRateHz: 24_000.5 }],
])("%s with %j is refused", async (format, options) => {
  expect(await codeOf(format, options)).toStartWith("E_ARGS");
});

test("a higher bitrate makes a larger file", async () => {
  for (const format of ["mp3", "opus"]) {
    const sizes = [32_000, 96_000].map(async (bitrate) => {
      using encoder = await createEncoder(format, { sampleRateHz: 48_000, bitrate });
      return encoder.push(createStageSignal(48_000)).length + encoder.finish().length;
    });
    const [low = 0, high = 0] = await Promise.all(sizes);
    expect(high).toBeGreaterThan(low * 1.5);
  }
});

test("an encoder is not used after its end", async () => {
  const encoder = await createEncoder("opus", { sampleRateHz: 24_000 });
  encoder.finish();
  encoder[Symbol.dispose]();
  expect(() => encoder.push(new Float32Array(1))).toThrow("after its end");
  expect(() => encoder.finish()).toThrow("after its end");
});

test("hundreds of encoders at once do not disturb each other", async () => {
  const pcm = createStageSignal(24_000);
  const encoders = await Promise.all(
    Array.from({ length: 300 }, () => createEncoder("opus", { sampleRateHz: 24_000 })),
  );
  const [first] = encoders;
  const pieces = [first!.push(pcm.subarray(0, 12_000))];
  for (const encoder of encoders.slice(1)) encoder.push(pcm.subarray(0, 480));
  pieces.push(first!.push(pcm.subarray(12_000)), first!.finish());
  for (const encoder of encoders.slice(1)) encoder[Symbol.dispose]();
  const heard = await decode(new Uint8Array(Buffer.concat(pieces)));
  expect(measureStageSignal(heard.pcm, heard.sampleRateHz).frequencyHz).toBeCloseTo(1000, 0);
});

describe("encodeAudio", () => {
  const chunks = async function* (count: number, pcm = createStageSignal(24_000), rates = [24_000]) {
    for (let i = 0; i < count; i++) yield { pcm, sampleRateHz: rates[i % rates.length] as number };
  };
  const gather = async (pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> => {
    const all: Uint8Array[] = [];
    for await (const piece of pieces) all.push(piece);
    return new Uint8Array(Buffer.concat(all));
  };

  test("makes one file of many chunks", async () => {
    const { pcm } = await decode(await gather(encodeAudio("flac", chunks(3))));
    expect(pcm.length).toBe(72_000);
  });

  test("of no chunks makes a file without sound", async () => {
    const bytes = await gather(encodeAudio("wav", chunks(0)));
    expect(bytes.length).toBe(44);
  });

  test("lets the event loop in while a long chunk is encoded", async () => {
    const long = new Float32Array(24_000 * 20).map((_, i) => Math.sin(i / 7) / 2);
    let turns = 0;
    let isDone = false;
    const tick = (): void => {
      turns += 1;
      if (!isDone) setImmediate(tick);
    };
    setImmediate(tick);
    await gather(encodeAudio("mp3", chunks(1, long)));
    isDone = true;
    expect(turns).toBeGreaterThan(50);
  });

  test("a rate that changes in mid-stream is told", () => {
    expect(gather(encodeAudio("wav", chunks(2, undefined, [24_000, 16_000])))).rejects.toThrow(
      "changed from",
    );
  });

  test("a failure of the source passes through", () => {
    const failing = async function* (): AsyncGenerator<{ pcm: Float32Array; sampleRateHz: number }> {
      yield { pcm: new Float32Array(4800), sampleRateHz: 24_000 };
      throw new AppError("E_BUSY", "the engine stopped");
    };
    expect(gather(encodeAudio("opus", failing()))).rejects.toThrow("the engine stopped");
  });
});
