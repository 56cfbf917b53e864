// Folders that the program needs, made on first need.
import { chmod, mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { AppError, fromFileSystemError } from "./errors.ts";

export interface EnsureFolderOptions {
  /** What messages call it: "the models root". */
  what: string;
  /** What to do when it cannot be made. */
  cure: string;
  /** Permission bits, when it is made; default 0o777 less the umask. Its parents get the default. */
  mode?: number;
}

/** One that is there stays as it is, writable or not. E_PERM for one that cannot be made, whatever the reason; E_DISK. */
export async function ensureFolder(path: string, options: EnsureFolderOptions): Promise<void> {
  const { what, cure, mode } = options;
  try {
    await mkdir(dirname(path), { recursive: true });
    const made = await mkdir(path, { recursive: true });
    if (made !== undefined && mode !== undefined) await chmod(path, mode);
  } catch (error) {
    const known = fromFileSystemError(error, path);
    if (known instanceof AppError && known.code === "E_DISK") throw known;
    const reason = (error as NodeJS.ErrnoException).code ?? "unknown";
    throw new AppError("E_PERM", `${what} ${path} cannot be made (${reason}); ${cure}`, { path }, error);
  }
}
