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
  const chunks: Chunk[] = [];
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
      for (let index = findChunk(chunks, fromSample); index < chunks.length; index++) {
        const { fromSample: at, pcm } = chunks[index] as Chunk;
        if (at >= toSample) break;
        const view = pcm.subarray(Math.max(0, fromSample - at), Math.max(0, toSample - at));
        if (view.length > 0) views.push(view);
      }
      return views;
    },
    forget(beforeSample) {
      startSample = Math.max(startSample, Math.min(beforeSample, endSample));
      chunks.splice(0, findChunk(chunks, startSample));
      const [first] = chunks;
      if (!first || first.fromSample >= startSample) return;
      const left = first.pcm.subarray(startSample - first.fromSample);
      // Copied when half is gone, and not each time: a client may send minutes at once, and they go frame by frame.
      const isSmall = left.byteLength * 2 <= left.buffer.byteLength;
      chunks[0] = { fromSample: startSample, pcm: isSmall ? left.slice() : left };
    },
    get endSample() {
      return endSample;
    },
  };
}

/** The first that does not end before `sample`; of a long turn there are thousands. */
function findChunk(chunks: readonly Chunk[], sample: number): number {
  let low = 0;
  let high = chunks.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const { fromSample, pcm } = chunks[middle] as Chunk;
    if (fromSample + pcm.length <= sample) low = middle + 1;
    else high = middle;
  }
  return low;
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
