// All cells of this host: one is always started ahead, every one is watched, and none goes unnoticed that will not stop.
import type { CellPulse, HostIncident, HostOptions } from "./host-protocol.ts";
import { createMemoryGuard, suspicion } from "./memory-guard.ts";
import { type Cell, type CellListener, openCell } from "./open-cell.ts";

/** How often cells are asked for a pulse, and how often memory is looked at. */
const pulseEveryMs = 1000;
const memoryCheckEveryMs = 50;

export interface WatchedCell {
  readonly cell: Cell;
  /** How long it may leave a pulse unanswered now; undefined while something else has its deadline. */
  patienceMs(): number | undefined;
  onPulse?(pulse: CellPulse): void;
  /** It is stopped, since it may be what took too much memory. */
  onSuspicion?(): void;
}

export interface CellPool extends AsyncDisposable {
  /** A started cell, or one that starts. */
  take(listener: CellListener): Cell;
  watch(entry: WatchedCell): void;
  /** Stops it, and asks for a new process if it does not stop. */
  discard(cell: Cell): Promise<void>;
  /** The same after a last look: one that hangs by now is told apart from one that is merely done. */
  release(cell: Cell): Promise<void>;
}

export function createCellPool(
  dependencies: { report: (incident: HostIncident) => void },
  options: HostOptions,
): CellPool {
  const { report } = dependencies;
  const cells = new Set<Cell>();
  const watched = new Map<Cell, WatchedCell>();
  let spare = openSpare();
  const memory = createMemoryGuard({ cells: () => [...cells], suspect, report }, options);

  function openSpare() {
    const silent: CellListener = {
      onOffence: () => undefined,
      onDeath: () => undefined,
      onOutput: () => undefined,
    };
    const holder = { listener: silent };
    const cell = openCell(
      {
        onOffence: (offence) => holder.listener.onOffence(offence),
        onOutput: (line) => holder.listener.onOutput(line),
        onDeath(offence) {
          holder.listener.onDeath(offence);
          void discard(cell);
        },
      },
      options.folder,
    );
    return { cell, holder };
  }

  async function discard(cell: Cell, reason?: Error): Promise<void> {
    cells.delete(cell);
    watched.delete(cell);
    const isStopped = await cell.stop(reason);
    if (!isStopped) report({ kind: "worn-out", reason: "a character's worker cannot be stopped" });
  }
  function suspect(cell: Cell): Promise<void> {
    watched.get(cell)?.onSuspicion?.();
    return discard(cell, suspicion());
  }

  const takePulse = async (entry: WatchedCell, patienceMs: number): Promise<void> => {
    const { cell } = entry;
    // Twice, so that a machine with too much to do condemns nobody.
    for (let chance = 0; chance < 2; chance++) {
      try {
        const pulse = await cell.pulse(patienceMs);
        entry.onPulse?.(pulse);
        return;
      } catch {
        if (!cell.isOpen) return;
      }
    }
    const message = `gave no sign of life for ${(2 * patienceMs) / 1000} s`;
    cell.condemn({ type: "Timeout", message, stack: "" });
  };
  const takePulses = (): void => {
    for (const entry of watched.values()) {
      const patienceMs = entry.patienceMs();
      if (patienceMs === undefined) continue;
      void takePulse(entry, patienceMs);
    }
  };

  const timers = [
    setInterval(takePulses, pulseEveryMs),
    setInterval(() => void memory.check(), memoryCheckEveryMs),
  ];

  return {
    take(listener) {
      const { cell, holder } = spare.cell.isOpen ? spare : openSpare();
      holder.listener = listener;
      cells.add(cell);
      spare = openSpare();
      return cell;
    },
    watch(entry) {
      if (entry.cell.isOpen) watched.set(entry.cell, entry);
    },
    discard: (cell) => discard(cell),
    async release(cell) {
      const entry = watched.get(cell);
      const patienceMs = entry?.patienceMs();
      if (entry && patienceMs !== undefined) await takePulse(entry, patienceMs);
      await discard(cell);
    },
    async [Symbol.asyncDispose]() {
      for (const timer of timers) clearInterval(timer);
      await Promise.all([spare.cell, ...cells].map((cell) => cell.stop()));
    },
  };
}
