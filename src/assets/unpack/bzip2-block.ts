// One block of bzip2: its tables, its symbols (Huffman, move-to-front, runs), and the order that undoes the
// Burrows-Wheeler transform.
import { BrokenArchiveError } from "./archive-entry.ts";
import type { BitReader } from "./bit-reader.ts";
import { buildHuffmanTable, type HuffmanTable, longestCodeBits, readSymbol } from "./huffman-table.ts";

export interface BlockHead {
  readonly tables: readonly HuffmanTable[];
  /** Which table the next 50 symbols are written with. */
  readonly selectors: Uint8Array;
  readonly origin: number;
  readonly endSymbol: number;
  /** Bytes, the most recently used first. */
  readonly recent: Uint8Array;
}

export interface BlockReader {
  readHead(): BlockHead;
  /** Reads a part of the symbols; true when the block's end has been read. */
  readSymbols(head: BlockHead): boolean;
  /** Each entry is the place of its successor × 256 + the byte; owned by the reader until the next block. */
  order(head: BlockHead): { order: Uint32Array; start: number; length: number };
}

const groupSymbols = 50;
/** Two or three milliseconds of work. */
const groupsPerTurn = 1_000;

export function createBlockReader(bits: BitReader, maxBytes: number): BlockReader {
  const block = new Uint32Array(maxBytes);
  let length = 0;
  let group = 0;
  let runLength = 0;
  let runWeight = 1;

  const append = (byte: number, count: number): void => {
    if (length + count > maxBytes) throw new BrokenArchiveError("a block that is too long");
    block.fill(byte, length, length + count);
    length += count;
  };

  return {
    readHead() {
      [length, group, runLength, runWeight] = [0, 0, 0, 1];
      if (bits.take(1) === 1)
        throw new BrokenArchiveError("a randomised block, which no program writes any more");
      const origin = bits.take(24);
      const recent = readUsedBytes(bits);
      const symbolCount = recent.length + 2;
      const tableCount = bits.take(3);
      const selectorCount = bits.take(15);
      if (tableCount < 2 || tableCount > 6 || selectorCount < 1) {
        throw new BrokenArchiveError("a block without its tables");
      }
      const selectors = readSelectors(bits, selectorCount, tableCount);
      const tables = Array.from({ length: tableCount }, () =>
        buildHuffmanTable(readLengths(bits, symbolCount)),
      );
      return { tables, selectors, origin, endSymbol: symbolCount - 1, recent };
    },

    readSymbols({ tables, selectors, endSymbol, recent }) {
      for (const lastGroup = group + groupsPerTurn; group < lastGroup; group++) {
        const table = tables[selectors[group] ?? -1];
        if (!table) throw new BrokenArchiveError("more symbols than were announced");
        for (let i = 0; i < groupSymbols; i++) {
          const symbol = readSymbol(bits, table);
          if (symbol < 2) {
            // A run is counted in a number system with the digits 1 and 2.
            runLength += runWeight << symbol;
            runWeight *= 2;
            if (runLength > maxBytes) throw new BrokenArchiveError("a block that is too long");
            continue;
          }
          if (runLength > 0) {
            append(recent[0] as number, runLength);
            [runLength, runWeight] = [0, 1];
          }
          if (symbol === endSymbol) return true;
          const byte = recent[symbol - 1] as number;
          recent.copyWithin(1, 0, symbol - 1);
          recent[0] = byte;
          append(byte, 1);
        }
      }
      return false;
    },

    order({ origin }) {
      if (origin >= length) throw new BrokenArchiveError("a block that begins outside itself");
      const starts = new Uint32Array(256);
      for (let i = 0; i < length; i++) {
        const byte = (block[i] as number) & 0xff;
        starts[byte] = (starts[byte] as number) + 1;
      }
      let sum = 0;
      for (let byte = 0; byte < 256; byte++) {
        const count = starts[byte] as number;
        starts[byte] = sum;
        sum += count;
      }
      for (let i = 0; i < length; i++) {
        const byte = (block[i] as number) & 0xff;
        const at = starts[byte] as number;
        starts[byte] = at + 1;
        block[at] = ((block[at] as number) & 0xff) | (i << 8);
      }
      return { order: block, start: block[origin] as number, length };
    },
  };
}

function readUsedBytes(bits: BitReader): Uint8Array {
  const rows = bits.take(16);
  const used: number[] = [];
  for (let row = 0; row < 16; row++) {
    if ((rows & (0x8000 >>> row)) === 0) continue;
    const columns = bits.take(16);
    for (let column = 0; column < 16; column++) {
      if ((columns & (0x8000 >>> column)) !== 0) used.push(row * 16 + column);
    }
  }
  if (used.length === 0) throw new BrokenArchiveError("a block without bytes");
  return Uint8Array.from(used);
}

function readSelectors(bits: BitReader, count: number, tableCount: number): Uint8Array {
  const recent = Array.from({ length: tableCount }, (_, table) => table);
  return Uint8Array.from({ length: count }, () => {
    let place = 0;
    while (bits.take(1) === 1) {
      place += 1;
      if (place >= tableCount) throw new BrokenArchiveError("a table that is not there");
    }
    const [table] = recent.splice(place, 1);
    recent.unshift(table as number);
    return table as number;
  });
}

function readLengths(bits: BitReader, symbolCount: number): Uint8Array {
  let length = bits.take(5);
  return Uint8Array.from({ length: symbolCount }, () => {
    for (;;) {
      if (length < 1 || length > longestCodeBits) throw new BrokenArchiveError("a code that is too long");
      if (bits.take(1) === 0) return length;
      length += bits.take(1) === 0 ? 1 : -1;
    }
  });
}
