// Flushes files to the disk while others still come: that is mostly waiting, and hundreds of small files would
// otherwise wait for it one after the other at the end.
import { type FileHandle, open } from "node:fs/promises";

export interface Flusher extends AsyncDisposable {
  /**
   * Takes over the open file of `path`, all of which is written, and closes it in the end. What was taken for this path
   * before had other bytes. Waits while too many are open.
   */
  take(path: string, file: FileHandle): Promise<void>;
  /** Resolves when it is flushed, which is done now where nobody has handed it in. Rejects with what the system says. */
  finish(path: string): Promise<void>;
}

export interface FlusherOptions {
  filesAtOnce?: number;
  /** Flushed and waiting for it, at most. */
  openFiles?: number;
}

/** Disposing waits for those that are under way; the others are closed as they are, since nobody will ask for them. */
export function createFlusher({ filesAtOnce = 4, openFiles = 128 }: FlusherOptions = {}): Flusher {
  const flushed = new Map<string, Promise<void>>();
  const underWay = new Set<Promise<void>>();
  const free = createSlots(filesAtOnce);
  const opened = createSlots(openFiles);
  let isOver = false;

  const flush = async (file: FileHandle): Promise<void> => {
    await free.take();
    try {
      if (!isOver) await file.sync();
    } finally {
      free.give();
      await file.close().finally(() => opened.give());
    }
  };
  const take = async (path: string, file: FileHandle): Promise<void> => {
    await opened.take();
    const flushing = flush(file).finally(() => underWay.delete(flushing));
    underWay.add(flushing);
    flushing.catch(() => undefined); // told to who asks for it
    flushed.set(path, flushing);
  };
  return {
    take,
    async finish(path) {
      if (!flushed.has(path)) await take(path, await open(path, "r"));
      await flushed.get(path);
    },
    async [Symbol.asyncDispose]() {
      isOver = true;
      await Promise.allSettled(underWay);
    },
  };
}

interface Slots {
  take(): Promise<void>;
  give(): void;
}

function createSlots(count: number): Slots {
  const waiting: (() => void)[] = [];
  let left = count;
  return {
    async take() {
      if (left === 0) return new Promise((resolve) => waiting.push(resolve));
      left -= 1;
    },
    give() {
      const next = waiting.shift();
      if (next) next();
      else left += 1;
    },
  };
}
