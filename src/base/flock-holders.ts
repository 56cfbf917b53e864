// Who holds a kernel's lock: flock(2) itself does not tell, Linux's list of all locks does.
import { readFile, stat } from "node:fs/promises";

/** Pids; empty where the system does not say (elsewhere than on Linux, or from within another namespace). */
export async function listFlockHolders(path: string): Promise<number[]> {
  const seen = await stat(path, { bigint: true }).catch(() => null);
  if (!seen) return [];
  const table = await readFile("/proc/locks", "utf8").catch(() => "");
  const file = `${encodeDevice(seen.dev)}:${seen.ino}`;
  const pids = table.split("\n").flatMap((line) => {
    // "1: FLOCK  ADVISORY  READ 4711 fd:01:131 0 EOF"; those who wait have an arrow before them.
    const [, pid, place] = /^\d+: FLOCK +\w+ +\w+ +(\d+) ([\da-f]+:[\da-f]+:\d+) /.exec(line) ?? [];
    return place === file ? [Number(pid)] : [];
  });
  return [...new Set(pids)].filter((pid) => pid > 0).sort((a, b) => a - b);
}

/** `major:minor` in hex as the kernel prints it; how both lie in st_dev is glibc's <sys/sysmacros.h>. */
function encodeDevice(device: bigint): string {
  const major = ((device >> 8n) & 0xfffn) | ((device >> 32n) & ~0xfffn);
  const minor = (device & 0xffn) | ((device >> 12n) & ~0xffn);
  return [major, minor].map((part) => part.toString(16).padStart(2, "0")).join(":");
}
