// FLAC (RFC 9639), mono, 16 bits, as a stream: fixed predictors and partitioned Rice codes. Own code, since it needs no
// library to be lossless. Synthesised speech at 24 kHz comes out no larger than ffmpeg's default makes it (7 to 10 % smaller,
// measured); sound without any treble up to a third larger, where linear prediction would pay.
// Length and checksum of the whole are left open in the header, for it goes out before the end is known.
import { createPcmFramer } from "../pcm.ts";
import { createBitWriter, type BitWriter } from "./bit-writer.ts";
import { createCrc } from "./crc.ts";
import type { EncoderAtRate } from "./encoder-port.ts";

/** 85 ms at 24 kHz: short enough to stream, long enough for its header not to matter. */
const blockSamples = 2048;
/** RFC 9639, 9.1.1: 256 · 2^(n − 8), here 2048. */
const blockSizeCode = 11;
const maxRiceParameter = 14;
const maxPartitionOrder = 5;

const crc8 = createCrc(0x07, 8);
const crc16 = createCrc(0x8005, 16);

export const createFlacEncoderAtRate: EncoderAtRate = ({ sampleRateHz }) => {
  const framer = createPcmFramer(blockSamples);
  let frameNumber = 0;
  let isStarted = false;
  let rest = 0;
  const encode = (frames: readonly Float32Array[]): Uint8Array<ArrayBuffer> => {
    const writer = createBitWriter();
    if (!isStarted) writeStreamInfo(writer, sampleRateHz);
    isStarted = true;
    for (const frame of frames) writeFrame(writer, quantize(frame), frameNumber++);
    return writer.finish();
  };
  return Promise.resolve({
    sampleRateHz,
    push(pcm) {
      rest = (rest + pcm.length) % blockSamples;
      return encode(framer.push(pcm));
    },
    // The framer fills up with silence; a last block may be short, so the silence stays out.
    finish() {
      const last = framer.flush();
      return encode(last ? [last.subarray(0, rest)] : []);
    },
    [Symbol.dispose]: () => undefined,
  });
};

function quantize(pcm: Float32Array): Int32Array {
  const samples = new Int32Array(pcm.length);
  for (let i = 0; i < pcm.length; i++) {
    const value = Math.round((pcm[i] ?? 0) * 32_768);
    // NaN falls through and becomes 0 in the array.
    samples[i] = value > 32_767 ? 32_767 : value < -32_768 ? -32_768 : value;
  }
  return samples;
}

/** RFC 9639, 8: the marker and the one metadata block that must be there. */
function writeStreamInfo(writer: BitWriter, sampleRateHz: number): void {
  for (const byte of new TextEncoder().encode("fLaC")) writer.write(byte, 8);
  writer.write(0x80, 8);
  writer.write(34, 24);
  writer.write(blockSamples, 16);
  writer.write(blockSamples, 16);
  // Smallest and largest frame: unknown.
  writer.write(0, 24);
  writer.write(0, 24);
  writer.write(sampleRateHz, 20);
  writer.write(0, 3);
  writer.write(15, 5);
  // Samples in all (36 bits) and the MD5 of the sound: unknown.
  for (let i = 0; i < 4; i++) writer.write(0, 9);
  for (let i = 0; i < 16; i++) writer.write(0, 8);
}

function writeFrame(writer: BitWriter, samples: Int32Array, frameNumber: number): void {
  const start = writer.sizeBytes;
  const isWhole = samples.length === blockSamples;
  // Sync code and "all blocks of one size".
  writer.write(0xfff8, 16);
  // A short last block tells its size in 16 bits (7); the rate is that of the header (0).
  writer.write(isWhole ? blockSizeCode : 7, 4);
  writer.write(0, 4);
  // One channel, 16 bits.
  writer.write(0, 4);
  writer.write(4, 3);
  writer.write(0, 1);
  writeFrameNumber(writer, frameNumber);
  if (!isWhole) writer.write(samples.length - 1, 16);
  writer.write(crc8(writer.bytesFrom(start)), 8);
  writeSubframe(writer, samples);
  writer.align();
  writer.write(crc16(writer.bytesFrom(start)), 16);
}

