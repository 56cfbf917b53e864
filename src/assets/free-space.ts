// Room on disk, asked before the first byte is fetched.
import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { AppError } from "../base/errors.ts";

export type GetFreeBytes = (folder: string) => Promise<number>;

/** Bytes that this user may still write under `folder`, which need not be there yet. */
export const getFreeBytes: GetFreeBytes = async (folder) => {
  for (let path = folder; ; path = dirname(path)) {
    try {
      const { bavail, bsize } = await statfs(path);
      return bavail * bsize;
    } catch (error) {
      const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT";
      if (!isMissing || dirname(path) === path) throw error;
    }
  }
};

/** E_DISK unless `neededBytes` fit. */
export async function requireSpace(
  getFree: GetFreeBytes,
  folder: string,
  neededBytes: number,
  what: string,
  /** Of what is free, what others have yet to write. */
  spokenForBytes = 0,
): Promise<void> {
  const freeBytes = Math.max(0, (await getFree(folder)) - spokenForBytes);
  if (neededBytes <= freeBytes) return;
  throw new AppError(
    "E_DISK",
    `${what} needs ${formatBytes(neededBytes)}, ${folder} has ${formatBytes(freeBytes)} left${spokenForBytes > 0 ? ` beside what other downloads need (${formatBytes(spokenForBytes)})` : ""}; free some space or choose another folder`,
    { needed_bytes: neededBytes, free_bytes: freeBytes, path: folder },
  );
}

export function formatBytes(count: number): string {
  if (count < 1024) return `${count} bytes`;
  const units = ["KiB", "MiB", "GiB", "TiB"];
  const power = Math.min(Math.floor(Math.log2(count) / 10), units.length);
  return `${(count / 1024 ** power).toFixed(power < 2 ? 0 : 1)} ${units[power - 1]}`;
}
