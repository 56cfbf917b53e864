// Digests of files on disk, read in pieces so that the event loop goes on between them.
import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { throwIfAborted } from "../base/deadline.ts";
import { type Checksum, createHashes, type FileDigests } from "./digests.ts";
import { createFileHasher } from "./transfer/file-hasher.ts";

export { type Checksum, type FileDigests } from "./digests.ts";

/** 1 MiB takes about 0.6 ms to hash: short enough to do on the serving thread. */
const pieceBytes = 1 << 20;

/** From here on a worker is worth its start: whoever hashes, the thread that serves has nothing to do with it. */
const largeBytes = 8 << 20;

export async function hashFile(
  path: string,
  algorithms: readonly Checksum["algorithm"][],
  options: { signal?: AbortSignal | undefined } = {},
): Promise<FileDigests> {
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    if (size >= largeBytes) {
      throwIfAborted(options.signal);
      await using hasher = createFileHasher(path, algorithms, size);
      const digests = await hasher.finish(size, options.signal);
      if (digests) return { sizeBytes: size, digests };
    }
    const hashes = createHashes(algorithms, size);
    const piece = new Uint8Array(Math.min(pieceBytes, Math.max(size, 1)));
    let sizeBytes = 0;
    for (;;) {
      throwIfAborted(options.signal);
      const { bytesRead } = await file.read(piece, 0, piece.length, sizeBytes);
      if (bytesRead === 0) break;
      sizeBytes += bytesRead;
      for (const hash of hashes.values()) hash.update(piece.subarray(0, bytesRead));
    }
    const digests = new Map([...hashes].map(([algorithm, hash]) => [algorithm, hash.digest("hex")]));
    return { sizeBytes, digests };
  } finally {
    await file.close();
  }
}

export async function sha256OfFile(path: string, signal?: AbortSignal): Promise<string> {
  const { digests } = await hashFile(path, ["sha256"], { signal });
  return digests.get("sha256") ?? "";
}

export function sha256OfText(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** `sha512-<base64>` as package registries write it; null for other algorithms. */
export function parseIntegrity(integrity: string): Checksum | null {
  const base64 = /(?:^|\s)sha512-([A-Za-z0-9+/=]+)/.exec(integrity)?.[1];
  return base64 ? { algorithm: "sha512", digest: Buffer.from(base64, "base64").toString("hex") } : null;
}

/**
 * One digest for a set of files: sha256 over the lines "<sha256>  <path>\n" sorted by path, which is what
 * `sha256sum` prints for them. A single file's own digest stands for itself.
 */
export function manifestChecksum(files: readonly { path: string; sha256: string }[]): string {
  if (files.length === 1 && files[0]) return files[0].sha256;
  const lines = [...files].sort((a, b) => (a.path < b.path ? -1 : 1)).map((f) => `${f.sha256}  ${f.path}\n`);
  return sha256OfText(lines.join(""));
}