/** As UTF-8 writes a code point, up to 36 bits (RFC 9639, 9.1.5). */
function writeFrameNumber(writer: BitWriter, value: number): void {
  if (value < 0x80) {
    writer.write(value, 8);
    return;
  }
  let more = 1;
  while (value >= 2 ** (more * 5 + 6)) more += 1;
  const lead = (0xff00 >> (more + 1)) & 0xff;
  writer.write(lead | Math.floor(value / 2 ** (more * 6)), 8);
  for (let i = more - 1; i >= 0; i--) writer.write(0x80 | (Math.floor(value / 2 ** (i * 6)) & 0x3f), 8);
}

function writeSubframe(writer: BitWriter, samples: Int32Array): void {
  if (samples.every((sample) => sample === samples[0])) {
    writer.write(0, 8);
    writer.write((samples[0] ?? 0) & 0xffff, 16);
    return;
  }
  const { order, residual } = selectPredictor(samples);
  const plan = planRice(residual, order);
  const verbatimBits = samples.length * 16;
  if (plan.bits >= verbatimBits) {
    writer.write(1 << 1, 8);
    for (const sample of samples) writer.write(sample & 0xffff, 16);
    return;
  }
  writer.write((8 | order) << 1, 8);
  for (const sample of samples.subarray(0, order)) writer.write(sample & 0xffff, 16);
  writer.write(0, 2);
  writer.write(plan.partitionOrder, 4);
  let at = order;
  for (const [index, parameter] of plan.parameters.entries()) {
    writer.write(parameter, 4);
    const end = ((index + 1) * samples.length) >> plan.partitionOrder;
    for (; at < end; at++) writer.writeRice(zigzag(residual[at] ?? 0), parameter);
  }
}

/** Differences of order 0 to 4 (RFC 9639, 9.2.6); the one whose magnitudes sum to least. */
function selectPredictor(samples: Int32Array): { order: number; residual: Int32Array } {
  let current = samples;
  let best = { order: 0, residual: samples, sum: Number.POSITIVE_INFINITY };
  for (let order = 0; order <= 4 && order < samples.length; order++) {
    if (order > 0) {
      const next = new Int32Array(current.length);
      for (let i = order; i < next.length; i++) next[i] = (current[i] ?? 0) - (current[i - 1] ?? 0);
      current = next;
    }
    let sum = 0;
    for (let i = order; i < current.length; i++) sum += Math.abs(current[i] ?? 0);
    if (sum < best.sum) best = { order, residual: current, sum };
  }
  return best;
}

interface RicePlan {
  partitionOrder: number;
  parameters: number[];
  bits: number;
}

/** The number of partitions, and the parameter of each, that cost the fewest bits. */
function planRice(residual: Int32Array, order: number): RicePlan {
  let best: RicePlan | undefined;
  for (let partitionOrder = 0; partitionOrder <= maxPartitionOrder; partitionOrder++) {
    const partitions = 1 << partitionOrder;
    if (residual.length % partitions !== 0 || residual.length / partitions <= order) break;
    const parameters: number[] = [];
    let bits = 8 + 6 + order * 16;
    for (let index = 0; index < partitions; index++) {
      const start = Math.max(order, (index * residual.length) >> partitionOrder);
      const end = ((index + 1) * residual.length) >> partitionOrder;
      let sum = 0;
      for (let i = start; i < end; i++) sum += zigzag(residual[i] ?? 0);
      const count = end - start;
      // The best parameter is near the logarithm of the mean; the estimate of its cost is within a bit for each sample.
      const mean = sum / Math.max(1, count);
      const parameter = Math.min(maxRiceParameter, Math.max(0, Math.floor(Math.log2(mean + 1))));
      parameters.push(parameter);
      bits += 4 + count * (parameter + 1) + sum / 2 ** parameter;
    }
    if (!best || bits < best.bits) best = { partitionOrder, parameters, bits };
  }
  return best ?? { partitionOrder: 0, parameters: [0], bits: Number.POSITIVE_INFINITY };
}

/** 0, −1, 1, −2 … as 0, 1, 2, 3 … */
const zigzag = (value: number): number => (value < 0 ? -2 * value - 1 : 2 * value);
