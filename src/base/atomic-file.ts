// Files that are seen whole or not at all: written under another name, flushed, and then renamed.
import { randomUUID } from "node:crypto";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fromFileSystemError } from "./errors.ts";

export interface AtomicWriteOptions {
  /** Permission bits of the file; default 0o644 less the umask. */
  mode?: number;
  /**
   * `full` (default) survives a power failure; `none` only a crash of the process, for files that are written often
   * and can be made again.
   */
  durability?: "full" | "none";
  /**
   * Path of the unfinished file, on the same file system, for who is the only writer of it: what a killed process leaves
   * there is written over. Default: a name of its own beside `path`.
   */
  temporary?: string;
}

/**
 * Replaces `path`, making its folders first. A reader sees the old content or the new one; a failure leaves the old.
 * E_PERM, E_DISK.
 */
export async function writeFileAtomic(
  path: string,
  data: string | Uint8Array,
  options: AtomicWriteOptions = {},
): Promise<void> {
  const { mode = 0o644, durability = "full" } = options;
  const folder = dirname(path);
  // Hidden and unique: two writers never share it, and a folder scan by extension never meets it.
  const { temporary = join(folder, `.${basename(path)}.${randomUUID()}.tmp`) } = options;
  await withFileErrors(path, async () => {
    await mkdir(folder, { recursive: true });
    await mkdir(dirname(temporary), { recursive: true });
    try {
      const file = await open(temporary, options.temporary === undefined ? "wx" : "w", mode);
      try {
        await file.writeFile(data);
        if (durability === "full") await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
    if (durability === "full") await syncFolder(folder);
  });
}

/** Flushes a file's content. */
export async function syncFile(path: string): Promise<void> {
  const file = await open(path, "r");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Flushes a folder's list of names, without which a rename may be lost with the power. */
export async function syncFolder(path: string): Promise<void> {
  // Windows has no such call for folders; its renames are journalled.
  if (process.platform === "win32") return;
  await syncFile(path);
}

/** Runs `work` and gives the file system failures that have a known cure their code, with `path` in the message. */
export async function withFileErrors<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw fromFileSystemError(error, path);
  }
}
