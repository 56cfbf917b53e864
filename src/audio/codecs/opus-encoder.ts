// Opus in Ogg. libopus takes 8 to 48 kHz as they are; positions in the file count at 48 kHz whatever the input's rate.
import { Application, createEncoder as createOpusEncoder, Signal } from "libopus-wasm";
import { concatBytes } from "../../base/concat-bytes.ts";
import { AppError } from "../../base/errors.ts";
import { createPcmFramer } from "../pcm.ts";
import type { EncoderAtRate } from "./encoder-port.ts";
import { createOggOpusWriter } from "./ogg-opus-writer.ts";

const defaultBitrate = 32_000;
const frameSeconds = 0.02;
const granulesPerFrame = 48_000 * frameSeconds;

export const createOpusEncoderAtRate: EncoderAtRate = async ({ sampleRateHz, bitrate = defaultBitrate }) => {
  if (!(bitrate >= 6000 && bitrate <= 510_000)) {
    throw new AppError("E_ARGS", `opus has no bitrate of ${bitrate}; choose 6,000 to 510,000`);
  }
  const encoder = await createOpusEncoder({
    sampleRate: sampleRateHz as 24_000,
    channels: 1,
    application: Application.Audio,
    signal: Signal.Voice,
    bitrate,
  });
  const frameSamples = sampleRateHz * frameSeconds;
  const granulesPerSample = 48_000 / sampleRateHz;
  const preSkip = encoder.getLookahead() * granulesPerSample;
  const [serial = 0] = crypto.getRandomValues(new Uint32Array(1));
  const writer = createOggOpusWriter({ inputRateHz: sampleRateHz, preSkip, serial });
  const framer = createPcmFramer(frameSamples);
  let receivedSamples = 0;
  let frameCount = 0;
  let isStarted = false;

  const encode = (frame: Float32Array): Uint8Array => {
    frameCount += 1;
    return encoder.encodeFloat(frame, { frameSize: frameSamples }).slice();
  };
  const start = (): Uint8Array => {
    if (isStarted) return new Uint8Array();
    isStarted = true;
    return writer.start();
  };
  return {
    sampleRateHz,
    push(pcm) {
      receivedSamples += pcm.length;
      const packets = framer.push(pcm.map((sample) => (Number.isNaN(sample) ? 0 : sample))).map(encode);
      return concatBytes([start(), writer.write(packets, granulesPerFrame)]);
    },
    finish() {
      const rest = framer.flush();
      const packets = rest ? [encode(rest)] : [];
      // What was said last leaves the encoder only when its delay has been pushed through.
      const end = preSkip + receivedSamples * granulesPerSample;
      while (frameCount * granulesPerFrame < end) packets.push(encode(new Float32Array(frameSamples)));
      return concatBytes([start(), writer.finish(packets, end)]);
    },
    [Symbol.dispose]: () => encoder.free(),
  };
};
