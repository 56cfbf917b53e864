// One table of canonical Huffman codes of at most 20 bits: most are told by one look at the next ten bits.
import { BrokenArchiveError } from "./archive-entry.ts";
import type { BitReader } from "./bit-reader.ts";

export const longestCodeBits = 20;
const lookupBits = 10;

export interface HuffmanTable {
  /** By the next `lookupBits` bits: symbol × 32 + length; 0 for codes that are longer. */
  readonly lookup: Uint32Array;
  /** By length: the highest code of that length, -1 for none. */
  readonly limit: Int32Array;
  /** By length: what is taken from a code to get its place in `symbols`. */
  readonly base: Int32Array;
  /** In the order of their codes. */
  readonly symbols: Uint16Array;
}

/** `lengths` has one for each symbol, 1 to 20. */
export function buildHuffmanTable(lengths: Uint8Array): HuffmanTable {
  const symbols = new Uint16Array(lengths.length);
  const limit = new Int32Array(longestCodeBits + 1).fill(-1);
  const base = new Int32Array(longestCodeBits + 1);
  const lookup = new Uint32Array(1 << lookupBits);
  let code = 0;
  let place = 0;
  for (let length = 1; length <= longestCodeBits; length++) {
    base[length] = code - place;
    for (let symbol = 0; symbol < lengths.length; symbol++) {
      if (lengths[symbol] !== length) continue;
      if (length <= lookupBits) {
        const from = code << (lookupBits - length);
        lookup.fill(symbol * 32 + length, from, from + (1 << (lookupBits - length)));
      }
      symbols[place++] = symbol;
      code += 1;
    }
    if (code > 1 << length) throw new BrokenArchiveError("a table with too many codes");
    limit[length] = code - 1;
    code <<= 1;
  }
  return { lookup, limit, base, symbols };
}

export function readSymbol(bits: BitReader, table: HuffmanTable): number {
  const quick = table.lookup[bits.peek(lookupBits)] as number;
  if (quick !== 0) {
    bits.take(quick & 31);
    return quick >>> 5;
  }
  let code = bits.take(lookupBits);
  for (let length = lookupBits + 1; length <= longestCodeBits; length++) {
    code = (code << 1) | bits.take(1);
    if (code <= (table.limit[length] as number)) {
      const symbol = table.symbols[code - (table.base[length] as number)];
      if (symbol !== undefined) return symbol;
    }
  }
  throw new BrokenArchiveError("a code that no table has");
}
