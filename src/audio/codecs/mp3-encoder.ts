// MP3 by LAME in WebAssembly, constant bitrate. The library's own buffers are overwritten by the next call: copies go out.
import { createMp3Encoder } from "wasm-media-encoders";
import { AppError } from "../../base/errors.ts";
import type { EncoderAtRate } from "./encoder-port.ts";

const defaultBitrate = 64_000;
/** kbit/s that MPEG-2 and 2.5 (up to 24 kHz) and MPEG-1 (above) share; LAME takes the nearest it may for the rate. */
const bitrates = [32, 40, 48, 64, 80, 96, 112, 128, 160] as const;

export const createMp3EncoderAtRate: EncoderAtRate = async ({ sampleRateHz, bitrate = defaultBitrate }) => {
  const kilobits = bitrates.find((each) => each * 1000 === bitrate);
  if (kilobits === undefined) {
    const known = bitrates.map((each) => each * 1000).join(", ");
    throw new AppError("E_ARGS", `mp3 has no bitrate of ${bitrate}; choose one of ${known}`);
  }
  const encoder = await createMp3Encoder();
  encoder.configure({ channels: 1, sampleRate: sampleRateHz, bitrate: kilobits });
  return {
    sampleRateHz,
    push: (pcm) => new Uint8Array(encoder.encode([clip(pcm)])),
    finish: () => new Uint8Array(encoder.finalize()),
    // An instance of its own for each encoder, gone with the last reference to it.
    [Symbol.dispose]: () => undefined,
  };
};

/** LAME takes samples beyond full scale at their word, and NaN makes noise of all that follows. */
function clip(pcm: Float32Array): Float32Array {
  return pcm.map((sample) => (sample > 1 ? 1 : sample >= -1 ? sample : sample < -1 ? -1 : 0));
}
