// A run of Opus packets with their header, whatever container they came in (RFC 7845, 4 and 5.1).
import { createDecoder } from "libopus-wasm";
import { AppError } from "../../base/errors.ts";

export interface OpusHead {
  channelCount: number;
  /** Samples at 48 kHz to drop at the start. */
  preSkip: number;
  /** To multiply the samples with. */
  gain: number;
}

export const isOpusHead = (packet: Uint8Array): boolean => startsWith(packet, "OpusHead");

export const startsWith = (bytes: Uint8Array, text: string): boolean =>
  bytes.length >= text.length && [...text].every((letter, i) => bytes[i] === letter.charCodeAt(0));

/** Throws E_ARGS for a damaged header and for more than two channels. */
export function parseOpusHead(packet: Uint8Array): OpusHead {
  if (!isOpusHead(packet) || packet.length < 19) throw new AppError("E_ARGS", "the Opus header is damaged");
  const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
  const [version, channelCount] = [view.getUint8(8), view.getUint8(9)];
  if (version >= 16)
    throw new AppError("E_ARGS", `the Opus header is of version ${version}, which is not known`);
  if (channelCount < 1 || channelCount > 2) {
    throw new AppError("E_ARGS", `the Opus sound has ${channelCount} channels; send one or two`);
  }
  // Q7.8 decibels, two's complement.
  const gain = 10 ** (view.getInt16(16, true) / 256 / 20);
  return { channelCount, preSkip: view.getUint16(10, true), gain };
}

export interface OpusTrack extends Disposable {
  /** The samples of one packet at 48 kHz, mono, without those that the pre-skip takes. */
  decode(packet: Uint8Array): Float32Array;
  /** Samples at 48 kHz that the packets made so far, the pre-skip counted in. */
  readonly decodedSamples: number;
}

/** Opus always decodes at 48 kHz; the decoder mixes two channels into one itself. */
export async function createOpusTrack(head: OpusHead): Promise<OpusTrack> {
  const decoder = await createDecoder({ sampleRate: 48_000, channels: 1 });
  let decodedSamples = 0;
  return {
    decode(packet) {
      // An empty packet stands for a lost one; files have no use for it.
      if (packet.length === 0) return new Float32Array();
      const pcm = decoder.decodeFloat(packet);
      const skipped = Math.max(0, Math.min(pcm.length, head.preSkip - decodedSamples));
      decodedSamples += pcm.length;
      const heard = pcm.slice(skipped);
      if (head.gain !== 1) for (let i = 0; i < heard.length; i++) heard[i] = (heard[i] ?? 0) * head.gain;
      return heard;
    },
    get decodedSamples() {
      return decodedSamples;
    },
    [Symbol.dispose]: () => decoder.free(),
  };
}
