// G.711, the telephone's eight-bit samples: µ-law (North America, Japan) and A-law (elsewhere). 8 kHz mono by convention.
// The segment tables follow ITU-T G.711 (11/88); 16-bit linear on this side.

const muLawBias = 0x84;
const muLawClip = 32_635;

function encodeMuLawSample(linear: number): number {
  const sign = linear < 0 ? 0x80 : 0;
  const magnitude = Math.min(muLawClip, Math.abs(linear)) + muLawBias;
  // The segment is the place of the highest bit, counted from bit 7.
  const segment = 31 - Math.clz32(magnitude) - 7;
  const mantissa = (magnitude >> (segment + 3)) & 0x0f;
  return ~(sign | (segment << 4) | mantissa) & 0xff;
}

function decodeMuLawSample(byte: number): number {
  const code = ~byte & 0xff;
  const magnitude = (((code & 0x0f) << 3) + muLawBias) << ((code & 0x70) >> 4);
  return code & 0x80 ? muLawBias - magnitude : magnitude - muLawBias;
}

function encodeALawSample(linear: number): number {
  // Thirteen bits; negative values count from −1 down, so that both signs have the same steps.
  const value = linear >> 3;
  const sign = value < 0 ? 0 : 0x80;
  const magnitude = Math.min(0xfff, value < 0 ? -value - 1 : value);
  const segment = Math.max(0, 31 - Math.clz32(magnitude) - 4);
  const mantissa = (magnitude >> Math.max(1, segment)) & 0x0f;
  return (sign | (segment << 4) | mantissa) ^ 0x55;
}

function decodeALawSample(byte: number): number {
  const code = byte ^ 0x55;
  const segment = (code & 0x70) >> 4;
  const mantissa = (code & 0x0f) << 4;
  // The middle of the step: + 8 in the linear first segment, and the leading one in those above it.
  const magnitude = segment === 0 ? mantissa + 8 : (mantissa + 0x108) << (segment - 1);
  return code & 0x80 ? magnitude : -magnitude;
}

const tableOf = (decode: (byte: number) => number): Float32Array =>
  Float32Array.from({ length: 256 }, (_, byte) => decode(byte) / 32_768);
const muLawTable = tableOf(decodeMuLawSample);
const aLawTable = tableOf(decodeALawSample);

function encode(pcm: Float32Array, encodeSample: (linear: number) => number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(pcm.length);
  for (let i = 0; i < pcm.length; i++) {
    const linear = Math.round((pcm[i] ?? 0) * 32_768);
    // NaN falls through both comparisons and is silence, as in pcm.ts.
    bytes[i] = encodeSample(linear > 32_767 ? 32_767 : linear < -32_768 ? -32_768 : linear | 0);
  }
  return bytes;
}

function decode(bytes: Uint8Array, table: Float32Array): Float32Array<ArrayBuffer> {
  const pcm = new Float32Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) pcm[i] = table[bytes[i] ?? 0] ?? 0;
  return pcm;
}

/** One byte for each sample; values out of [-1, 1] are clipped. */
export const encodeMuLaw = (pcm: Float32Array): Uint8Array<ArrayBuffer> => encode(pcm, encodeMuLawSample);
export const decodeMuLaw = (bytes: Uint8Array): Float32Array<ArrayBuffer> => decode(bytes, muLawTable);
/** One byte for each sample; values out of [-1, 1] are clipped. */
export const encodeALaw = (pcm: Float32Array): Uint8Array<ArrayBuffer> => encode(pcm, encodeALawSample);
export const decodeALaw = (bytes: Uint8Array): Float32Array<ArrayBuffer> => decode(bytes, aLawTable);
