// The digest of a part, taken while it comes: of a small one from the bytes at hand, of a large one by a worker that
// reads them back. Nothing of it outlives the run: a part that an earlier run has left is hashed from its beginning.
import { type Checksum, createHashes, type FileDigests } from "../digests.ts";
import { createFileHasher, type FileHasher } from "./file-hasher.ts";

export interface DigestRequest {
  algorithms: readonly Checksum["algorithm"][];
  /** As far as it is known beforehand; git-blob needs it. */
  sizeBytes: number | null;
}

export interface PartDigest extends AsyncDisposable {
  /** `bytes` were written at `offset`, and the first `prefixBytes` of the part are there by now. */
  follow(bytes: Uint8Array, offset: number, prefixBytes: number): void;
  /** The part begins anew. */
  reset(): Promise<void>;
  /** Of the whole part; null when it could not be taken on the way. E_INTERRUPTED. */
  finish(sizeBytes: number, signal: AbortSignal): Promise<FileDigests | null>;
}

/** A worker takes 3 ms to start; this much is hashed in less than one, on the thread that has it. */
const smallBytes = 1 << 20;

export function createPartDigest(path: string, { algorithms, sizeBytes }: DigestRequest): PartDigest {
  let hashes = createHashes(algorithms, sizeBytes);
  let hashedBytes = 0;
  let hasher: FileHasher | null = null;
  const end = async (): Promise<void> => {
    const ended = hasher;
    hasher = null;
    await ended?.[Symbol.asyncDispose]();
  };
  return {
    follow(bytes, offset, prefixBytes) {
      if (hasher === null && prefixBytes <= smallBytes) {
        if (offset !== hashedBytes) return;
        for (const hash of hashes.values()) hash.update(bytes);
        hashedBytes += bytes.length;
        return;
      }
      hasher ??= createFileHasher(path, algorithms, sizeBytes);
      hasher.reach(prefixBytes);
    },
    async reset() {
      await end();
      hashes = createHashes(algorithms, sizeBytes);
      hashedBytes = 0;
    },
    async finish(wholeBytes, signal) {
      if (hasher) {
        const digests = await hasher.finish(wholeBytes, signal);
        return digests && { sizeBytes: wholeBytes, digests };
      }
      if (hashedBytes !== wholeBytes) return null;
      return {
        sizeBytes: wholeBytes,
        digests: new Map([...hashes].map(([algorithm, hash]) => [algorithm, hash.digest("hex")])),
      };
    },
    [Symbol.asyncDispose]: end,
  };
}
