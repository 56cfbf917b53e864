// Which installs somebody works with right now: each user of one shares its lock, and who wants to take it away needs
// the lock alone. The kernel frees it the moment a user dies.
import { type FileHandle, mkdir, open, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { randomUUID } from "node:crypto";
import type { Clock } from "../../base/clock.ts";
import { AppError } from "../../base/errors.ts";
import { listFlockHolders } from "../../base/flock-holders.ts";
import { loadFlock, type SharedFlock } from "../../base/flock.ts";
import { isAlive } from "../../base/is-alive.ts";
import { sha256OfText } from "../checksum.ts";

export interface UseLocks {
  /** Until disposed, nobody takes the install away. E_BUSY when somebody does so for half a minute. */
  hold(id: string): Promise<AsyncDisposable>;
  /** Until disposed, nobody begins to use it; null while somebody does. */
  seize(id: string): Promise<AsyncDisposable | null>;
  /** The same, where being in use is a refusal: E_BUSY, naming who uses it as far as that is known. */
  requireUnused(id: string, cure?: string): Promise<AsyncDisposable>;
  /** Without touching anything that would disturb a user. */
  isInUse(id: string): Promise<boolean>;
}

export interface UseLocksDependencies {
  clock: Clock;
  /** Null where the system has none; default the C library's. */
  flock?: SharedFlock | null | undefined;
}

const waitMs = 30_000;
const pollMs = 20;
const looks = 3;
const noHold: AsyncDisposable = { [Symbol.asyncDispose]: () => Promise.resolve() };

export function createUseLocks(modelsRoot: string, dependencies: UseLocksDependencies): UseLocks {
  const { clock } = dependencies;
  const flock = dependencies.flock === undefined ? loadFlock() : dependencies.flock;
  const folder = join(modelsRoot, ".locks", "in-use");
  const pathOf = (id: string): string => {
    // The digest tells ids apart that a file system may not.
    return join(folder, `${id.replaceAll("/", "@").slice(-100)}-${sha256OfText(id).slice(0, 12)}.lock`);
  };

  const tryLock = async (id: string, lock: (fd: number) => boolean): Promise<AsyncDisposable | null> => {
    await mkdir(folder, { recursive: true });
    const file = await open(pathOf(id), "a+", 0o644);
    if (!lock(file.fd)) {
      await file.close();
      return null;
    }
    return { [Symbol.asyncDispose]: () => release(file) };
  };
  const release = async (file: FileHandle): Promise<void> => {
    flock?.release(file.fd);
    await file.close();
  };

  const trySeize = (id: string): Promise<AsyncDisposable | null> =>
    flock ? tryLock(id, (fd) => flock.tryExclusive(fd)) : seizeByMarks(pathOf(id));

  const seize = async (id: string): Promise<AsyncDisposable | null> => {
    // Somebody else who looks at the same instant is no user: those are gone in a moment.
    for (let look = 0; look < looks; look++) {
      const seized = await trySeize(id).catch(ignoreReadOnly);
      if (seized) return seized;
      await new Promise<void>((wake) => void clock.schedule(wake, pollMs));
    }
    return null;
  };

  return {
    async hold(id) {
      const startMs = clock.nowMs();
      for (;;) {
        const held = flock
          ? await tryLock(id, (fd) => flock.tryShared(fd)).catch(ignoreReadOnly)
          : await mark(folder, pathOf(id));
        if (held) return held;
        if (clock.nowMs() - startMs > waitMs) {
          throw new AppError("E_BUSY", `${id} is being taken off the disk; try again when that is done`, {
            model_id: id,
          });
        }
        await new Promise<void>((wake) => void clock.schedule(wake, pollMs));
      }
    },
    seize,
    async requireUnused(id, cure = "stop it first") {
      const seized = await seize(id);
      if (seized) return seized;
      const pids = flock ? await listFlockHolders(pathOf(id)) : await listMarks(pathOf(id));
      throw inUse(id, pids, cure);
    },
    async isInUse(id) {
      const seized = await seize(id);
      await seized?.[Symbol.asyncDispose]();
      return seized === null;
    },
  };
}

function inUse(id: string, pids: readonly number[], cure: string): AppError {
  const who = pids.length === 0 ? "a running server" : `process ${pids.join(", ")}`;
  return new AppError("E_BUSY", `${id} is in use by ${who}; ${cure}`, { model_id: id, holder_pids: pids });
}

/** Where nobody can write, nobody can take anything away. */
function ignoreReadOnly(error: NodeJS.ErrnoException): AsyncDisposable {
  if (["EACCES", "EPERM", "EROFS"].includes(error.code ?? "")) return noHold;
  throw error;
}

/** Without a kernel's lock: a file for each user, which counts while its process lives. */
async function mark(folder: string, path: string): Promise<AsyncDisposable> {
  await mkdir(folder, { recursive: true });
  const own = `${path}.${process.pid}-${randomUUID()}`;
  await writeFile(own, `${process.pid}\n`);
  return { [Symbol.asyncDispose]: () => rm(own, { force: true }) };
}

async function seizeByMarks(path: string): Promise<AsyncDisposable | null> {
  return (await listMarks(path)).length > 0 ? null : noHold;
}

/** Of living processes; those of dead ones go. */
async function listMarks(path: string): Promise<number[]> {
  const folder = join(path, "..");
  const names = await readdir(folder).catch(() => []);
  const pids: number[] = [];
  for (const name of names.filter((candidate) => join(folder, candidate).startsWith(`${path}.`))) {
    const pid = Number.parseInt(await readFile(join(folder, name), "utf8").catch(() => ""), 10);
    if (isAlive(pid)) pids.push(pid);
    else await rm(join(folder, name), { force: true });
  }
  return pids;
}
