// Asks the system to begin writing a file to its disk, without waiting for the end of it: the flush that comes later then
// finds most of its work done. Linux alone has it; elsewhere the flush does all of it.
import { dlopen } from "bun:ffi";

/**
 * Takes an open file, and the range that is written. Returns when the disk has taken the request, which may be a while
 * when it has many. What cannot be begun is left to the flush.
 */
export type StartWriteback = (fd: number, offsetBytes: number, sizeBytes: number) => void;

const write = 2; // SYNC_FILE_RANGE_WRITE: starts what is dirty, waits for none of it

/** sync_file_range(2); null where there is none. */
export function loadStartWriteback(): StartWriteback | null {
  if (process.platform !== "linux") return null;
  try {
    const { sync_file_range } = dlopen("libc.so.6", {
      sync_file_range: { args: ["i32", "i64", "i64", "u32"], returns: "i32" },
    }).symbols;
    return (fd, offsetBytes, sizeBytes) => void sync_file_range(fd, offsetBytes, sizeBytes, write);
  } catch {
    return null; // a C library without it
  }
}
