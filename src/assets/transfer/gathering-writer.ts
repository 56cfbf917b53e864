// Writes one after the other, each of what has come in a short while: a fast body then costs a few large writes, a small
// file a single one, and a slow body is written nearly as it comes.
import type { Clock } from "../../base/clock.ts";

export interface GatheringWriter {
  /** Takes `bytes`, which follow those before. Waits when too much lies here; rejects with what a write has met. */
  push(bytes: Uint8Array): Promise<void>;
  /** Resolves when all is written. */
  flush(): Promise<void>;
}

/** What lies here, and what is being written, at most: less than half of the least range that another takes over. */
export const gatheredBytes = 256 << 10;
/** How long a piece waits for others. A process that is killed loses no more than that by it. */
const gatheringMs = 20;

export function createGatheringWriter(
  write: (pieces: readonly Uint8Array[]) => Promise<void>,
  clock: Clock,
): GatheringWriter {
  let gathered: Uint8Array[] = [];
  let bytes = 0;
  let writing: Promise<void> | null = null;
  let failure: { error: unknown } | null = null;
  let timer: Disposable | null = null;

  const run = async (): Promise<void> => {
    while (gathered.length > 0 && !failure) {
      const pieces = gathered;
      gathered = [];
      bytes = 0;
      await write(pieces).catch((error: unknown) => {
        failure = { error };
      });
    }
    writing = null;
  };
  const begin = (): void => {
    timer?.[Symbol.dispose]();
    timer = null;
    writing ??= run();
  };
  const settle = async (): Promise<void> => {
    begin();
    await writing;
    if (failure) throw failure.error;
  };

  return {
    async push(piece) {
      if (failure) throw failure.error;
      gathered.push(piece);
      bytes += piece.length;
      if (bytes < gatheredBytes) timer ??= writing ? null : clock.schedule(begin, gatheringMs);
      else if (writing) await settle();
      else begin();
    },
    flush: settle,
  };
}
