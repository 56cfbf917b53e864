// One run that several callers wait for: each may leave, and the last one to leave takes the run along.
import { abortReason } from "../base/deadline.ts";

export interface SharedRuns<V> {
  /**
   * Joins the run of this key, or begins it. An aborted `signal` rejects this caller; the run itself is aborted, with
   * that signal's reason, only when nobody waits for it any more. `work` may say that it is over before it resolves:
   * whoever comes from then on begins another run.
   */
  join(key: string, work: SharedWork<V>, signal?: AbortSignal): Promise<V>;
  /** Aborts the run of this key for all who wait for it, and resolves when it has stopped; false when none runs. */
  cancel(key: string, reason: Error): Promise<boolean>;
  /** Aborts whatever runs, and resolves when it has stopped. */
  stop(reason: Error): Promise<void>;
}

export type SharedWork<V> = (signal: AbortSignal, sayOver: () => void) => Promise<V>;

interface Run<V> {
  promise: Promise<V>;
  abort: AbortController;
  waiting: number;
}

export function createSharedRuns<V>(): SharedRuns<V> {
  const runs = new Map<string, Run<V>>();

  const begin = (key: string, work: SharedWork<V>): Run<V> => {
    const abort = new AbortController();
    const forget = (): void => {
      if (runs.get(key)?.abort === abort) runs.delete(key);
    };
    const promise = work(abort.signal, forget).finally(forget);
    promise.catch(() => undefined); // every caller may have left
    const run: Run<V> = { promise, abort, waiting: 0 };
    runs.set(key, run);
    return run;
  };

  return {
    join(key, work, signal) {
      if (signal?.aborted) return Promise.reject(abortReason(signal));
      const current = runs.get(key);
      // A run that is being aborted serves nobody who comes now; they begin another, which waits for its lock.
      const run = current && !current.abort.signal.aborted ? current : begin(key, work);
      run.waiting += 1;
      return new Promise<V>((resolve, reject) => {
        const leave = (): void => {
          run.waiting -= 1;
          const reason = abortReason(signal as AbortSignal);
          if (run.waiting > 0) return reject(reason);
          run.abort.abort(reason);
          // The last one sees the run off, so that what it promised about the part is true when it hears of it.
          run.promise.then(() => reject(reason), reject);
        };
        signal?.addEventListener("abort", leave, { once: true });
        run.promise.then(resolve, reject).finally(() => signal?.removeEventListener("abort", leave));
      });
    },
    async cancel(key, reason) {
      const run = runs.get(key);
      if (!run || run.abort.signal.aborted) return false;
      run.abort.abort(reason);
      await run.promise.catch(() => undefined);
      return true;
    },
    async stop(reason) {
      const promises = [...runs.values()].map((run) => {
        run.abort.abort(reason);
        return run.promise;
      });
      await Promise.allSettled(promises);
    },
  };
}
