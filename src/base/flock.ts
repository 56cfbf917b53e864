// The C library's flock(2). A lock belongs to the opening, not to the process: a second opening in the same process is
// refused as well, and the kernel frees it when the last descriptor goes, however the process ends.
import { dlopen } from "bun:ffi";

export interface Flock {
  /** True when the descriptor's file is now locked by it; never waits. */
  tryExclusive(fd: number): boolean;
  release(fd: number): void;
}

export interface SharedFlock extends Flock {
  /** As `tryExclusive`, but together with others who share it. */
  tryShared(fd: number): boolean;
}

const libraries = [
  "libc.so.6",
  "libSystem.B.dylib",
  "libc.musl-x86_64.so.1",
  "libc.musl-aarch64.so.1",
  "libc.so",
];
// sys/file.h, the same on Linux and macOS
const lockShared = 1;
const lockExclusive = 2;
const lockWithoutWaiting = 4;
const unlock = 8;

/** Null where there is no such call (Windows). */
export function loadFlock(): SharedFlock | null {
  for (const library of libraries) {
    try {
      const { flock } = dlopen(library, { flock: { args: ["i32", "i32"], returns: "i32" } }).symbols;
      return {
        tryExclusive: (fd) => flock(fd, lockExclusive | lockWithoutWaiting) === 0,
        tryShared: (fd) => flock(fd, lockShared | lockWithoutWaiting) === 0,
        release: (fd) => void flock(fd, unlock),
      };
    } catch {
      continue; // not this system's C library
    }
  }
  return null;
}
