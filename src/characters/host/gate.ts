// Lets a limited number of holders in at once; the others wait in order.
import { throwIfAborted } from "../../base/deadline.ts";

export interface Gate {
  /** Dispose the pass to leave. Rejects when `signal` aborts. */
  enter(signal?: AbortSignal): Promise<Disposable>;
}

export function createGate(limit: number): Gate {
  const waiting: (() => void)[] = [];
  let insideCount = 0;

  const leave = (): void => {
    insideCount -= 1;
    waiting.shift()?.();
  };
  return {
    async enter(signal) {
      throwIfAborted(signal);
      while (insideCount >= limit) {
        await new Promise<void>((resolve) => {
          waiting.push(resolve);
        });
        if (signal?.aborted) {
          // The place goes to the next in line.
          waiting.shift()?.();
          throwIfAborted(signal);
        }
      }
      insideCount += 1;
      let isInside = true;
      return {
        [Symbol.dispose]() {
          if (isInside) leave();
          isInside = false;
        },
      };
    },
  };
}
