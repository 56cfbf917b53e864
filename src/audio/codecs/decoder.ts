// Audio files of strangers to samples, in a worker of its own for each: decoding ten minutes takes seconds, and a file made to
// harm may take for ever; a worker is ended in the middle of whatever it does. It costs 8 ms, 30 ms where a WebAssembly decoder
// has to be compiled in it.
import { AppError } from "../../base/errors.ts";
import { abortReason } from "../../base/deadline.ts";
import type { DecodedAudio } from "./decode-file.ts";
import type { DecodeAnswer, DecodeJob } from "./decode-worker.ts";

export type { DecodedAudio } from "./decode-file.ts";

export interface DecodeOptions {
  /** Longer audio is refused as soon as that is known; default 3600. */
  maxDurationSeconds?: number | undefined;
  /** Resampled to this there, off the event loop; default: the file's own rate. */
  sampleRateHz?: number | undefined;
  /** Default 60,000: an hour of MP3 takes about five seconds. */
  timeoutMs?: number | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Reads WAV, MP3, FLAC, Ogg Opus and WebM Opus, told apart by their bytes. A recording that ends in the middle is read as
 * far as it goes. Throws E_ARGS (unknown or unread kind, damaged, without sound, too long; the message says what to send),
 * E_BUSY (deadline), E_INTERRUPTED (signal). `bytes` is copied and stays the caller's.
 */
export function decodeAudio(bytes: Uint8Array, options: DecodeOptions = {}): Promise<DecodedAudio> {
  const { maxDurationSeconds = 3600, sampleRateHz, timeoutMs = 60_000, signal } = options;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(abortReason(signal));
      return;
    }
    const worker = new Worker(new URL("./decode-worker.ts", import.meta.url).href);
    const end = (settle: () => void): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      worker.terminate();
      settle();
    };
    const onAbort = (): void => end(() => reject(abortReason(signal as AbortSignal)));
    signal?.addEventListener("abort", onAbort, { once: true });
    const timer = setTimeout(() => {
      const message = `the audio file could not be read within ${timeoutMs / 1000} s; send it in shorter pieces`;
      end(() => reject(new AppError("E_BUSY", message, { timeoutMs })));
    }, timeoutMs);
    worker.addEventListener("message", ({ data }: MessageEvent<DecodeAnswer>) => {
      end(() => {
        if ("audio" in data) resolve(data.audio);
        else reject(new AppError(data.error.code, data.error.message, data.error.details));
      });
    });
    worker.addEventListener("error", ({ message }) => {
      end(() => reject(new AppError("E_INTERNAL", `the audio decoder broke: ${message}`)));
    });
    // A subarray would carry its whole buffer across.
    const job: DecodeJob = { bytes: bytes.slice(), options: { maxDurationSeconds, sampleRateHz } };
    worker.postMessage(job, [job.bytes.buffer as ArrayBuffer]);
  });
}
