// A hand-over in which only the newest counts: a slow consumer skips what has become old.
import { AppError } from "../base/errors.ts";

export interface NewestValue<T> extends AsyncIterable<T> {
  /** Replaces what the consumer has not taken yet. */
  set(value: T): void;
  /** The consumer still gets the newest, then the end. */
  close(): void;
}

export function createNewestValue<T>(): NewestValue<T> {
  let newest: { value: T } | undefined;
  let isClosed = false;
  let isConsumed = false;
  let wake: (() => void) | undefined;
  return {
    set(value) {
      if (isClosed) return;
      newest = { value };
      wake?.();
    },
    close() {
      isClosed = true;
      wake?.();
    },
    async *[Symbol.asyncIterator]() {
      if (isConsumed) throw new AppError("E_INTERNAL", "these values have one consumer");
      isConsumed = true;
      try {
        for (;;) {
          if (newest) {
            const { value } = newest;
            newest = undefined;
            yield value;
          } else if (isClosed) {
            return;
          } else {
            await new Promise<void>((resolve) => {
              wake = resolve;
            });
          }
        }
      } finally {
        isClosed = true;
        newest = undefined;
      }
    },
  };
}
