// Puts a finished folder under its final name in one step, also where another one stands: a reader sees the old folder
// or the new one, never a mixture and never none.
import { dlopen, ptr } from "bun:ffi";
import { mkdir, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { syncFolder } from "../base/atomic-file.ts";

/** Swaps two paths atomically; false where the system or the file system cannot. */
export type ExchangePaths = (first: string, second: string) => boolean;

/**
 * `finished` becomes `target`; what stood there is removed. `aside` holds the old one for the instant in which a system
 * without an exchange has neither: `recoverFolder` brings it back after a crash.
 */
export async function replaceFolder(
  finished: string,
  target: string,
  aside: string,
  exchange: ExchangePaths | null,
): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  await rm(aside, { recursive: true, force: true });
  if (!(await isThere(target))) {
    await rename(finished, target);
  } else if (!exchange?.(finished, target)) {
    await rename(target, aside);
    try {
      await rename(finished, target);
    } catch (error) {
      await rename(aside, target);
      throw error;
    }
  }
  await syncFolder(dirname(target));
  await rm(aside, { recursive: true, force: true });
  await rm(finished, { recursive: true, force: true }); // after an exchange this is the old one
}

/** After a crash between the two renames: the old folder returns to its place. */
export async function recoverFolder(target: string, aside: string): Promise<void> {
  if (!(await isThere(aside)) || (await isThere(target))) return;
  await mkdir(dirname(target), { recursive: true });
  await rename(aside, target);
}

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

const encodePath = (path: string): Buffer => Buffer.from(`${path}\0`);

/** renameat2(2) of Linux, renamex_np(2) of macOS; null elsewhere. */
export function loadExchange(): ExchangePaths | null {
  try {
    if (process.platform === "linux") {
      const { renameat2 } = dlopen("libc.so.6", {
        renameat2: { args: ["i32", "ptr", "i32", "ptr", "u32"], returns: "i32" },
      }).symbols;
      const [currentFolder, swap] = [-100, 2]; // AT_FDCWD, RENAME_EXCHANGE
      return (a, b) => {
        const [first, second] = [encodePath(a), encodePath(b)];
        return renameat2(currentFolder, ptr(first), currentFolder, ptr(second), swap) === 0;
      };
    }
    if (process.platform === "darwin") {
      const { renamex_np } = dlopen("libSystem.B.dylib", {
        renamex_np: { args: ["ptr", "ptr", "u32"], returns: "i32" },
      }).symbols;
      const swap = 2; // RENAME_SWAP
      return (a, b) => {
        const [first, second] = [encodePath(a), encodePath(b)];
        return renamex_np(ptr(first), ptr(second), swap) === 0;
      };
    }
  } catch {
    return null; // a C library without it
  }
  return null;
}
