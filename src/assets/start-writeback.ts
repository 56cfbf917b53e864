// Asks the system to begin writing a file to its disk, without waiting: the flush that comes later then finds most of
// its work done, and hundreds of small files share the commits of the file system's journal. Linux alone has it;
// elsewhere the flush does all of it.
import { dlopen } from "bun:ffi";

/** Takes an open file, and the range that is written; default all of it. What it cannot do is left to the flush. */
export type StartWriteback = (fd: number, offsetBytes?: number, sizeBytes?: number) => void;

const write = 2; // SYNC_FILE_RANGE_WRITE: starts what is dirty, waits for none of it

/** sync_file_range(2); null where there is none. */
export function loadStartWriteback(): StartWriteback | null {
  if (process.platform !== "linux") return null;
  try {
    const { sync_file_range } = dlopen("libc.so.6", {
      sync_file_range: { args: ["i32", "i64", "i64", "u32"], returns: "i32" },
    }).symbols;
    // A size of 0 stands for all that follows.
    return (fd, offsetBytes = 0, sizeBytes = 0) => void sync_file_range(fd, offsetBytes, sizeBytes, write);
  } catch {
    return null; // a C library without it
  }
}
