// Bits of a byte stream, highest first. The bytes are brought in ahead of their use, so that reading them is plain
// arithmetic: who reads knows how many bytes may be needed at most.
import { BrokenArchiveError } from "./archive-entry.ts";

export interface BitReader {
  /** Resolves when `count` bytes are at hand, or all there are. False when there are none at all. */
  prepare(count: number): Promise<boolean>;
  /** The next `count` bits (0 to 24) as a number. Throws BrokenArchiveError when the stream is over. */
  take(count: number): number;
  /** The next 1 to 16 bits without taking them; beyond the end there are zeros. */
  peek(count: number): number;
  /** Drops what is left of a byte that has been begun. */
  align(): void;
  close(): Promise<void>;
}

export function createBitReader(input: AsyncIterable<Uint8Array>): BitReader {
  const iterator = input[Symbol.asyncIterator]();
  let bytes: Uint8Array = new Uint8Array();
  let position = 0;
  /** The lowest `bitCount` bits are those that come next. */
  let bits = 0;
  let bitCount = 0;

  return {
    async prepare(count) {
      if (bytes.length - position >= count) return true;
      const pieces = [bytes.subarray(position)];
      let length = bytes.length - position;
      while (length < count) {
        const next = await iterator.next();
        if (next.done) break;
        pieces.push(next.value);
        length += next.value.length;
      }
      bytes = Buffer.concat(pieces);
      position = 0;
      return length > 0 || bitCount > 0;
    },
    take(count) {
      while (bitCount < count) {
        if (position >= bytes.length) throw new BrokenArchiveError("it ends too early");
        bits = (bits << 8) | (bytes[position++] as number);
        bitCount += 8;
      }
      bitCount -= count;
      const value = (bits >>> bitCount) & ((1 << count) - 1);
      bits &= (1 << bitCount) - 1;
      return value;
    },
    peek(count) {
      while (bitCount < count && position < bytes.length) {
        bits = (bits << 8) | (bytes[position++] as number);
        bitCount += 8;
      }
      const missing = Math.max(0, count - bitCount);
      return missing > 0 ? (bits << missing) & ((1 << count) - 1) : bits >>> (bitCount - count);
    },
    align() {
      bitCount -= bitCount % 8;
      bits &= (1 << bitCount) - 1;
    },
    async close() {
      await iterator.return?.();
    },
  };
}
