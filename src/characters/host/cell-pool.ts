// All cells of this host: one is always started ahead, every one is watched, and none goes unnoticed that will not stop.
// They end with their process.
import type { CellPulse, HostIncident, HostOptions } from "./host-protocol.ts";
import { createMemoryGuard, suspicion } from "./memory-guard.ts";
import { type Cell, type CellListener, type CellOffence, openCell } from "./open-cell.ts";

/** How often cells are asked for a pulse, and how often memory is looked at. */
const pulseEveryMs = 1000;
const memoryCheckEveryMs = 50;
/** Time that a cell has for each of two signs of life, when something has made it suspicious. */
const examinationMs = 1000;

export interface WatchedCell {
  readonly cell: Cell;
  /** How long it may leave a pulse unanswered now; undefined while something else has its deadline. */
  patienceMs(): number | undefined;
  onPulse?(pulse: CellPulse): void;
  /** It is stopped, since it may be what took too much memory. */
  onSuspicion?(): void;
}

export interface CellPool {
  /** A started cell, or one that starts. */
  take(listener: CellListener): Cell;
  watch(entry: WatchedCell): void;
  /** Stops it, and asks for a new process if it does not stop. */
  discard(cell: Cell): Promise<void>;
  /** The same after a last look: one that hangs by now is told apart from one that is merely done. */
  release(cell: Cell): Promise<void>;
  /** Condemns it for the offence if it gives no sign of life. */
  examine(cell: Cell, offence: CellOffence): Promise<void>;
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
          // A worker that does not come up is for a new process to mend.
          if (cell.hasStarted) holder.listener.onDeath(offence);
          else report({ kind: "worn-out", reason: `a worker ${offence.message} at its start` });
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

  /** Undefined when there is none. Asks twice, so that a machine with too much to do condemns nobody. */
  const askForPulse = async (cell: Cell, patienceMs: number): Promise<CellPulse | undefined> => {
    const ask = (): Promise<CellPulse | undefined> => cell.pulse(patienceMs).catch(() => undefined);
    return (await ask()) ?? (await ask());
  };
  const takePulse = async (entry: WatchedCell, patienceMs: number): Promise<void> => {
    const pulse = await askForPulse(entry.cell, patienceMs);
    if (pulse) return entry.onPulse?.(pulse);
    const message = `gave no sign of life for ${(2 * patienceMs) / 1000} s`;
    entry.cell.condemn({ type: "Timeout", message, stack: "" });
  };
  const takePulses = (): void => {
    for (const entry of watched.values()) {
      const patienceMs = entry.patienceMs();
      if (patienceMs === undefined) continue;
      void takePulse(entry, patienceMs);
    }
  };

  setInterval(takePulses, pulseEveryMs);
  setInterval(() => void memory.check(), memoryCheckEveryMs);

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
    async examine(cell, offence) {
      if (!(await askForPulse(cell, examinationMs))) cell.condemn(offence);
    },
    async release(cell) {
      const entry = watched.get(cell);
      const patienceMs = entry?.patienceMs();
      if (entry && patienceMs !== undefined) await takePulse(entry, patienceMs);
      await discard(cell);
    },
  };
}
