// A bounded hand-over between one producer and one consumer, as an async iterable.
import { AppError } from "./errors.ts";

export interface BoundedQueue<T> extends AsyncIterable<T> {
  /** False when the queue is full or closed: the item was not taken. */
  push(item: T): boolean;
  /** No more items; the consumer still gets what is queued. */
  close(): void;
  /** No more items; the consumer gets what is queued, then the error. */
  fail(error: unknown): void;
  /** Drops what is queued and ends. */
  clear(): void;
  readonly size: number;
}

export function createBoundedQueue<T>(limit: number): BoundedQueue<T> {
  let items: T[] = [];
  let closed = false;
  let failure: { error: unknown } | undefined;
  let wake: (() => void) | undefined;
  let isConsumed = false;

  const notify = (): void => {
    wake?.();
    wake = undefined;
  };
  const end = (): void => {
    closed = true;
    notify();
  };

  return {
    push(item) {
      if (closed || items.length >= limit) return false;
      items.push(item);
      notify();
      return true;
    },
    close: end,
    fail(error) {
      if (!closed) failure = { error };
      end();
    },
    clear() {
      items = [];
      end();
    },
    get size() {
      return items.length;
    },
    async *[Symbol.asyncIterator]() {
      if (isConsumed) throw new AppError("E_INTERNAL", "a bounded queue has one consumer");
      isConsumed = true;
      try {
        for (;;) {
          const item = items.shift();
          if (item !== undefined) {
            yield item;
          } else if (closed) {
            if (failure) throw failure.error;
            return;
          } else {
            await new Promise<void>((resolve) => {
              wake = resolve;
            });
          }
        }
      } finally {
        items = [];
        closed = true;
      }
    },
  };
}
