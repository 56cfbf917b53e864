// Gathers what a decoder gives, as mono at one rate, and stops it at a limit: a small file can hold a day of silence.
import { AppError } from "../../base/errors.ts";
import { concatPcm } from "../pcm.ts";
import { createResampler, type Resampler } from "../resample.ts";

/** Between them lies all sound that is recorded. */
const minRateHz = 1000;
const maxRateHz = 768_000;

export interface CollectorOptions {
  maxDurationSeconds: number;
  /** Resample to this; default: the file's own rate. */
  sampleRateHz?: number | undefined;
}

export interface PcmCollector {
  /** Channels of equal length; their mean is kept. Throws E_ARGS beyond the limit and for a rate that changes. */
  push(channels: readonly Float32Array[], sampleRateHz: number): void;
  /** Throws E_ARGS when there was no sound at all. */
  finish(): { pcm: Float32Array<ArrayBuffer>; sampleRateHz: number };
}

export function createPcmCollector(options: CollectorOptions): PcmCollector {
  const { maxDurationSeconds } = options;
  const chunks: Float32Array[] = [];
  let resampler: Resampler | undefined;
  let rateHz = 0;
  let samples = 0;
  return {
    push(channels, sampleRateHz) {
      const length = channels[0]?.length ?? 0;
      if (length === 0) return;
      if (rateHz === 0) {
        rateHz = sampleRateHz;
        if (rateHz < minRateHz || rateHz > maxRateHz) {
          throw new AppError("E_ARGS", `the audio file claims ${rateHz} samples a second: it is damaged`);
        }
        const toHz = options.sampleRateHz ?? rateHz;
        if (toHz !== rateHz) resampler = createResampler({ fromHz: rateHz, toHz });
      } else if (sampleRateHz !== rateHz) {
        throw new AppError("E_ARGS", `the audio file changes its rate from ${rateHz} to ${sampleRateHz} Hz`);
      }
      samples += length;
      if (samples > maxDurationSeconds * rateHz) {
        throw new AppError(
          "E_ARGS",
          `the audio is longer than ${maxDurationSeconds} s; send it in shorter pieces`,
          { maxDurationSeconds },
        );
      }
      const mono = mixDown(channels, length);
      chunks.push(resampler ? resampler.push(mono) : mono);
    },
    finish() {
      if (resampler) chunks.push(resampler.flush());
      const pcm = concatPcm(chunks);
      if (pcm.length === 0) {
        throw new AppError("E_ARGS", "the audio file holds no sound: it is damaged, cut short, or empty");
      }
      return { pcm, sampleRateHz: options.sampleRateHz ?? rateHz };
    },
  };
}

/** A copy: decoders use their buffers again. What is not a number is silence. */
function mixDown(channels: readonly Float32Array[], length: number): Float32Array<ArrayBuffer> {
  const mono = new Float32Array(length);
  for (const channel of channels)
    for (let i = 0; i < length; i++) mono[i] = (mono[i] ?? 0) + (channel[i] ?? 0);
  for (let i = 0; i < length; i++) {
    const mean = (mono[i] ?? 0) / channels.length;
    mono[i] = Number.isFinite(mean) ? mean : 0;
  }
  return mono;
}
