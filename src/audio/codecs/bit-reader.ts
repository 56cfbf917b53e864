// Bits, most significant first, out of a buffer, up to a limit.

/** Thrown when a read goes past the limit. */
export class EndOfBits extends Error {}

export interface BitReader {
  /** Up to 32 bits as a number that is not negative. */
  read(count: number): number;
  /** The same as two's complement. */
  readSigned(count: number): number;
  /** Zeros before the next one, which is taken, too. */
  readUnary(): number;
  /** Bits up to the next byte are passed over. */
  align(): void;
  /** In whole bytes; after `align`, the next byte to read. */
  offset: number;
  /** Reads end here. */
  limit: number;
}

export function createBitReader(bytes: Uint8Array): BitReader {
  let offset = 0;
  let limit = bytes.length;
  /** Bits of the byte before `offset` that have not been read yet. */
  let left = 0;

  const read = (count: number): number => {
    let value = 0;
    let wanted = count;
    while (wanted > 0) {
      if (left === 0) {
        if (offset >= limit) throw new EndOfBits();
        offset += 1;
        left = 8;
      }
      const taken = Math.min(wanted, left);
      const byte = bytes[offset - 1] ?? 0;
      // Multiplied, not shifted: 32 bits do not fit into a signed number.
      value = value * 2 ** taken + ((byte >> (left - taken)) & (2 ** taken - 1));
      left -= taken;
      wanted -= taken;
    }
    return value;
  };

  return {
    read,
    readSigned(count) {
      const value = read(count);
      return value >= 2 ** (count - 1) ? value - 2 ** count : value;
    },
    readUnary() {
      let zeros = 0;
      for (;;) {
        const rest = left === 0 ? 0 : (bytes[offset - 1] ?? 0) & (2 ** left - 1);
        if (rest !== 0) {
          const place = 31 - Math.clz32(rest);
          zeros += left - 1 - place;
          left = place;
          return zeros;
        }
        zeros += left;
        if (offset >= limit) throw new EndOfBits();
        offset += 1;
        left = 8;
      }
    },
    align() {
      left = 0;
    },
    get offset() {
      return offset;
    },
    set offset(value) {
      offset = value;
      left = 0;
    },
    get limit() {
      return limit;
    },
    set limit(value) {
      limit = Math.min(value, bytes.length);
    },
  };
}
