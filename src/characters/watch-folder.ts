// Tells when files of the characters folder have changed: one call for a burst of changes.
import { readdir, stat } from "node:fs/promises";
import { basename, dirname, join, sep } from "node:path";
import { type FSWatcher, watch } from "chokidar";
import { systemClock, type Clock } from "../base/clock.ts";
import { waitFor } from "../base/deadline.ts";
import { isCharacterFileName } from "./load-folder.ts";

/** A burst has ended when nothing has changed for this long, … */
const quietMs = 30;
/** … and is handed over after this long even if it goes on. */
const maxGatherMs = 250;
const readyTimeoutMs = 5000;
const oldNewsMs = 500;
/** So often is looked whether the folder is still the one that is watched. */
const lookMs = 1000;

export interface FolderWatcherDependencies {
  /** Absolute paths that were added, changed or removed. */
  onBurst: (paths: ReadonlySet<string>) => void;
  onError: (error: unknown) => void;
  clock?: Clock;
  /** Default chokidar's. */
  watch?: typeof watch;
}

/** Resolves when changes are seen from now on. `folder` is absolute, links resolved; it may vanish and come back. */
export async function watchFolder(
  { onBurst, onError, clock = systemClock, watch: startWatching = watch }: FolderWatcherDependencies,
  folder: string,
): Promise<AsyncDisposable> {
  let gathered = new Set<string>();
  let quiet: Disposable | undefined;
  let limit: Disposable | undefined;

  const cancelTimers = (): void => {
    quiet?.[Symbol.dispose]();
    limit?.[Symbol.dispose]();
    quiet = undefined;
    limit = undefined;
  };
  const flush = (): void => {
    cancelTimers();
    const burst = gathered;
    gathered = new Set();
    onBurst(burst);
  };

  const gather = (path: string): void => {
    gathered.add(path);
    quiet?.[Symbol.dispose]();
    quiet = clock.schedule(flush, quietMs);
    limit ??= clock.schedule(flush, maxGatherMs);
  };
  // The system's own event comes at once; what chokidar has verified comes up to 50 ms later, and is then old news: taken
  // for new, it would have a file read again in the midst of the next save.
  const seenAtMs = new Map<string, number>();
  const open = async (): Promise<FSWatcher> => {
    const watcher = startWatching(folder, {
      ignoreInitial: true,
      // A save by rename shows at once; gathering is done here.
      atomic: false,
      ignored: (path) => !isWatched(path, folder),
    });
    watcher.on("raw", (_, name, details) => {
      const path = join((details as { watchedPath?: string } | null)?.watchedPath ?? folder, name ?? "");
      if (path === folder || !isWatched(path, folder)) return;
      seenAtMs.set(path, clock.nowMs());
      gather(path);
    });
    watcher.on("all", (kind, path) => {
      const nowMs = clock.nowMs();
      // What was seen below it was seen of the folder before. Of its own files the system tells nothing until it is watched.
      if (kind === "addDir") {
        for (const seen of seenAtMs.keys()) if (seen.startsWith(path + sep)) seenAtMs.delete(seen);
      }
      for (const [seen, atMs] of seenAtMs) if (nowMs - atMs > oldNewsMs) seenAtMs.delete(seen);
      if (!seenAtMs.has(path)) gather(path);
    });
    watcher.on("error", onError);
    const ready = new Promise<void>((resolve) => {
      watcher.once("ready", () => resolve());
    });
    // A folder on a slow disk is served anyway; what changes before it is watched shows at the next change.
    await waitFor(ready, { timeoutMs: readyTimeoutMs }).catch(onError);
    return watcher;
  };

  let identity = await identify(folder);
  let watcher = await open();
  // One that goes and comes back at once, or has another put in its place, may be lost on chokidar: it goes on watching
  // the one that is no more.
  const look = async (): Promise<void> => {
    const found = await identify(folder);
    if (found === identity) return;
    identity = found;
    gather(folder);
    if (found === null) return;
    await watcher.close();
    watcher = await open();
    for (const path of await listWatched(folder)) gather(path);
  };
  let isClosed = false;
  let looking = Promise.resolve();
  const tick = (): void => {
    looking = look()
      .catch(onError)
      .finally(() => {
        if (!isClosed) timer = clock.schedule(tick, lookMs);
      });
  };
  let timer = clock.schedule(tick, lookMs);

  return {
    async [Symbol.asyncDispose]() {
      isClosed = true;
      timer[Symbol.dispose]();
      await looking;
      cancelTimers();
      await watcher.close();
    },
  };
}

/** Another text for another folder at the same place; null for none. A number alone is soon given again. */
async function identify(folder: string): Promise<string | null> {
  const found = await stat(folder, { bigint: true }).catch(() => null);
  return found && `${found.dev}:${found.ino}:${found.birthtimeNs}`;
}

async function listWatched(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true }).catch(() => []);
  return entries.map((entry) => join(folder, entry)).filter((path) => isWatched(path, folder));
}

/** Character files, and whatever lies in files and folders that begin with `_`. */
function isWatched(path: string, folder: string): boolean {
  if (path === folder) return true;
  if (!path.startsWith(folder + sep)) return false;
  const [top = "", ...rest] = path.slice(folder.length + 1).split(sep);
  if (rest.includes("node_modules")) return false;
  return top.startsWith("_") || (rest.length === 0 && isCharacterFileName(top));
}

/** True for what characters share. */
export function isShared(path: string, folder: string): boolean {
  return path.startsWith(join(folder, "_"));
}

/** True for a text that may import this file: it has its name without the extension, or of an index that of its folder. */
export function mayImport(text: string, path: string): boolean {
  const stem = basename(path).replace(/\.[^.]+$/, "");
  if (text.includes(stem)) return true;
  const folder = basename(dirname(path));
  return stem === "index" && ['"', "'", '/"', "/'"].some((end) => text.includes(folder + end));
}
