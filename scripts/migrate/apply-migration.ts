// Writes what was planned. A file that is there already is kept, unless it is told to go.
import { lstat, readFile } from "node:fs/promises";
import { join } from "node:path";
import { withFileErrors, writeFileAtomic } from "../../src/base/atomic-file.ts";
import { AppError } from "../../src/base/errors.ts";
import type { PlannedFile } from "./plan-migration.ts";

export interface ApplyOptions {
  folder: string;
  /** Replace files that say something else. */
  force: boolean;
  /** Only tell what would happen. */
  dryRun: boolean;
}

export interface FileOutcome {
  fileName: string;
  name: string;
  outcome: "written" | "unchanged" | "kept" | "replaced";
}

/** E_PERM, E_DISK; E_ARGS where a folder stands in the way. Files before the failing one stay written. */
export async function applyMigration(
  files: readonly PlannedFile[],
  { folder, force, dryRun }: ApplyOptions,
): Promise<FileOutcome[]> {
  const outcomes: FileOutcome[] = [];
  for (const { fileName, name, source } of files) {
    const path = join(folder, fileName);
    const present = await withFileErrors(path, () => readPresent(path));
    const outcome =
      present === undefined ? "written" : present === source ? "unchanged" : force ? "replaced" : "kept";
    if (!dryRun && (outcome === "written" || outcome === "replaced")) await writeFileAtomic(path, source);
    outcomes.push({ fileName, name, outcome });
  }
  return outcomes;
}

/** Undefined when nothing is there. A link that leads nowhere counts as a file that says something else. */
async function readPresent(path: string): Promise<string | undefined> {
  const stats = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error.code === "ENOTDIR" ? new AppError("E_ARGS", `${path}: the output is no folder`) : error;
  });
  if (!stats) return undefined;
  if (!stats.isFile() && !stats.isSymbolicLink()) {
    throw new AppError("E_ARGS", `${path} is no file; move it away`, { path });
  }
  return readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "";
    throw error;
  });
}
