// Deadlines of cells. A process that is stopped, or a machine that stands still (a paused container, a disk full of swap),
// stops the cells together with their deadlines' clock: when it goes on, the deadlines have passed and nobody has had the
// time. So what counts is the time in which this process could have heard an answer.
import type { Timekeeper } from "../../base/clock.ts";

/** However long one such step takes, it counts as this much. */
const stepMs = 50;

/** As a clock's `schedule`, in steps; it is late by what a busy machine adds to each. */
export const patientTimer: Timekeeper = {
  schedule(callback, delayMs) {
    let leftMs = delayMs;
    let timer: Timer;
    const wait = (): void => {
      const nextMs = Math.min(leftMs, stepMs);
      leftMs -= nextMs;
      timer = setTimeout(leftMs > 0 ? wait : callback, nextMs);
    };
    wait();
    return { [Symbol.dispose]: () => clearTimeout(timer) };
  },
};
