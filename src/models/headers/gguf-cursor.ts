// Reads little-endian values one after the other out of the part of a file that is there so far.
import { AppError } from "../../base/errors.ts";

/** More of the file is needed: so many bytes from its start. */
export class HeaderCut extends Error {
  readonly neededBytes: number;

  constructor(neededBytes: number) {
    super("the header goes on");
    this.neededBytes = neededBytes;
  }
}

export interface GgufCursor {
  readonly offset: number;
  readonly label: string;
  readonly sizeBytes: number;
  /** The position of the next `count` bytes, which are then behind it. */
  skip(count: number): number;
  u8(): number;
  i8(): number;
  u16(): number;
  i16(): number;
  u32(): number;
  i32(): number;
  f32(): number;
  f64(): number;
  /** A number where that is exact. */
  u64(): number | bigint;
  i64(): number | bigint;
  /** A 64-bit count that is at most `most`; else E_VERIFY. */
  count(what: string, most: number): number;
  /** UTF-8 with its 64-bit length before it; longer than `most` bytes is E_VERIFY. */
  text(what: string, most: number): string;
  /** Passes over such a text. */
  skipText(what: string, most: number): void;
  refuse(what: string): AppError;
}

/** `bytes` are the file's first ones; `sizeBytes` is the whole file's. */
export function createGgufCursor(bytes: Uint8Array, file: { label: string; sizeBytes: number }): GgufCursor {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const decoder = new TextDecoder();
  let offset = 0;

  const refuse = (what: string): AppError =>
    new AppError("E_VERIFY", `${file.label} is no sound GGUF file: ${what}; fetch it again`, {
      source: file.label,
      at_byte: offset,
    });
  const skip = (count: number): number => {
    const at = offset;
    if (at + count > file.sizeBytes) throw refuse("it ends within its header");
    if (at + count > bytes.length) throw new HeaderCut(at + count);
    offset = at + count;
    return at;
  };
  const exact = (value: bigint): number | bigint => {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  };
  const count = (what: string, most: number): number => {
    const value = view.getBigUint64(skip(8), true);
    if (value > BigInt(Math.floor(most))) throw refuse(`${what} is ${value}, which is too much`);
    return Number(value);
  };
  return {
    label: file.label,
    sizeBytes: file.sizeBytes,
    get offset() {
      return offset;
    },
    skip,
    u8: () => view.getUint8(skip(1)),
    i8: () => view.getInt8(skip(1)),
    u16: () => view.getUint16(skip(2), true),
    i16: () => view.getInt16(skip(2), true),
    u32: () => view.getUint32(skip(4), true),
    i32: () => view.getInt32(skip(4), true),
    f32: () => view.getFloat32(skip(4), true),
    f64: () => view.getFloat64(skip(8), true),
    u64: () => exact(view.getBigUint64(skip(8), true)),
    i64: () => exact(view.getBigInt64(skip(8), true)),
    count,
    text(what, most) {
      const length = count(`the length of ${what}`, most);
      const at = skip(length);
      return decoder.decode(bytes.subarray(at, at + length));
    },
    skipText(what, most) {
      skip(count(`the length of ${what}`, most));
    },
    refuse,
  };
}
