// How many weights a safetensors file holds, and of what kind they are.
import type { SafetensorsHeader } from "./safetensors-header.ts";

/** Bits of one element of the types that quantised weights are packed into. */
const packedBits: Readonly<Record<string, number>> = { U8: 8, I32: 32, U32: 32 };
/** Beside the packed weights lie their scales and zero points, which are packed too and count for nothing. */
const isPackedWeight = (name: string): boolean => /(^|\.)(qweight|weight|weight_packed)$/.test(name);

/** `bits`: of one weight, when several are packed into one element; null when they are not. */
export function countParameters({ tensors }: SafetensorsHeader, bits: number | null): number {
  let count = 0;
  for (const [name, { dtype, elementCount }] of tensors) {
    const elementBits = packedBits[dtype];
    if (bits === null || elementBits === undefined || elementBits <= bits) count += elementCount;
    else if (isPackedWeight(name)) count += Math.floor((elementCount * elementBits) / bits);
  }
  return count;
}

/** The type that most elements have; null for files without tensors. */
export function nameDtypes(headers: readonly SafetensorsHeader[]): string | null {
  const elements = new Map<string, number>();
  for (const { tensors } of headers) {
    for (const { dtype, elementCount } of tensors.values()) {
      elements.set(dtype, (elements.get(dtype) ?? 0) + elementCount);
    }
  }
  return [...elements].toSorted(([, a], [, b]) => b - a)[0]?.[0] ?? null;
}
