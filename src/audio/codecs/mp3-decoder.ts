// MP3 by mpg123 in WebAssembly. It is fed in slices, so that the limit stops a bomb before it has gone off.
import { MPEGDecoder } from "mpg123-decoder";
import type { PcmCollector } from "./pcm-collector.ts";

/** At 8 kbit/s, the least there is, 16 s of sound. */
const sliceBytes = 16_384;

export async function decodeMp3(bytes: Uint8Array, collector: PcmCollector): Promise<void> {
  const decoder = new MPEGDecoder();
  await decoder.ready;
  try {
    for (let at = 0; at < bytes.length; at += sliceBytes) {
      // Damaged frames are passed over, as by every player: between songs and tags there is always something.
      const { channelData, samplesDecoded, sampleRate } = decoder.decode(bytes.subarray(at, at + sliceBytes));
      if (samplesDecoded > 0) collector.push(channelData, sampleRate);
    }
  } finally {
    decoder.free();
  }
}
