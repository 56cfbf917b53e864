// The audio that a client has sent and that nobody has let go of yet, as 16 kHz samples with their positions since the
// session began. Bytes may be cut anywhere; every sample comes in once.
import { decodeALaw, decodeMuLaw } from "../audio/g711.ts";
import { createS16leDecoder } from "../audio/pcm.ts";
import { createResampler, type Resampler } from "../audio/resample.ts";
import type { AudioFormat } from "./session-config.ts";
import { samplesPerMs } from "./turn-taking.ts";

export const inputRateHz = samplesPerMs * 1000;

export interface InputAudio {
  /** False, and nothing is taken, when the buffer would hold more than its limit. */
  append(bytes: Uint8Array): boolean;
  /** Lets out the few milliseconds that the resampler holds back, and begins anew. */
  flush(): void;
  /** What comes from here on is of this format. */
  setFormat(format: AudioFormat): void;
  /** Views of the samples from..to, in order; the buffers are the store's own. Clamped to what is held. */
  read(fromSample: number, toSample: number): Float32Array[];
  forget(beforeSample: number): void;
  /** Position after the newest sample. */
  readonly endSample: number;
}

interface Chunk {
  fromSample: number;
  pcm: Float32Array;
}

export function createInputAudio(format: AudioFormat, limitMs: number): InputAudio {
  let chunks: Chunk[] = [];
  let startSample = 0;
  let endSample = 0;
  let inForce = format;
  let decoder = createDecoder(format);
  let resampler: Resampler = createResampler({ fromHz: format.sampleRateHz, toHz: inputRateHz });

  const store = (pcm: Float32Array): void => {
    if (pcm.length === 0) return;
    chunks.push({ fromSample: endSample, pcm });
    endSample += pcm.length;
  };

  return {
    append(bytes) {
      const bytesPerSample = inForce.encoding === "pcm" ? 2 : 1;
      const addedMs = (bytes.length * 1000) / (bytesPerSample * inForce.sampleRateHz);
      if ((endSample - startSample) / samplesPerMs + addedMs > limitMs) return false;
      store(resampler.push(decoder(bytes)));
      return true;
    },
    flush() {
      store(resampler.flush());
    },
    setFormat(next) {
      if (next.encoding === inForce.encoding && next.sampleRateHz === inForce.sampleRateHz) return;
      store(resampler.flush());
      inForce = next;
      decoder = createDecoder(next);
      resampler = createResampler({ fromHz: next.sampleRateHz, toHz: inputRateHz });
    },
    read(fromSample, toSample) {
      const views: Float32Array[] = [];
      // What is read lies near the end, and of a long turn there are thousands of chunks before it.
      const first = chunks.findLastIndex((chunk) => chunk.fromSample <= fromSample);
      for (const { fromSample: at, pcm } of chunks.slice(Math.max(0, first))) {
        if (at >= toSample) break;
        const view = pcm.subarray(Math.max(0, fromSample - at), Math.max(0, toSample - at));
        if (view.length > 0) views.push(view);
      }
      return views;
    },
    forget(beforeSample) {
      startSample = Math.max(startSample, Math.min(beforeSample, endSample));
      chunks = chunks.flatMap((chunk) => {
        const gone = startSample - chunk.fromSample;
        if (gone <= 0) return chunk;
        // A copy, so that a long chunk is not held for its last few samples.
        return gone >= chunk.pcm.length ? [] : { fromSample: startSample, pcm: chunk.pcm.slice(gone) };
      });
    },
    get endSample() {
      return endSample;
    },
  };
}

/** Bytes of a format as samples, however they are cut. */
export function createDecoder({ encoding }: AudioFormat): (bytes: Uint8Array) => Float32Array {
  switch (encoding) {
    case "pcm": {
      const decoder = createS16leDecoder();
      return (bytes) => decoder.push(bytes);
    }
    case "pcmu":
      return decodeMuLaw;
    case "pcma":
      return decodeALaw;
  }
}
