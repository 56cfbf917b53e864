// How much a folder holds.
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";

/** The same of a path that may be one file. */
export async function countPlacedBytes(path: string): Promise<number> {
  const seen = await lstat(path).catch(() => null);
  return seen?.isFile() ? seen.size : countFolderBytes(path);
}

/** Bytes of all files below it, links not followed; 0 when it is not there. What vanishes meanwhile does not count. */
export const countFolderBytes = (folder: string): Promise<number> => sumFiles(folder, ({ size }) => size);

/** What the disk has given for them. */
export const countAllocatedBytes = (folder: string): Promise<number> =>
  sumFiles(folder, ({ blocks }) => blocks * blockBytes);

/** Of `stat`, on every system and whatever the file system's own blocks. */
export const blockBytes = 512;

async function sumFiles(
  folder: string,
  measure: (seen: { size: number; blocks: number }) => number,
): Promise<number> {
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
    sum += seen ? measure(seen) : 0;
  }
  return sum;
}
