// Bits, most significant first, into a growing buffer.

export interface BitWriter {
  /** The low `count` (at most 24) bits of `value`. */
  write(value: number, count: number): void;
  /** A Rice code: the quotient in unary, the remainder in `parameter` bits. `value` is not negative. */
  writeRice(value: number, parameter: number): void;
  /** Zero bits up to the next byte. */
  align(): void;
  /** The whole bytes from `start` on, until the next write. */
  bytesFrom(start: number): Uint8Array;
  /** Whole bytes so far. */
  readonly sizeBytes: number;
  /** All bytes, aligned. */
  finish(): Uint8Array<ArrayBuffer>;
}

export function createBitWriter(): BitWriter {
  let bytes = new Uint8Array(4096);
  let size = 0;
  let pending = 0;
  let pendingBits = 0;

  const write = (value: number, count: number): void => {
    // At most 7 bits wait, so that 24 more fit into 31.
    pending = (pending << count) | (value & (2 ** count - 1));
    pendingBits += count;
    while (pendingBits >= 8) {
      pendingBits -= 8;
      if (size === bytes.length) {
        const grown = new Uint8Array(bytes.length * 2);
        grown.set(bytes);
        bytes = grown;
      }
      bytes[size++] = (pending >> pendingBits) & 0xff;
    }
    pending &= 2 ** pendingBits - 1;
  };
  const align = (): void => {
    if (pendingBits > 0) write(0, 8 - pendingBits);
  };

  return {
    write,
    writeRice(value, parameter) {
      let quotient = Math.floor(value / 2 ** parameter);
      for (; quotient >= 24; quotient -= 24) write(0, 24);
      write(1, quotient + 1);
      if (parameter > 0) write(value & (2 ** parameter - 1), parameter);
    },
    align,
    bytesFrom: (start) => bytes.subarray(start, size),
    get sizeBytes() {
      return size;
    },
    finish() {
      align();
      return bytes.slice(0, size);
    },
  };
}
