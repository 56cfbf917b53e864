// The far side of file-hasher.ts: reads a file that may still be growing, as far as it is told to, and hashes what it
// reads. Its reads are synchronous: nothing else runs here. What it has read is on its way to the disk from then on, so
// that the flush at the end of a download has little left to wait for.
import { closeSync, openSync, readSync } from "node:fs";
import { type Checksum, createHashes } from "../digests.ts";
import { loadStartWriteback } from "../start-writeback.ts";

export type HashOrder =
  | {
      kind: "begin";
      path: string;
      algorithms: readonly Checksum["algorithm"][];
      sizeBytes: number | null;
      /** One number in shared memory: anything but 0 ends a reach that is under way. */
      stop: Int32Array;
    }
  /** The first so many bytes are there. */
  | { kind: "reach"; bytes: number }
  /** And these are all. Also after a stop: the file is closed, and there is an answer. */
  | { kind: "finish"; bytes: number };

/** Null when it was stopped, or when the file turned out shorter, or could not be read: whoever asked then hashes it himself. */
export type HashAnswer = readonly (readonly [Checksum["algorithm"], string])[] | null;

declare const self: {
  addEventListener(type: "message", listener: (event: MessageEvent<HashOrder>) => void): void;
  postMessage(answer: HashAnswer, transfer: readonly ArrayBuffer[]): void;
};

const startWriteback = loadStartWriteback();
const piece = new Uint8Array(1 << 20);
let file = -1;
let hashedBytes = 0;
let stop: Int32Array = new Int32Array(1);
let hashes: ReturnType<typeof createHashes> = new Map();

function readPiece(bytes: number): number {
  try {
    return readSync(file, piece, 0, Math.min(piece.length, bytes), hashedBytes);
  } catch {
    return 0; // whoever hashes it then meets the same, and says what it is
  }
}

function reach(bytes: number): boolean {
  while (hashedBytes < bytes) {
    const read = readPiece(bytes - hashedBytes);
    if (read === 0 || Atomics.load(stop, 0) !== 0) return false;
    for (const hash of hashes.values()) hash.update(piece.subarray(0, read));
    hashedBytes += read;
  }
  return true;
}

self.addEventListener("message", ({ data: order }) => {
  switch (order.kind) {
    case "begin":
      file = openSync(order.path, "r");
      stop = order.stop;
      hashes = createHashes(order.algorithms, order.sizeBytes);
      return;
    case "reach": {
      const before = hashedBytes;
      reach(order.bytes);
      // A size of 0 would stand for all that follows.
      if (hashedBytes > before) startWriteback?.(file, before, hashedBytes - before);
      return;
    }
    case "finish": {
      const isWhole = reach(order.bytes);
      if (file >= 0) closeSync(file);
      const answer = isWhole ? [...hashes].map(([name, hash]) => [name, hash.digest("hex")] as const) : null;
      self.postMessage(answer, []);
    }
  }
});
