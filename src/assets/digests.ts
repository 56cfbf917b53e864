// The digests that prove bytes, and what makes them.
import { createHash, type Hash } from "node:crypto";

export interface Checksum {
  /** `git-blob`: sha1 over the header "blob <size>\0" and the content, which the hub gives for small files. */
  algorithm: "sha256" | "sha512" | "git-blob";
  /** Lower-case hex. */
  digest: string;
}

export interface FileDigests {
  sizeBytes: number;
  /** Lower-case hex, of the algorithms that were asked for. */
  digests: ReadonlyMap<Checksum["algorithm"], string>;
}

/** `sizeBytes` has to be known for git-blob. */
export function createHashes(
  algorithms: readonly Checksum["algorithm"][],
  sizeBytes: number | null,
): Map<Checksum["algorithm"], Hash> {
  const create = (algorithm: Checksum["algorithm"]): Hash =>
    algorithm === "git-blob" ? createHash("sha1").update(`blob ${sizeBytes}\0`) : createHash(algorithm);
  return new Map(algorithms.map((algorithm) => [algorithm, create(algorithm)]));
}
