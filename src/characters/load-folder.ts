// The files of the characters folder: which there are, and what is in them. Nothing is evaluated here.
import { constants } from "node:fs";
import { type FileHandle, open, readdir, realpath, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import { ensureFolder } from "../base/ensure-folder.ts";
import { fromFileSystemError, messageOf } from "../base/errors.ts";
import type { LoadProblem } from "./port.ts";

/** A character file larger than this is refused. */
export const maxFileBytes = 1024 * 1024;

/** Files read at once. */
const readWindow = 32;

export type FileReading =
  | { ok: true; file: string /** Absolute, links resolved. */; path: string; text: string }
  | { ok: false; file: string; problem: LoadProblem };

/** Creates the folder if it is missing; returns its path with links resolved. E_PERM where it cannot be, E_DISK. */
export async function ensureCharactersFolder(folder: string): Promise<string> {
  const cure = "name another with --characters, or by characters.dir in troupe.toml";
  await ensureFolder(folder, { what: "the characters folder", cure });
  return realpath(folder);
}

/** True for names that a character file may have: `x.ts`, but not `_x.ts`, `.x.ts`, `x.d.ts` or `x.test.ts`. */
export function isCharacterFileName(name: string): boolean {
  return /^[^_.].*\.ts$/s.test(name) && !/\.(?:d|test)\.ts$/.test(name);
}

/**
 * The character files, sorted by code unit. Folders, FIFOs and devices are passed over; links are kept, and judged when
 * they are read. A missing folder has none.
 */
export async function listCharacterFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return [];
    throw fromFileSystemError(error, folder);
  });
  const files: string[] = [];
  for (const entry of entries) {
    if (!isCharacterFileName(entry.name)) continue;
    if (entry.isFile() || (entry.isSymbolicLink() && (await leadsToFile(join(folder, entry.name))))) {
      files.push(entry.name);
    }
  }
  return files.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

/** A dangling link counts: its reading tells what is wrong. */
async function leadsToFile(path: string): Promise<boolean> {
  const target = await stat(path).catch(() => undefined);
  return target === undefined || target.isFile();
}

/** Reads files as they come; each failure is that file's alone. */
export async function* readCharacterFiles(
  folder: string,
  files: readonly string[],
): AsyncGenerator<FileReading> {
  const readings: Promise<FileReading>[] = [];
  let next = 0;
  const startNext = (): void => {
    const file = files[next++];
    if (file !== undefined) readings.push(readCharacterFile(folder, file));
  };
  for (let count = 0; count < readWindow; count++) startNext();
  for (let reading = readings.shift(); reading; reading = readings.shift()) {
    yield await reading;
    startNext();
  }
}

export async function readCharacterFile(folder: string, file: string): Promise<FileReading> {
  const refuse = (message: string): FileReading => ({
    ok: false,
    file,
    problem: { file, stage: "read", error_type: "ReadError", message },
  });
  let handle: FileHandle | undefined;
  try {
    const path = await realpath(join(folder, file));
    if (!path.startsWith(folder + sep))
      return refuse("the link leads out of the characters folder; put the file itself there");
    // A FIFO that has taken the file's place since must not block.
    handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const { size, ...stats } = await handle.stat().then((s) => ({ size: s.size, isFile: s.isFile() }));
    if (!stats.isFile) return refuse("it is no regular file");
    if (size > maxFileBytes)
      return refuse(
        `it has ${size} bytes, and a character may have ${maxFileBytes}; put its data into a file in _lib/`,
      );
    const bytes = await handle.readFile();
    return { ok: true, file, path, text: decodeText(bytes) };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return refuse("the file, or what its link leads to, does not exist");
    if (code === "EACCES" || code === "EPERM") return refuse(`it may not be read (${code}); check its mode`);
    if (code === "ELOOP") return refuse("its links go in a circle; let one of them lead to a file");
    return refuse(messageOf(error));
  } finally {
    await handle?.close();
  }
}

function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new Error("it is not UTF-8 text; save it in that encoding");
  }
}
