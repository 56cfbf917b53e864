// Hashes a file beside the event loop, in a worker that follows its growth: a download has its digest a moment after its
// last byte, and the serving thread has not spent anything on it. It reads the bytes back from the file, so ranges may
// come in any order (those ahead of the beginning wait in the page cache), and what it proves is what lies on disk.
import { abortReason, waitFor } from "../../base/deadline.ts";
import type { Checksum } from "../digests.ts";
import type { HashAnswer, HashOrder } from "./hash-worker.ts";

/** Disposed, the file is closed: a terminated worker would leave it open in this process. */
export interface FileHasher extends AsyncDisposable {
  /** The first so many bytes of the file are written. */
  reach(bytes: number): void;
  /** They are all: their digests. Null when the worker could not do it. E_INTERRUPTED. */
  finish(sizeBytes: number, signal?: AbortSignal): Promise<ReadonlyMap<Checksum["algorithm"], string> | null>;
}

const closeMs = 5_000;
/** How much news is worth a message. */
const stepBytes = 4 << 20;

/** `sizeBytes` has to be known for git-blob, whose header has it. */
export function createFileHasher(
  path: string,
  algorithms: readonly Checksum["algorithm"][],
  sizeBytes: number | null,
): FileHasher {
  const worker = new Worker(new URL("./hash-worker.ts", import.meta.url).href);
  const answered = Promise.withResolvers<HashAnswer>();
  worker.addEventListener("message", ({ data }: MessageEvent<HashAnswer>) => answered.resolve(data));
  worker.addEventListener("error", () => answered.resolve(null));
  worker.addEventListener("close", () => answered.resolve(null));
  const send = (order: HashOrder): void => worker.postMessage(order, []);
  const stop = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  let toldBytes = 0;
  let isFinishing = false;
  send({ kind: "begin", path, algorithms, sizeBytes, stop });
  return {
    reach(bytes) {
      if (bytes - toldBytes < stepBytes) return;
      toldBytes = bytes;
      send({ kind: "reach", bytes });
    },
    async finish(bytes, signal) {
      const stopped = Promise.withResolvers<never>();
      const onAbort = (): void => stopped.reject(abortReason(signal as AbortSignal));
      if (signal?.aborted) onAbort();
      signal?.addEventListener("abort", onAbort, { once: true });
      try {
        isFinishing = true;
        send({ kind: "finish", bytes });
        const answer = await Promise.race([answered.promise, stopped.promise]);
        return answer && new Map(answer);
      } finally {
        signal?.removeEventListener("abort", onAbort);
      }
    },
    async [Symbol.asyncDispose]() {
      Atomics.store(stop, 0, 1);
      if (!isFinishing) send({ kind: "finish", bytes: 0 });
      // A read that hangs in the kernel must not hang us.
      await waitFor(answered.promise, { timeoutMs: closeMs }).catch(() => undefined);
      worker.terminate();
    },
  };
}
