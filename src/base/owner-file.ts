// A lock where the kernel gives none: a file that only one process can make, with its maker's pid. The maker shows
// every few seconds that it lives; a file whose maker is dead or silent is set aside by whoever comes next.
import { randomUUID } from "node:crypto";
import { link, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import type { Clock } from "./clock.ts";
import { isAlive } from "./is-alive.ts";

const heartbeatMs = 5_000;
/** Six missed heartbeats: a machine that slept for less keeps its lock. */
const silentAfterMs = 30_000;

/** One attempt; null when a living process holds it. The first line of the file is the holder's pid. */
export async function holdOwnerFile(path: string, clock: Clock): Promise<AsyncDisposable | null> {
  const content = `${process.pid}\n${hostname()}\n${randomUUID()}\n`;
  if (!(await makeFile(path, content))) {
    await setAsideIfAbandoned(path, clock);
    return null;
  }
  let timer: Disposable;
  const beat = (): void => {
    const now = clock.wallTime();
    utimes(path, now, now).catch(() => undefined); // gone: the next look at it tells
    timer = clock.schedule(beat, heartbeatMs);
  };
  timer = clock.schedule(beat, heartbeatMs);
  return {
    async [Symbol.asyncDispose]() {
      timer[Symbol.dispose]();
      if ((await readContent(path)) === content) await rm(path, { force: true });
    },
  };
}

async function makeFile(path: string, content: string): Promise<boolean> {
  // Written under another name and linked: no one ever reads an owner file that is still empty.
  const draft = `${path}.${randomUUID()}`;
  try {
    await writeFile(draft, content, { flag: "wx" });
    await link(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

async function setAsideIfAbandoned(path: string, clock: Clock): Promise<void> {
  const content = await readContent(path);
  if (content === null || !(await isAbandoned(path, content, clock))) return;
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
  } catch {
    return; // another waiter was quicker
  }
  // Between our look and the rename somebody may have taken it: then it goes back, unless a third one came.
  if ((await readContent(aside)) !== content) await link(aside, path).catch(() => undefined);
  await rm(aside, { force: true });
}

async function isAbandoned(path: string, content: string, clock: Clock): Promise<boolean> {
  const [pidText, host] = content.split("\n");
  const seen = await stat(path).catch(() => null);
  if (!seen) return false;
  if (clock.wallTime().getTime() - seen.mtimeMs > silentAfterMs) return true;
  return host === hostname() && !isAlive(Number(pidText));
}

const readContent = (path: string): Promise<string | null> => readFile(path, "utf8").catch(() => null);
