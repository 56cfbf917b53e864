// What a migration would do: a file for each good entry, and what is wrong with the others. Pure.
import { selectFileName } from "../../src/characters/cards/character-file-name.ts";
import { buildCharacter } from "./build-character.ts";
import type { VoiceEntry } from "./read-entries.ts";

export interface EntryRemark {
  /** From 1. */
  number: number;
  /** The entry's first line in the input. */
  line: number;
  message: string;
}

export interface PlannedFile {
  number: number;
  name: string;
  fileName: string;
  source: string;
}

export interface MigrationPlan {
  files: readonly PlannedFile[];
  /** Entries that become no file. */
  faults: readonly EntryRemark[];
  /** What was unusual in entries that do. */
  notes: readonly EntryRemark[];
}

/** File names depend on the order of the entries alone, so that a second run finds its own files. */
export function planMigration(
  entries: readonly VoiceEntry[],
  parts: Readonly<Record<string, string>>,
): MigrationPlan {
  const files: PlannedFile[] = [];
  const faults: EntryRemark[] = [];
  const notes: EntryRemark[] = [];
  const owners = new Map<string, VoiceEntry>();
  const taken = new Set<string>();
  for (const entry of entries) {
    const { number, line, fields } = entry;
    const built = fields ? buildCharacter(fields, parts) : { fault: entry.fault ?? "cannot be read" };
    if ("fault" in built) {
      faults.push({ number, line, message: built.fault });
      continue;
    }
    const owner = owners.get(built.name);
    if (owner) {
      const message = `has the name ${JSON.stringify(built.name)}, as entry ${owner.number} (line ${owner.line}) has`;
      faults.push({ number, line, message });
      continue;
    }
    owners.set(built.name, entry);
    const fileName = selectFileName(built.name, `character-${number}`, taken);
    taken.add(fileName);
    files.push({ number, name: built.name, fileName, source: built.source });
    notes.push(...built.notes.map((message) => ({ number, line, message })));
  }
  return { files, faults, notes };
}
