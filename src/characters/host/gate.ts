// Lets a limited number of holders in at once; the others wait in order.
import { throwIfAborted, waitFor } from "../../base/deadline.ts";

export interface Gate {
  /** Dispose the pass to leave. Rejects when `signal` aborts. */
  enter(signal?: AbortSignal): Promise<Disposable>;
}

export function createGate(limit: number): Gate {
  const waiting: PromiseWithResolvers<void>[] = [];
  let insideCount = 0;

  /** The place is handed on, so that nobody who comes just then takes it. */
  const leave = (): void => {
    const next = waiting.shift();
    if (next) next.resolve();
    else insideCount -= 1;
  };
  const waitInLine = async (signal: AbortSignal | undefined): Promise<void> => {
    const turn = Promise.withResolvers<void>();
    waiting.push(turn);
    try {
      await waitFor(turn.promise, { signal });
    } catch (error) {
      const place = waiting.indexOf(turn);
      if (place >= 0) waiting.splice(place, 1);
      else leave();
      throw error;
    }
  };
  return {
    async enter(signal) {
      throwIfAborted(signal);
      if (insideCount < limit) insideCount += 1;
      else await waitInLine(signal);
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
