// Plain samples, with and without a header.
import { concatBytes } from "../../base/concat-bytes.ts";
import { encodeS16le } from "../pcm.ts";
import { encodeWavHeader } from "../wav.ts";
import type { EncoderAtRate } from "./encoder-port.ts";

/** s16le mono, nothing else. */
export const createPcmEncoder: EncoderAtRate = ({ sampleRateHz }) =>
  Promise.resolve({
    sampleRateHz,
    push: (pcm) => encodeS16le(pcm),
    finish: () => new Uint8Array(),
    [Symbol.dispose]: () => undefined,
  });

/** A header that leaves the length open (0xFFFFFFFF), since it goes out before the end is known; then s16le mono. */
export const createWavEncoder: EncoderAtRate = ({ sampleRateHz }) => {
  let isStarted = false;
  const push = (pcm: Float32Array): Uint8Array<ArrayBuffer> => {
    const samples = encodeS16le(pcm);
    if (isStarted) return samples;
    isStarted = true;
    return concatBytes([encodeWavHeader({ sampleRateHz }), samples]);
  };
  return Promise.resolve({
    sampleRateHz,
    push,
    finish: () => push(new Float32Array()),
    [Symbol.dispose]: () => undefined,
  });
};
