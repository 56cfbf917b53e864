// Bytes of a file to samples, in the thread that calls it. Everybody but the worker and the tests takes decoder.ts.
import { AppError, messageOf } from "../../base/errors.ts";
import { parseWav } from "../wav.ts";
import { createPcmCollector, type PcmCollector } from "./pcm-collector.ts";
import { type DecoderFormat, sniffFormat } from "./sniff-format.ts";

export interface DecodedAudio {
  /** Mono: the mean of the channels. */
  pcm: Float32Array<ArrayBuffer>;
  sampleRateHz: number;
  format: DecoderFormat;
}

export interface DecodeFileOptions {
  maxDurationSeconds: number;
  /** Resample to this; default: the file's own rate. */
  sampleRateHz?: number | undefined;
}

type DecodeFormat = (bytes: Uint8Array, collector: PcmCollector) => Promise<void> | void;

const loaders: Readonly<Record<DecoderFormat, () => Promise<DecodeFormat>>> = {
  wav: async () => (bytes, collector) => {
    const { pcm, sampleRateHz } = parseWav(bytes);
    collector.push([pcm], sampleRateHz);
  },
  mp3: async () => (await import("./mp3-decoder.ts")).decodeMp3,
  flac: async () => (await import("./flac-decoder.ts")).decodeFlac,
  ogg: async () => (await import("./ogg-opus-decoder.ts")).decodeOggOpus,
  webm: async () => (await import("./webm-opus-decoder.ts")).decodeWebmOpus,
};

/** Throws E_ARGS for whatever is wrong with the file. */
export async function decodeFile(bytes: Uint8Array, options: DecodeFileOptions): Promise<DecodedAudio> {
  const format = sniffFormat(bytes);
  const decode = await loaders[format]();
  const collector = createPcmCollector(options);
  try {
    await decode(bytes, collector);
  } catch (error) {
    if (error instanceof AppError) throw error;
    // A decoder that trips does so over the file: it has nothing else to trip over.
    const message = `the ${format} file is damaged (${messageOf(error)}); record or send it again`;
    throw new AppError("E_ARGS", message, { format }, error);
  }
  return { ...collector.finish(), format };
}
