// Bursts of changes, gathered under a clock that the test moves.
import { describe, expect, test } from "bun:test";
import { EventEmitter } from "node:events";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { watch as watchWithChokidar } from "chokidar";
import {
  type FolderWatcherDependencies,
  isShared,
  mayImport,
  watchFolder,
} from "../../src/characters/watch-folder.ts";
import { eventually } from "../support/eventually.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { createTempFolder } from "../support/temp-folder.ts";

type Watch = NonNullable<FolderWatcherDependencies["watch"]>;

async function open({ watch = watchWithChokidar }: { watch?: Watch } = {}) {
  await using resources = new AsyncDisposableStack();
  const folder = resources.use(await createTempFolder("troupe-watch-"));
  const clock = createManualClock();
  const seen = new Set<string>();
  const noting: Watch = (...args) => {
    const watcher = watch(...args);
    watcher.on("raw", (_, name) => seen.add(basename(name ?? "")));
    return watcher;
  };
  const bursts: string[][] = [];
  const onBurst = (paths: ReadonlySet<string>): void => {
    bursts.push([...paths].map((path) => path.slice(folder.path.length + 1)).toSorted());
  };
  const onError = (error: unknown): void => {
    throw error;
  };
  resources.use(await watchFolder({ onBurst, onError, clock, watch: noting }, folder.path));
  const held = resources.move();
  return {
    folder,
    clock,
    bursts,
    /** Makes changes, and waits until every one of them has been seen: the system may tell them one by one. */
    async change(names: readonly string[]) {
      seen.clear();
      for (const name of names) writeFileSync(join(folder.path, name), "");
      await eventually(`news of ${names.join()}`, () => names.every((name) => seen.has(basename(name))));
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

describe("watching a folder", () => {
  test("a burst ends after 30 ms of quiet", async () => {
    await using watched = await open();
    await watched.change(["a.ts", "b.ts"]);
    watched.clock.advance(29);
    expect(watched.bursts).toEqual([]);
    watched.clock.advance(1);
    expect(watched.bursts).toEqual([["a.ts", "b.ts"]]);
  });

  test("one that goes and comes back is read and watched anew, whether the watcher has noticed or not", async () => {
    let watcherCount = 0;
    const watch: Watch = (() => {
      watcherCount += 1;
      const deaf = Object.assign(new EventEmitter(), { close: () => Promise.resolve() });
      setImmediate(() => deaf.emit("ready"));
      return deaf;
    }) as never;
    await using watched = await open({ watch });
    const { path } = watched.folder;
    const heard = (...names: string[]) =>
      eventually(names.join(), () => {
        watched.clock.advance(1000);
        return names.every((name) => watched.bursts.flat().includes(name));
      });
    rmSync(path, { recursive: true });
    await heard(""); // the folder itself
    mkdirSync(join(path, "_lib"), { recursive: true });
    for (const name of ["b.ts", "_lib/word.ts", "notes.md"]) writeFileSync(join(path, name), name);
    await heard("b.ts", "_lib/word.ts");
    expect(watched.bursts.flat()).not.toContain("notes.md");
    expect(watcherCount).toBe(2);
  });

  test("a folder within it that goes and comes back is read anew, and what is told twice is read once", async () => {
    let watcher = new EventEmitter();
    const watch: Watch = (() => {
      watcher = Object.assign(new EventEmitter(), { close: () => Promise.resolve() });
      setImmediate(() => watcher.emit("ready"));
      return watcher;
    }) as never;
    await using watched = await open({ watch });
    const shared = join(watched.folder.path, "_lib");
    const word = join(shared, "word.ts");
    const burst = (): string[] | undefined => {
      watched.clock.advance(30);
      return watched.bursts.at(-1);
    };
    watcher.emit("raw", "rename", "word.ts", { watchedPath: shared });
    expect(burst()).toEqual(["_lib/word.ts"]);
    watcher.emit("all", "unlink", word);
    watched.clock.advance(30);
    expect(watched.bursts.length).toBe(1);
    watcher.emit("all", "addDir", shared);
    watcher.emit("all", "add", word);
    expect(burst()).toEqual(["_lib", "_lib/word.ts"]);
  });

  test("one that does not end is handed over after 250 ms", async () => {
    await using watched = await open();
    for (let write = 0; write < 10 && watched.bursts.length === 0; write++) {
      await watched.change([`f${write}.ts`]);
      watched.clock.advance(28);
    }
    expect(watched.clock.nowMs()).toBe(252);
    expect(watched.bursts.map((burst) => burst.length)).toEqual([9]);
  });

  test("only what can matter to characters is watched", async () => {
    await using watched = await open();
    mkdirSync(join(watched.folder.path, "node_modules"));
    const others = [".hidden.ts", "notes.md", "a.test.ts", "a.d.ts", "node_modules/a.ts", "a.ts~"];
    await watched.change([...others, "a.ts", "_b.ts"]);
    watched.clock.advance(250);
    expect(watched.bursts[0]).toEqual(["_b.ts", "a.ts"]);
  });
});

test("shared files are those that begin with _, and are imported by their stem, or by their folder", () => {
  expect(isShared(join("/cast", "_lib", "a.ts"), "/cast")).toBe(true);
  expect(isShared(join("/cast", "a.ts"), "/cast")).toBe(false);
  expect(mayImport("import './_lib/word.list'", "/cast/_lib/word.list.ts")).toBe(true);
  expect(mayImport("import './_lib/word'", "/cast/_lib/word.list.ts")).toBe(false);
  for (const text of ["import './_lib/index'", "import './_lib'", 'import "./_lib/"']) {
    expect(mayImport(text, "/cast/_lib/index.ts")).toBe(true);
  }
  expect(mayImport("import './_lib/word'", "/cast/_lib/index.ts")).toBe(false);
});
