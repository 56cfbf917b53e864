// Keeps the host below its memory limit: finds the cell that eats, stops it, and blames nobody who cannot be convicted.
import { AppError } from "../../base/errors.ts";
import type { HostIncident, HostLimits } from "./host-protocol.ts";
import type { Cell } from "./open-cell.ts";

const bytesPerMb = 1024 * 1024;
/** However low the limit is set, this much beyond the empty host is left to characters. */
const leastRoomMb = 32;
/** A cell that is silent for this long while memory runs out is taken to be what eats it. */
const silenceMs = 150;
/** The time to count without garbage. */
const patienceMs = 400;
/** A cell with less than this share of the limit is not why it is passed. */
const guiltyShare = 0.25;
/** What a stopped worker held is given back to the system within this. */
const settleMs = 1000;

/** The calls of a cell that was stopped for what may not have been its doing fail with this. */
export const suspicion = (): AppError =>
  new AppError("E_INTERRUPTED", "memory ran out, and the character did not answer", { isSuspect: true });

export function isSuspicion(error: unknown): boolean {
  return error instanceof AppError && error.details?.["isSuspect"] === true;
}

export interface MemoryGuard {
  /** Costs 7 µs below the limit. */
  check(): Promise<void>;
}

export function createMemoryGuard(
  dependencies: {
    cells: () => readonly Cell[];
    /** Stops a cell, which may be the one. */
    suspect: (cell: Cell) => Promise<void>;
    report: (incident: HostIncident) => void;
  },
  { memoryLimitMb }: Pick<HostLimits, "memoryLimitMb">,
): MemoryGuard {
  const { cells, suspect, report } = dependencies;
  const readRss = (): number => process.memoryUsage.rss();
  const limitBytes = Math.max(memoryLimitMb * bytesPerMb, readRss() + leastRoomMb * bytesPerMb);
  let isChecking = false;

  const silentOf = async (
    candidates: readonly Cell[],
    timeoutMs: number,
    collect: boolean,
  ): Promise<Cell[]> => {
    const answered = await Promise.all(
      candidates.map((cell) =>
        cell.pulse(timeoutMs, collect).then(
          () => true,
          () => false,
        ),
      ),
    );
    return candidates.filter((cell, index) => answered[index] === false && cell.isOpen);
  };
  const condemn = (cell: Cell): void => {
    const message = `took the memory of its host beyond ${memoryLimitMb} MiB`;
    cell.condemn({ type: "Crashed", message, stack: "" });
  };

  const relieve = async (): Promise<void> => {
    let silent = await silentOf(cells(), silenceMs, false);
    if (silent.length > 1) silent = await silentOf(silent, silenceMs, false);
    if (readRss() < limitBytes) return;
    const [first] = silent;
    if (first) {
      if (cells().length === 1) condemn(first);
      // A busy loop is as silent as a hoarder: each is tried again in a process of its own, where it shows.
      else await Promise.all(silent.map(suspect));
      return;
    }
    // All answer: garbage apart, who holds so much?
    await silentOf(cells(), patienceMs, true);
    const [largest] = cells().toSorted((a, b) => b.heapBytes - a.heapBytes);
    if (largest && largest.heapBytes > limitBytes * guiltyShare) condemn(largest);
  };

  return {
    async check() {
      if (isChecking || readRss() < limitBytes) return;
      isChecking = true;
      try {
        await relieve();
        await Bun.sleep(settleMs);
        if (readRss() > limitBytes && cells().every((cell) => cell.heapBytes < limitBytes * guiltyShare)) {
          report({ kind: "worn-out", reason: "memory does not come back" });
        }
      } finally {
        isChecking = false;
      }
    },
  };
}
