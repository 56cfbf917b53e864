// Writes one after the other, and what comes while one is under way goes into the next together: a fast body then costs a
// few large writes, and a slow one is written as it comes. The first waits a moment: a small file is then a single one.
import type { Clock } from "../../base/clock.ts";

export interface GatheringWriter {
  /** Takes `bytes`, which follow those before. Waits when too much lies here; rejects with what a write has met. */
  push(bytes: Uint8Array): Promise<void>;
  /** Resolves when all is written. */
  flush(): Promise<void>;
}

/** What lies here, and what is being written, at most: less than half of the least range that another takes over. */
export const gatheredBytes = 256 << 10;
/** How long the first piece waits for others. */
const gatheringMs = 20;

export function createGatheringWriter(
  write: (pieces: readonly Uint8Array[]) => Promise<void>,
  clock: Clock,
): GatheringWriter {
  let gathered: Uint8Array[] = [];
  let bytes = 0;
  let writing: Promise<void> | null = null;
  let failure: { error: unknown } | null = null;
  let hasBegun = false;
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
    hasBegun = true;
    if (gathered.length > 0) writing ??= run();
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
      if (!hasBegun && bytes < gatheredBytes) timer ??= clock.schedule(begin, gatheringMs);
      else if (writing && bytes >= gatheredBytes) await settle();
      else begin();
    },
    flush: settle,
  };
}
