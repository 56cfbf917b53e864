// Waits that end: a promise bounded by a deadline and a signal.
import { systemClock, type Timekeeper } from "./clock.ts";
import { AppError } from "./errors.ts";

/** The reason of an aborted signal as an error to throw: E_INTERRUPTED unless it carries an AppError already. */
export function abortReason(signal: AbortSignal): AppError {
  return signal.reason instanceof AppError
    ? signal.reason
    : new AppError("E_INTERRUPTED", "cancelled", null, signal.reason);
}

export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortReason(signal);
}

export interface WaitOptions {
  /** Infinity and undefined: no deadline. */
  timeoutMs?: number | undefined;
  signal?: AbortSignal | undefined;
  /** Made only when the deadline passes. */
  onTimeout?: () => Error;
  clock?: Timekeeper;
}

/**
 * Settles as `promise` does, or rejects at the deadline (`onTimeout`, else E_BUSY) or when `signal` aborts
 * (E_INTERRUPTED). The promise itself goes on: whoever made it must also be told to stop.
 */
export function waitFor<T>(promise: Promise<T>, options: WaitOptions): Promise<T> {
  const { timeoutMs, signal, clock = systemClock } = options;
  if (signal?.aborted) {
    promise.catch(() => undefined);
    return Promise.reject(abortReason(signal));
  }
  return new Promise<T>((resolve, reject) => {
    let timer: Disposable | undefined;
    const onAbort = (): void => finish(() => reject(abortReason(signal as AbortSignal)));
    const finish = (settle: () => void): void => {
      timer?.[Symbol.dispose]();
      signal?.removeEventListener("abort", onAbort);
      settle();
    };
    // A timer cannot hold Infinity: it would fire at once.
    if (timeoutMs !== undefined && Number.isFinite(timeoutMs)) {
      timer = clock.schedule(
        () =>
          finish(() =>
            reject(options.onTimeout?.() ?? new AppError("E_BUSY", `no answer within ${timeoutMs} ms`)),
          ),
        timeoutMs,
      );
    }
    signal?.addEventListener("abort", onAbort, { once: true });
    promise.then(
      (value) => finish(() => resolve(value)),
      (error: unknown) => finish(() => reject(error)),
    );
  });
}
