// Time as a dependency: the real clock here, a manual one in the tests.

export interface Clock {
  /** Monotonic milliseconds since an arbitrary start. */
  nowMs(): number;
  /** The wall clock. */
  wallTime(): Date;
  /** Calls `callback` once after `delayMs`; dispose the handle to cancel. */
  schedule(callback: () => void, delayMs: number): Disposable;
}

/** What deadlines are kept with. */
export type Timekeeper = Pick<Clock, "schedule">;

export const systemClock: Clock = {
  nowMs: () => performance.now(),
  wallTime: () => new Date(),
  schedule(callback, delayMs) {
    const timer = setTimeout(callback, delayMs);
    return { [Symbol.dispose]: () => clearTimeout(timer) };
  },
};
