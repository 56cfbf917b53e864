// One channel of one FLAC frame (RFC 9639, 9.2): a prediction and what it missed.
import { AppError } from "../../base/errors.ts";
import type { BitReader } from "./bit-reader.ts";

export const createFlacDamage = (what: string): AppError =>
  new AppError("E_ARGS", `the FLAC file is damaged (${what}); record or send it again`);

/** Binomial coefficients with signs: what the fixed predictors of order 0 to 4 add up. */
const fixedPredictors: readonly (readonly number[])[] = [[], [1], [2, -1], [3, -3, 1], [4, -6, 4, -1]];

/** Reads `target.length` samples of `bits` bits (at most 33 in a side channel). */
export function readSubframe(reader: BitReader, target: Float64Array, sampleBits: number): void {
  if (reader.read(1) !== 0) throw createFlacDamage("a subframe does not begin as one");
  const type = reader.read(6);
  const wastedBits = reader.read(1) === 1 ? reader.readUnary() + 1 : 0;
  const bits = sampleBits - wastedBits;
  if (bits < 1) throw createFlacDamage("a subframe without any bits");
  if (type === 0) target.fill(readWide(reader, bits));
  else if (type === 1) for (let i = 0; i < target.length; i++) target[i] = readWide(reader, bits);
  else if (type >= 8 && type <= 12) readFixed(reader, target, bits, type - 8);
  else if (type >= 32) readLinear(reader, target, bits, type - 31);
  else throw createFlacDamage(`a subframe of unknown type ${type}`);
  if (wastedBits > 0) for (let i = 0; i < target.length; i++) target[i] = (target[i] ?? 0) * 2 ** wastedBits;
}

/** Signed, up to 33 bits. */
function readWide(reader: BitReader, bits: number): number {
  return bits <= 32 ? reader.readSigned(bits) : reader.readSigned(bits - 1) * 2 + reader.read(1);
}

function readFixed(reader: BitReader, target: Float64Array, bits: number, order: number): void {
  readWarmUp(reader, target, bits, order);
  readResidual(reader, target, order);
  predict(target, fixedPredictors[order] ?? [], 1);
}

function readLinear(reader: BitReader, target: Float64Array, bits: number, order: number): void {
  readWarmUp(reader, target, bits, order);
  const precision = reader.read(4) + 1;
  const shift = reader.readSigned(5);
  if (precision === 16 || shift < 0) throw createFlacDamage("a predictor that is none");
  const coefficients = Array.from({ length: order }, () => reader.readSigned(precision));
  readResidual(reader, target, order);
  predict(target, coefficients, 2 ** shift);
}

function readWarmUp(reader: BitReader, target: Float64Array, bits: number, order: number): void {
  if (order > target.length) throw createFlacDamage("a predictor longer than its block");
  for (let i = 0; i < order; i++) target[i] = readWide(reader, bits);
}

/** Adds to each residual what the samples before it foretell: doubles hold all sums exactly up to 24-bit sound. */
function predict(target: Float64Array, coefficients: readonly number[], divisor: number): void {
  const order = coefficients.length;
  for (let i = order; i < target.length; i++) {
    let sum = 0;
    for (let j = 0; j < order; j++) sum += (coefficients[j] as number) * (target[i - 1 - j] as number);
    target[i] = (target[i] as number) + Math.floor(sum / divisor);
  }
}

/** Rice codes in partitions (RFC 9639, 9.2.7). */
function readResidual(reader: BitReader, target: Float64Array, order: number): void {
  const method = reader.read(2);
  if (method > 1) throw createFlacDamage("an unknown coding of residuals");
  const parameterBits = method === 0 ? 4 : 5;
  const escape = 2 ** parameterBits - 1;
  const partitionOrder = reader.read(4);
  const partitionSamples = target.length / 2 ** partitionOrder;
  if (!Number.isInteger(partitionSamples) || partitionSamples < order) {
    throw createFlacDamage("partitions that do not fit the block");
  }
  let at = order;
  for (let end = partitionSamples; end <= target.length; end += partitionSamples) {
    const parameter = reader.read(parameterBits);
    if (parameter === escape) {
      const rawBits = reader.read(5);
      for (; at < end; at++) target[at] = rawBits === 0 ? 0 : reader.readSigned(rawBits);
      continue;
    }
    const factor = 2 ** parameter;
    for (; at < end; at++) {
      const value = reader.readUnary() * factor + (parameter === 0 ? 0 : reader.read(parameter));
      // Zigzag: even numbers are the positive ones.
      target[at] = value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    }
  }
}
