// Cells stay for a moment after an evaluation, so that what throws later is seen and named before anyone needs the character.
import type { CellPool } from "./cell-pool.ts";
import type { Cell } from "./open-cell.ts";

const lingerMs = 3000;
const maxLingering = 32;

export interface LingeringCells {
  /** `files` are those that were evaluated in it. A newer cell for the same one file replaces the older. */
  add(cell: Cell, files: readonly string[]): void;
}

export function createLingeringCells(
  pool: CellPool,
  /** How long a cell may leave a pulse unanswered: idle code has no reason to hold its event loop. */
  patienceMs: number,
): LingeringCells {
  interface Entry {
    readonly cell: Cell;
    readonly files: readonly string[];
    readonly timer: Timer;
  }
  const entries = new Set<Entry>();

  const end = (entry: Entry, how: "discard" | "release"): void => {
    clearTimeout(entry.timer);
    entries.delete(entry);
    void pool[how](entry.cell);
  };

  return {
    add(cell, files) {
      if (!cell.isOpen) return;
      for (const entry of entries) {
        const isOutdated = entry.files.length === 1 && files.length === 1 && entry.files[0] === files[0];
        if (isOutdated || !entry.cell.isOpen) end(entry, "discard");
      }
      const entry: Entry = { cell, files, timer: setTimeout(() => end(entry, "release"), lingerMs) };
      entries.add(entry);
      pool.watch({ cell, patienceMs: () => patienceMs });
      const [oldest] = entries;
      if (entries.size > maxLingering && oldest) end(oldest, "discard");
    },
  };
}
