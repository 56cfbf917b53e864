// Cells stay for a moment after an evaluation, so that what throws later is seen and named before anyone needs the character.
import type { CellPool } from "./cell-pool.ts";
import type { Cell } from "./open-cell.ts";

const lingerMs = 3000;
const maxLingering = 32;

export interface LingeringCells extends Disposable {
  /** `files` are those that were evaluated in it. A newer cell for the same one file replaces the older. */
  add(cell: Cell, files: readonly string[]): void;
}

export function createLingeringCells(
  pool: CellPool,
  /** How long a cell may leave a pulse unanswered: idle code has no reason to hold its event loop. */
  patienceMs: number,
): LingeringCells {
  const entries = new Set<{ cell: Cell; files: readonly string[]; timer: Timer }>();

  const end = (entry: { cell: Cell; timer: Timer }): void => {
    clearTimeout(entry.timer);
    for (const candidate of entries) if (candidate.cell === entry.cell) entries.delete(candidate);
    void pool.discard(entry.cell);
  };

  return {
    add(cell, files) {
      if (!cell.isOpen) return;
      for (const entry of entries) {
        const isOutdated = entry.files.length === 1 && files.length === 1 && entry.files[0] === files[0];
        if (isOutdated || !entry.cell.isOpen) end(entry);
      }
      const entry = { cell, files, timer: setTimeout(() => end(entry), lingerMs) };
      entries.add(entry);
      pool.watch({ cell, patienceMs: () => patienceMs });
      const [oldest] = entries;
      if (entries.size > maxLingering && oldest) end(oldest);
    },
    [Symbol.dispose]() {
      for (const entry of entries) end(entry);
    },
  };
}
