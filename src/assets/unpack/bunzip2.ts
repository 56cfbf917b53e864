// bzip2, undone as it comes, with its checksums proved. One block (at most 900 kB) is in memory at a time, and the thread
// is given back several times within each. (Layout: J. Tsai, "BZIP2 Format Specification", 2016.)
import { BrokenArchiveError } from "./archive-entry.ts";
import { createBitReader } from "./bit-reader.ts";
import { createBlockReader } from "./bzip2-block.ts";

const blockMagic = [0x314159, 0x265359] as const;
const endMagic = [0x177245, 0x385090] as const;
const outputBytes = 1 << 17;

export async function* bunzip2(
  input: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const bits = createBitReader(input);
  try {
    // Several streams may follow each other: parallel compressors write them so.
    for (let stream = 0; (await bits.prepare(4)) || stream === 0; stream++) {
      if (bits.take(24) !== 0x425a68) {
        throw new BrokenArchiveError(stream === 0 ? "no bzip2" : "something else after its end");
      }
      const level = bits.take(8) - 0x30;
      if (level < 1 || level > 9) throw new BrokenArchiveError("a block size that does not exist");
      const blocks = createBlockReader(bits, level * 100_000);
      // A block's symbols take at most 20 bits each.
      const longestBlockBytes = Math.ceil(level * 100_000 * 2.5) + (1 << 16);
      let combined = 0;
      for (;;) {
        await bits.prepare(longestBlockBytes);
        const magic = [bits.take(24), bits.take(24)];
        const crc = ((bits.take(16) << 16) | bits.take(16)) >>> 0;
        if (magic[0] === endMagic[0] && magic[1] === endMagic[1]) {
          if (crc !== combined) throw new BrokenArchiveError("a wrong checksum");
          bits.align();
          break;
        }
        if (magic[0] !== blockMagic[0] || magic[1] !== blockMagic[1]) {
          throw new BrokenArchiveError("a block that is none");
        }
        const head = blocks.readHead();
        while (!blocks.readSymbols(head)) await nextTurn();
        yield* unfold(blocks.order(head), crc);
        combined = (((combined << 1) | (combined >>> 31)) ^ crc) >>> 0;
      }
    }
  } finally {
    await bits.close();
  }
}

/** Follows the block's order, and undoes its first step: four equal bytes are followed by a count of further ones. */
async function* unfold(
  { order, start, length }: { order: Uint32Array; start: number; length: number },
  expectedCrc: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  let crc = 0xffffffff;
  let output = new Uint8Array(outputBytes);
  let filled = 0;
  let run = 0;
  let previous = -1;
  let entry = start;
  for (let i = 0; i < length; i++) {
    entry = order[entry >>> 8] as number;
    const byte = entry & 0xff;
    let count = 1;
    if (run === 4) {
      count = byte;
      run = 0;
    } else {
      run = byte === previous ? run + 1 : 1;
      previous = byte;
    }
    const value = previous;
    for (; count > 0; count--) {
      output[filled++] = value;
      crc = ((crc << 8) ^ (crcTable[(crc >>> 24) ^ value] as number)) >>> 0;
      if (filled === outputBytes) {
        yield output;
        output = new Uint8Array(outputBytes);
        filled = 0;
      }
    }
    if (run === 0) previous = -1;
  }
  if ((crc ^ 0xffffffff) >>> 0 !== expectedCrc) throw new BrokenArchiveError("a wrong checksum");
  if (filled > 0) yield output.subarray(0, filled);
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** CRC-32 with the highest bit first, polynomial 0x04c11db7. */
const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit++) crc = crc < 0 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  return crc >>> 0;
});
