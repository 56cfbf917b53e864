// Writes one after the other, and what comes while one is under way goes into the next together: a fast body then costs a
// few large writes, and a slow one is written as it comes.

export interface GatheringWriter {
  /** Takes `bytes`, which follow those before. Waits when too much lies here; rejects with what a write has met. */
  push(bytes: Uint8Array): Promise<void>;
  /** Resolves when all is written. */
  flush(): Promise<void>;
}

/** What lies here, and what is being written, at most: less than half of the least range that another takes over. */
export const gatheredBytes = 256 << 10;

export function createGatheringWriter(
  write: (pieces: readonly Uint8Array[]) => Promise<void>,
): GatheringWriter {
  let gathered: Uint8Array[] = [];
  let bytes = 0;
  let writing: Promise<void> | null = null;
  let failure: { error: unknown } | null = null;

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
  const settle = async (): Promise<void> => {
    await writing;
    if (failure) throw failure.error;
  };

  return {
    async push(piece) {
      if (failure) throw failure.error;
      gathered.push(piece);
      bytes += piece.length;
      writing ??= run();
      if (bytes >= gatheredBytes) await settle();
    },
    flush: settle,
  };
}
