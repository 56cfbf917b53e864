// Bytes by position, wherever they lie: the headers of model files are read the same from disk and over the network.
import { open } from "node:fs/promises";
import { fromFileSystemError } from "../../base/errors.ts";
import { throwIfAborted } from "../../base/deadline.ts";

export interface ByteSource {
  /** What messages call it. */
  readonly label: string;
  readonly sizeBytes: number;
  /**
   * The bytes `from` up to and without `to`, both cut to the size; fewer only where the file has become shorter.
   * The caller owns the buffer.
   */
  read(from: number, to: number, signal?: AbortSignal): Promise<Uint8Array>;
}

/** E_NOT_FOUND, E_PERM and the like as the file system says. */
export async function openFileSource(path: string): Promise<ByteSource & AsyncDisposable> {
  const file = await open(path, "r").catch((error: unknown) => {
    throw fromFileSystemError(error, path);
  });
  const { size: sizeBytes } = await file.stat();
  return {
    label: path,
    sizeBytes,
    async read(from, to, signal) {
      throwIfAborted(signal);
      const bytes = new Uint8Array(Math.max(0, Math.min(to, sizeBytes) - from));
      let done = 0;
      while (done < bytes.length) {
        const { bytesRead } = await file.read(bytes, done, bytes.length - done, from + done);
        if (bytesRead === 0) break;
        done += bytesRead;
      }
      return bytes.subarray(0, done);
    },
    [Symbol.asyncDispose]: () => file.close(),
  };
}
