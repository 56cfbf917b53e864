// Locks between processes, freed the moment their holder dies: the kernel's flock through bun:ffi. Some file systems
// (network shares, and all of Windows) grant flock to everyone, so each folder is probed once; where it does not
// exclude, owner-file.ts stands in. A lock file is never deleted: a waiter may hold it open already.
import { randomUUID } from "node:crypto";
import { type FileHandle, mkdir, open, readFile, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { withFileErrors } from "./atomic-file.ts";
import { type Clock, systemClock } from "./clock.ts";
import { abortReason } from "./deadline.ts";
import { AppError } from "./errors.ts";
import { type Flock, loadFlock } from "./flock.ts";
import { holdOwnerFile } from "./owner-file.ts";

export interface LockOptions {
  /** Default: waits until it gets it. */
  timeoutMs?: number | undefined;
  signal?: AbortSignal | undefined;
  /** Called once, when somebody else holds it; the pid is null where it is not known. */
  onWait?: (holderPid: number | null) => void;
}

export interface FileLease extends AsyncDisposable {
  /** False where the owner file stands in for the kernel. */
  readonly isKernelLock: boolean;
}

export interface FileLocker {
  /**
   * Takes the exclusive lock of `path` (made, with its folders, when it is not there), against other processes and
   * against other holders in this one. E_BUSY when `timeoutMs` passes, naming the holder's pid; E_INTERRUPTED;
   * E_PERM and E_DISK of the file system.
   */
  lock(path: string, options?: LockOptions): Promise<FileLease>;
}

export interface FileLockerDependencies {
  clock?: Clock;
  /** Null for none; default the C library's. */
  flock?: Flock | null;
}

const firstPollMs = 5;
const longestPollMs = 200;

export function createFileLocker(dependencies: FileLockerDependencies = {}): FileLocker {
  const { clock = systemClock } = dependencies;
  const flock = dependencies.flock === undefined ? loadFlock() : dependencies.flock;
  const exclusion = new Map<string, Promise<boolean>>();

  const probeOnce = (folder: string): Promise<boolean> => {
    const known = exclusion.get(folder) ?? probeExclusion(folder, flock);
    exclusion.set(folder, known);
    // A full disk is not full for ever.
    known.catch(() => exclusion.delete(folder));
    return known;
  };

  return {
    async lock(path, options = {}) {
      const folder = dirname(path);
      return withFileErrors(path, async () => {
        await mkdir(folder, { recursive: true });
        const isKernelLock = await probeOnce(folder);
        const attempt =
          flock && isKernelLock
            ? () => tryKernelLock(path, flock)
            : () => holdOwnerFile(`${path}.owner`, clock);
        const startMs = clock.nowMs();
        let pollMs = firstPollMs;
        for (let round = 0; ; round++) {
          if (options.signal?.aborted) throw abortReason(options.signal);
          const held = await attempt();
          if (held) return { isKernelLock, ...held };
          const holderPid = await readHolder(isKernelLock ? path : `${path}.owner`);
          if (round === 0) options.onWait?.(holderPid);
          const waitedMs = clock.nowMs() - startMs;
          if (options.timeoutMs !== undefined && waitedMs >= options.timeoutMs) {
            throw new AppError(
              "E_BUSY",
              `${path} is held by process ${holderPid ?? "(unknown)"}; wait for it, or end it`,
              { path, holder_pid: holderPid },
            );
          }
          await pause(clock, pollMs, options.signal);
          pollMs = Math.min(pollMs * 2, longestPollMs);
        }
      });
    },
  };
}

/** Does a second opening of a locked file get refused in this folder, as it must? */
async function probeExclusion(folder: string, flock: Flock | null): Promise<boolean> {
  if (!flock) return false;
  const path = join(folder, `.probe-${randomUUID()}`);
  const opened: FileHandle[] = [];
  try {
    const first = await open(path, "w");
    opened.push(first);
    const second = await open(path, "r+");
    opened.push(second);
    return flock.tryExclusive(first.fd) && !flock.tryExclusive(second.fd);
  } finally {
    for (const file of opened) await file.close();
    await rm(path, { force: true });
  }
}

async function tryKernelLock(path: string, flock: Flock): Promise<AsyncDisposable | null> {
  // "a" makes the file without emptying it: the holder's pid stays readable for those who wait.
  const file = await open(path, "a+", 0o644);
  try {
    if (flock.tryExclusive(file.fd) && (await isStillNamed(path, file))) {
      await file.truncate(0);
      await file.write(`${process.pid}\n`);
      return {
        async [Symbol.asyncDispose]() {
          flock.release(file.fd);
          await file.close();
        },
      };
    }
  } catch (error) {
    await file.close();
    throw error;
  }
  await file.close();
  return null;
}

/** False when somebody removed the file between our opening and our locking it: others would lock another one. */
async function isStillNamed(path: string, file: FileHandle): Promise<boolean> {
  const [own, named] = await Promise.all([file.stat(), stat(path).catch(() => null)]);
  return named !== null && named.ino === own.ino && named.dev === own.dev;
}

async function readHolder(path: string): Promise<number | null> {
  const text = await readFile(path, "utf8").catch(() => "");
  const pid = Number.parseInt(text, 10);
  return Number.isSafeInteger(pid) && pid > 0 ? pid : null;
}

function pause(clock: Clock, delayMs: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const wake = (): void => {
      timer[Symbol.dispose]();
      signal?.removeEventListener("abort", wake);
      resolve();
    };
    const timer = clock.schedule(wake, delayMs);
    signal?.addEventListener("abort", wake, { once: true });
  });
}
