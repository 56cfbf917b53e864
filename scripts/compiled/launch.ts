// The first thing that the compiled program does: what it carries is unpacked once into the cache, and runs from there.
// Engines, character files and the page need files on disk: native modules are opened by the system, and children and
// workers are given paths.
import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { errorTable, messageOf } from "../../src/base/errors.ts";

export interface Program {
  /** Path of a gzipped tar with `src/main.ts` and everything that it needs. */
  archive: string;
  /** Of the archive: another one is another program. */
  digest: string;
}

export async function launch({ archive, digest }: Program): Promise<void> {
  const folder = join(selectCacheRoot(process.env), "program", digest);
  const main = join(folder, "src/main.ts");
  try {
    if (!(await Bun.file(main).exists())) await unpack(archive, folder);
  } catch (error) {
    const cure = "make room there and give this user the right to write, or set TROUPE_CACHE_ROOT";
    console.error(`troupe: cannot unpack itself to ${folder} (${messageOf(error)}); ${cure} [E_PERM]`);
    process.exit(errorTable.E_PERM.exitCode);
  }
  // Children are this very file: with it they act as the plain runtime, and run what they are given.
  process.env["BUN_BE_BUN"] = "1";
  await import(main);
}

/** As the settings have it, less the project file, which is read by what is being unpacked. */
export function selectCacheRoot(env: Readonly<Record<string, string | undefined>>): string {
  const home = env["HOME"] ?? homedir();
  const path = env["TROUPE_CACHE_ROOT"] || env["IRENE_CACHE_ROOT"] || join(home, ".troupe/cache");
  return path.replace(/^~(?=$|[/\\])/, home);
}

/** Whole or not at all; of several that start at once, one's is taken. */
async function unpack(archive: string, folder: string): Promise<void> {
  const temporary = `${folder}.${process.pid}.tmp`;
  await mkdir(dirname(folder), { recursive: true });
  await removeLeftovers(folder);
  try {
    await new Bun.Archive(await Bun.file(archive).bytes()).extract(temporary);
    await rename(temporary, folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error;
    });
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** A cache may be shared with another container, whose processes are not seen here. */
const leftoverAgeMs = 10 * 60_000;

/** Of runs that were killed while they unpacked. */
async function removeLeftovers(folder: string): Promise<void> {
  for (const name of await readdir(dirname(folder))) {
    const [, pid] = /^[0-9a-z]+\.(\d+)\.tmp$/.exec(name) ?? [];
    if (pid === undefined || isAlive(Number(pid))) continue;
    const path = join(dirname(folder), name);
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Date.now() }));
    if (Date.now() - mtimeMs > leftoverAgeMs) await rm(path, { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
