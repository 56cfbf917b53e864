// Samples as numbers and as bytes. Inside the house audio is float32 mono in [-1, 1]; at its doors it is signed 16-bit
// little-endian. 32,768 is the scale both ways, so that 16-bit audio comes back bit for bit.

const scale = 32_768;

/** Signed 16-bit little-endian; values out of [-1, 1] are clipped, NaN is silence. */
export function encodeS16le(pcm: Float32Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(pcm.length * 2);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < pcm.length; i++) view.setInt16(i * 2, toS16(pcm[i] ?? 0), true);
  return bytes;
}

function toS16(sample: number): number {
  const value = Math.round(sample * scale);
  if (value > 32_767) return 32_767;
  return value < -scale ? -scale : value || 0;
}

/** A last odd byte is ignored; for a stream see createS16leDecoder. */
export function decodeS16le(bytes: Uint8Array): Float32Array<ArrayBuffer> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const pcm = new Float32Array(bytes.byteLength >> 1);
  for (let i = 0; i < pcm.length; i++) pcm[i] = view.getInt16(i * 2, true) / scale;
  return pcm;
}

export interface S16leDecoder {
  /** The whole samples so far; a byte that has only half a sample waits for its other half. */
  push(bytes: Uint8Array): Float32Array<ArrayBuffer>;
}

/** For byte streams that are cut anywhere. */
export function createS16leDecoder(): S16leDecoder {
  let carry: number | undefined;
  return {
    push(bytes) {
      let whole = bytes;
      if (carry !== undefined) {
        whole = new Uint8Array(bytes.length + 1);
        whole[0] = carry;
        whole.set(bytes, 1);
      }
      carry = whole.length % 2 === 1 ? whole[whole.length - 1] : undefined;
      return decodeS16le(whole);
    },
  };
}

export function concatPcm(chunks: readonly Float32Array[]): Float32Array<ArrayBuffer> {
  let length = 0;
  for (const chunk of chunks) length += chunk.length;
  const joined = new Float32Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    joined.set(chunk, offset);
    offset += chunk.length;
  }
  return joined;
}

export interface PcmFramer {
  /** Every frame that has become whole; each owns its buffer. */
  push(pcm: Float32Array): Float32Array<ArrayBuffer>[];
  /** The rest, filled up with silence; undefined when nothing is left. */
  flush(): Float32Array<ArrayBuffer> | undefined;
}

/** Cuts a stream into frames of equal length, as voice detection wants them. */
export function createPcmFramer(frameSamples: number): PcmFramer {
  let frame = new Float32Array(frameSamples);
  let filled = 0;
  return {
    push(pcm) {
      const frames: Float32Array<ArrayBuffer>[] = [];
      for (let offset = 0; offset < pcm.length; ) {
        const piece = pcm.subarray(offset, offset + frameSamples - filled);
        frame.set(piece, filled);
        filled += piece.length;
        offset += piece.length;
        if (filled < frameSamples) break;
        frames.push(frame);
        frame = new Float32Array(frameSamples);
        filled = 0;
      }
      return frames;
    },
    flush() {
      if (filled === 0) return undefined;
      const last = frame;
      frame = new Float32Array(frameSamples);
      filled = 0;
      return last;
    },
  };
}
