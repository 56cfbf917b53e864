// Hashes a file beside the event loop, in a worker that follows its growth: a download has its digest a moment after its
// last byte, and the serving thread has not spent anything on it. It reads the bytes back from the file, so ranges may
// come in any order (those ahead of the beginning wait in the page cache), and what it proves is what lies on disk.
import { abortReason } from "../../base/deadline.ts";
import type { Checksum } from "../checksum.ts";
import type { HashAnswer, HashOrder } from "./hash-worker.ts";

export interface FileHasher extends Disposable {
  /** The first so many bytes of the file are written. */
  reach(bytes: number): void;
  /** They are all: their digests. Null when the worker could not do it. E_INTERRUPTED. */
  finish(sizeBytes: number, signal?: AbortSignal): Promise<ReadonlyMap<Checksum["algorithm"], string> | null>;
}

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
  let toldBytes = 0;
  send({ kind: "begin", path, algorithms, sizeBytes });
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
        send({ kind: "finish", bytes });
        const answer = await Promise.race([answered.promise, stopped.promise]);
        return answer && new Map(answer);
      } finally {
        signal?.removeEventListener("abort", onAbort);
      }
    },
    [Symbol.dispose]: () => worker.terminate(),
  };
}
