// How much a folder holds.
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";

/** The same of a path that may be one file. */
export async function countPlacedBytes(path: string): Promise<number> {
  const seen = await lstat(path).catch(() => null);
  return seen?.isFile() ? seen.size : countFolderBytes(path);
}

/** Bytes of all files below it, links not followed; 0 when it is not there. What vanishes meanwhile does not count. */
export async function countFolderBytes(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") throw error;
      return [];
    },
  );
  let sum = 0;
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const seen = await lstat(join(entry.parentPath, entry.name)).catch(() => null);
    sum += seen?.size ?? 0;
  }
  return sum;
}
