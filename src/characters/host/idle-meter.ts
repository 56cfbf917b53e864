// Finds the cell that takes the processor while nobody asks anything of it. A loop that now and then lets others in answers
// every pulse, so that its silence cannot tell.
import type { IdleLimit } from "./host-protocol.ts";

export interface IdleReading {
  /** When it was taken. */
  atMs: number;
  /** Processor time of the cell's thread so far. */
  cpuMs: number;
  /** Calls that have been made of it so far, and those of them that run. */
  callsMade: number;
  callsUnderWay: number;
}

/** One for each cell. True when it has taken more than it may; each judgement begins a new count. */
export function createIdleMeter({ windowMs, maxShare }: IdleLimit): (reading: IdleReading) => boolean {
  let last: IdleReading | undefined;
  let idleMs = 0;
  let cpuMs = 0;
  return (reading) => {
    if (last && last.callsUnderWay === 0 && last.callsMade === reading.callsMade) {
      idleMs += reading.atMs - last.atMs;
      cpuMs += reading.cpuMs - last.cpuMs;
    }
    last = reading;
    if (idleMs < windowMs) return false;
    const isHog = cpuMs > idleMs * maxShare;
    idleMs = 0;
    cpuMs = 0;
    return isHog;
  };
}
