// How much memory this process may have: the machine's, or what its control group leaves of it.
import { join } from "node:path";

export type ReadText = (path: string) => Promise<string | null>;

export interface Memory {
  /** What there is at most, a control group's limit included. */
  totalBytes: number;
  /** What could be taken now. */
  availableBytes: number;
  /** The control group's limit; null without one. */
  limitBytes: number | null;
}

/** Version 1 writes a number near 2^63 for none. */
const unlimitedFrom = 2 ** 60;
const root = "/sys/fs/cgroup";

/** `machine` is what the system says of itself; Linux knows better in /proc and in the control groups. */
export async function readMemory(
  read: ReadText,
  machine: { totalBytes: number; freeBytes: number },
): Promise<Memory> {
  const info = await read("/proc/meminfo");
  const totalBytes = parseKib(info, "MemTotal") ?? machine.totalBytes;
  const freeBytes = parseKib(info, "MemAvailable") ?? machine.freeBytes;
  const limits = await readLimits(read);
  const limitBytes = limits.reduce<number | null>(
    (least, { limitBytes: limit }) => (least === null || limit < least ? limit : least),
    null,
  );
  const rooms = limits.map((limit) => Math.max(0, limit.limitBytes - limit.usedBytes));
  return {
    totalBytes: Math.min(totalBytes, limitBytes ?? totalBytes),
    availableBytes: Math.min(freeBytes, ...rooms),
    limitBytes: limitBytes !== null && limitBytes < totalBytes ? limitBytes : null,
  };
}

function parseKib(text: string | null, name: string): number | null {
  const kib = new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(text ?? "")?.[1];
  return kib === undefined ? null : Number(kib) * 1024;
}

interface Limit {
  limitBytes: number;
  /** Without what the kernel gives back when it is asked (the cache of files). */
  usedBytes: number;
}

/** Of this process's group and of all above it; a limit anywhere counts. */
async function readLimits(read: ReadText): Promise<Limit[]> {
  const groups = (await read("/proc/self/cgroup")) ?? "";
  const unified = /^0::(\/.*)$/m.exec(groups)?.[1] ?? "/";
  const separate = /^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:(\/.*)$/m.exec(groups)?.[1];
  const found = await Promise.all([
    ...listAncestors(unified).map((group) =>
      readLimit(read, join(root, group), {
        limit: "memory.max",
        used: "memory.current",
        cache: /^inactive_file (\d+)$/m,
      }),
    ),
    ...(separate === undefined ? [] : listAncestors(separate)).map((group) =>
      readLimit(read, join(root, "memory", group), {
        limit: "memory.limit_in_bytes",
        used: "memory.usage_in_bytes",
        cache: /^total_inactive_file (\d+)$/m,
      }),
    ),
  ]);
  return found.flatMap((limit) => limit ?? []);
}

/** "/a/b" → "/a/b", "/a", "/". In a container the long ones are not there. */
function listAncestors(group: string): string[] {
  const parts = group.split("/").filter((part) => part !== "" && part !== "..");
  return parts.map((_, i) => `/${parts.slice(0, parts.length - i).join("/")}`).concat("/");
}

async function readLimit(
  read: ReadText,
  folder: string,
  names: { limit: string; used: string; cache: RegExp },
): Promise<Limit | null> {
  const limitBytes = Number.parseInt((await read(join(folder, names.limit))) ?? "", 10);
  if (!(limitBytes >= 0) || limitBytes >= unlimitedFrom) return null; // "max", too
  const used = Number.parseInt((await read(join(folder, names.used))) ?? "", 10) || 0;
  const cache = Number(names.cache.exec((await read(join(folder, "memory.stat"))) ?? "")?.[1] ?? 0);
  return { limitBytes, usedBytes: Math.max(0, used - cache) };
}
