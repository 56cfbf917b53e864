// A lock where the kernel gives none: a file that only one process can make, with its maker's pid. The maker shows
// every few seconds that it lives; a file whose maker is dead or silent is removed by whoever comes next.
import { randomUUID } from "node:crypto";
import { link, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import type { Clock } from "./clock.ts";
import { isAlive } from "./is-alive.ts";

const heartbeatMs = 5_000;
/** Six missed heartbeats: a machine that slept for less keeps its lock. */
const silentAfterMs = 30_000;

/** One attempt; null when a living process holds it. The first line of the file is the holder's pid. */
export async function holdOwnerFile(path: string, clock: Clock): Promise<AsyncDisposable | null> {
  const content = ownContent();
  if (!(await makeFile(path, content))) {
    await removeIfAbandoned(path, clock);
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

const ownContent = (): string => `${process.pid}\n${hostname()}\n${randomUUID()}\n`;

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

/** One at a time: what somebody saw a moment ago may have been removed by another, and what he removed be the next holder's. */
async function removeIfAbandoned(path: string, clock: Clock): Promise<void> {
  const guard = `${path}.removal`;
  if (!(await isAbandoned(path, clock))) return;
  if (!(await makeFile(guard, ownContent()))) {
    // Its maker has died, or stood still, within these few lines.
    if (await isAbandoned(guard, clock)) await rm(guard, { force: true });
    return;
  }
  try {
    if (await isAbandoned(path, clock)) await rm(path, { force: true });
  } finally {
    await rm(guard, { force: true });
  }
}

async function isAbandoned(path: string, clock: Clock): Promise<boolean> {
  const content = await readContent(path);
  const seen = await stat(path).catch(() => null);
  if (content === null || !seen) return false;
  const [pidText, host] = content.split("\n");
  const isSilent = clock.wallTime().getTime() - seen.mtimeMs > silentAfterMs;
  const isDead = host === hostname() && !isAlive(Number(pidText));
  // Another may have come meanwhile, whose age that is, or whose predecessor has ended in peace.
  return (isSilent || isDead) && (await readContent(path)) === content;
}

const readContent = (path: string): Promise<string | null> => readFile(path, "utf8").catch(() => null);
