// Samples in, a file's bytes out, as they come: one encoder for each format that is spoken in.
import { concatBytes } from "../../base/concat-bytes.ts";
import { AppError } from "../../base/errors.ts";
import { createResampler } from "../resample.ts";
import type { AudioEncoder, EncoderAtRate, EncoderOptions } from "./encoder-port.ts";

export type { AudioEncoder, EncoderOptions } from "./encoder-port.ts";

export const encoderFormats = ["mp3", "opus", "flac", "wav", "pcm"] as const;
export type EncoderFormat = (typeof encoderFormats)[number];

/** What goes with each format on the wire and on disk. `pcm` is s16le mono at 24 kHz, as OpenAI's clients expect. */
export const encoderContentTypes: Readonly<Record<EncoderFormat, string>> = {
  mp3: "audio/mpeg",
  opus: "audio/ogg",
  flac: "audio/flac",
  wav: "audio/wav",
  pcm: "audio/pcm",
};

interface FormatEntry {
  load: () => Promise<EncoderAtRate>;
  /** The rate to encode at, nearest to what is given. */
  selectRate: (sampleRateHz: number) => number;
}

/** MPEG-1, 2 and 2.5. */
const mp3Rates = [8000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000];
const opusRates = [8000, 12_000, 16_000, 24_000, 48_000];
/** The lowest of `rates` that loses nothing, or the highest. */
const selectFrom = (rates: readonly number[]) => (sampleRateHz: number) =>
  rates.find((rate) => rate >= sampleRateHz) ?? Math.max(...rates);

const formats: Readonly<Record<EncoderFormat, FormatEntry>> = {
  mp3: {
    load: async () => (await import("./mp3-encoder.ts")).createMp3EncoderAtRate,
    selectRate: selectFrom(mp3Rates),
  },
  opus: {
    load: async () => (await import("./opus-encoder.ts")).createOpusEncoderAtRate,
    selectRate: selectFrom(opusRates),
  },
  flac: {
    load: async () => (await import("./flac-encoder.ts")).createFlacEncoderAtRate,
    selectRate: (rate) => rate,
  },
  wav: { load: async () => (await import("./pcm-encoder.ts")).createWavEncoder, selectRate: (rate) => rate },
  pcm: { load: async () => (await import("./pcm-encoder.ts")).createPcmEncoder, selectRate: () => 24_000 },
};

/** Throws E_ARGS for a format that is not made here, naming those that are, and for a rate or bitrate out of range. */
export async function createEncoder(format: string, options: EncoderOptions): Promise<AudioEncoder> {
  if (!isEncoderFormat(format)) {
    throw new AppError(
      "E_ARGS",
      `audio is not made as ${format.slice(0, 20)} here; choose one of ${encoderFormats.join(", ")}`,
    );
  }
  const { load, selectRate } = formats[format];
  const sampleRateHz = selectRate(options.sampleRateHz);
  // First, for it checks the rate.
  const resampler = createResampler({ fromHz: options.sampleRateHz, toHz: sampleRateHz });
  const create = await load();
  const encoder = await create({ sampleRateHz, bitrate: options.bitrate });
  let isFinished = false;
  const assertOpen = (): void => {
    if (isFinished) throw new AppError("E_INTERNAL", "an encoder was used after its end");
  };
  return {
    contentType: encoderContentTypes[format],
    sampleRateHz,
    push(pcm) {
      assertOpen();
      return encoder.push(resampler.push(pcm));
    },
    finish() {
      assertOpen();
      isFinished = true;
      using _freed = encoder;
      return concatBytes([encoder.push(resampler.flush()), encoder.finish()]);
    },
    [Symbol.dispose]() {
      if (isFinished) return;
      isFinished = true;
      encoder[Symbol.dispose]();
    },
  };
}

export function isEncoderFormat(format: string): format is EncoderFormat {
  return (encoderFormats as readonly string[]).includes(format);
}

/** Samples encoded in one go: 3 ms of work at most, so that a long piece of speech stalls nobody. */
const sliceSeconds = 0.25;

/**
 * The file of a stream of samples, with the event loop let in between slices. Leaving the loop frees the encoder; what
 * `chunks` throws passes through.
 */
export async function* encodeAudio(
  format: string,
  chunks: AsyncIterable<{ pcm: Float32Array; sampleRateHz: number }>,
  options: { bitrate?: number | undefined } = {},
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  let encoder: AudioEncoder | undefined;
  let rateHz = 0;
  try {
    for await (const { pcm, sampleRateHz } of chunks) {
      encoder ??= await createEncoder(format, { sampleRateHz, bitrate: options.bitrate });
      rateHz ||= sampleRateHz;
      if (sampleRateHz !== rateHz) {
        throw new AppError(
          "E_INTERNAL",
          `the sample rate changed from ${rateHz} to ${sampleRateHz} Hz in mid-stream`,
        );
      }
      const sliceSamples = Math.ceil(rateHz * sliceSeconds);
      for (let at = 0; at < pcm.length; at += sliceSamples) {
        if (at > 0) await new Promise((resolve) => setImmediate(resolve));
        const bytes = encoder.push(pcm.subarray(at, at + sliceSamples));
        if (bytes.length > 0) yield bytes;
      }
    }
    encoder ??= await createEncoder(format, { sampleRateHz: 24_000, bitrate: options.bitrate });
    yield encoder.finish();
  } finally {
    encoder?.[Symbol.dispose]();
  }
}
