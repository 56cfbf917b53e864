// A clock that only moves when the test says so.
import type { Clock } from "../../src/base/clock.ts";

export interface ManualClock extends Clock {
  /** Moves time on and runs what has become due, in order. */
  advance(ms: number): void;
  readonly scheduledCount: number;
}

export function createManualClock(start = new Date("2026-01-05T10:00:00Z")): ManualClock {
  let nowMs = 0;
  const scheduled = new Set<{ dueMs: number; callback: () => void }>();
  return {
    nowMs: () => nowMs,
    wallTime: () => new Date(start.getTime() + nowMs),
    schedule(callback, delayMs) {
      const entry = { dueMs: nowMs + delayMs, callback };
      scheduled.add(entry);
      return { [Symbol.dispose]: () => void scheduled.delete(entry) };
    },
    advance(ms) {
      const endMs = nowMs + ms;
      for (;;) {
        const [next] = [...scheduled].filter((e) => e.dueMs <= endMs).sort((a, b) => a.dueMs - b.dueMs);
        if (!next) break;
        scheduled.delete(next);
        nowMs = Math.max(nowMs, next.dueMs);
        next.callback();
      }
      nowMs = endMs;
    },
    get scheduledCount() {
      return scheduled.size;
    },
  };
}
