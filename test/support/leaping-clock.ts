// The real clock, with leaps: what takes the listener seconds to hear need not take the test as long. Timers that are set
// already do not leap.
import { type Clock, systemClock } from "../../src/base/clock.ts";

export interface LeapingClock extends Clock {
  leap(ms: number): void;
}

export function createLeapingClock(): LeapingClock {
  let leaptMs = 0;
  return {
    nowMs: () => systemClock.nowMs() + leaptMs,
    wallTime: () => new Date(systemClock.wallTime().getTime() + leaptMs),
    schedule: (callback, delayMs) => systemClock.schedule(callback, delayMs),
    leap: (ms) => void (leaptMs += ms),
  };
}
