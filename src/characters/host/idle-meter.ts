// Finds the cell that takes the processor while nobody asks anything of it. A loop that now and then lets others in answers
// every pulse, so that its silence cannot tell.

/** Far more than timers take that look after something, and less than a loop gets beside four others on one core. */
export const maxIdleShare = 0.2;

export interface IdleReading {
  /** When it was taken. */
  atMs: number;
  /** Processor time of the cell's thread so far. */
  cpuMs: number;
  /** Calls that have been made of it so far, and those of them that run. */
  callsMade: number;
  callsUnderWay: number;
}

/**
 * One for each cell. Judges it when it has been without calls for `windowMs` in all, and then counts anew: true when it has
 * taken more of the processor meanwhile than it may.
 */
export function createIdleMeter(windowMs: number): (reading: IdleReading) => boolean {
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
    const isHog = cpuMs > idleMs * maxIdleShare;
    idleMs = 0;
    cpuMs = 0;
    return isHog;
  };
}
