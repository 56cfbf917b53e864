import { describe, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { readdir, readFile, utimes } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../src/base/clock.ts";
import { createFileLocker, type FileLockerDependencies } from "../../src/base/file-lock.ts";
import { loadFlock } from "../../src/base/flock.ts";
import { failureOf } from "../support/failure-of.ts";
import { createTempFolder } from "../support/temp-folder.ts";

async function holdInChild(path: string, kind: "kernel" | "owner") {
  const script = join(import.meta.dir, "children/hold-lock.ts");
  const child = Bun.spawn([process.execPath, "--no-env-file", script, path, kind], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const { value } = await child.stdout.getReader().read();
  expect(new TextDecoder().decode(value)).toStartWith("held");
  return { child, [Symbol.dispose]: () => child.kill("SIGKILL") };
}

const kinds: ["kernel" | "owner", FileLockerDependencies][] = [
  ["kernel", {}],
  ["owner", { flock: null }],
];

describe.each(kinds)("a lock by the %s", (kind, dependencies) => {
  test("excludes another process, names its pid, and is free the moment that process is killed", async () => {
    await using folder = await createTempFolder();
    const path = join(folder.path, "locks/x.lock");
    using holder = await holdInChild(path, kind);
    const locker = createFileLocker(dependencies);
    const busy = await failureOf(locker.lock(path, { timeoutMs: 30 }));
    expect(busy).toMatchObject({ code: "E_BUSY", details: { holder_pid: holder.child.pid } });
    expect(busy.message).toContain(String(holder.child.pid));
    const waits: (number | null)[] = [];
    const onWait = (pid: number | null): void => {
      waits.push(pid);
      holder.child.kill("SIGKILL");
    };
    await using lease = await locker.lock(path, { onWait, timeoutMs: 30_000 });
    expect(lease.isKernelLock).toBe(kind === "kernel");
    expect(waits).toEqual([holder.child.pid]);
  });

  test("excludes a second holder in the same process, and passes from one to the next", async () => {
    await using folder = await createTempFolder();
    const path = join(folder.path, "x.lock");
    const [one, two] = [createFileLocker(dependencies), createFileLocker(dependencies)];
    const order: string[] = [];
    const use = async (locker: typeof one, name: string): Promise<void> => {
      await using lease = await locker.lock(path);
      void lease;
      order.push(`${name} in`);
      await Bun.sleep(3);
      order.push(`${name} out`);
    };
    await Promise.all([use(one, "a"), use(two, "b"), use(one, "c")]);
    for (let i = 0; i < order.length; i += 2) expect(order[i + 1]).toBe(order[i]?.replace("in", "out") ?? "");
  });

  test("does not concern another path", async () => {
    await using folder = await createTempFolder();
    const locker = createFileLocker(dependencies);
    await using a = await locker.lock(join(folder.path, "a"));
    await using b = await locker.lock(join(folder.path, "b"), { timeoutMs: 0 });
    expect([a, b].length).toBe(2);
  });

  test("stops waiting when its signal aborts", async () => {
    await using folder = await createTempFolder();
    const locker = createFileLocker(dependencies);
    await using held = await locker.lock(join(folder.path, "x"));
    void held;
    const abort = new AbortController();
    const waiting = locker.lock(join(folder.path, "x"), {
      signal: abort.signal,
      onWait: () => abort.abort(),
    });
    expect(await failureOf(waiting)).toMatchObject({ code: "E_INTERRUPTED" });
  });
});

test("the kernel's lock says who holds it, and leaves its file for the next", async () => {
  await using folder = await createTempFolder();
  const path = join(folder.path, "x.lock");
  await folder.write("x.lock", "99999999\n"); // of an earlier holder
  const lease = await createFileLocker().lock(path);
  expect(await readFile(path, "utf8")).toBe(`${process.pid}\n`);
  await lease[Symbol.asyncDispose]();
  expect(await readdir(folder.path)).toEqual(["x.lock"]);
});

test("a lock file that is removed between opening and locking is not taken for the lock", async () => {
  await using folder = await createTempFolder();
  const path = join(folder.path, "x.lock");
  await (await createFileLocker().lock(path))[Symbol.asyncDispose](); // probes the folder, makes the file
  const real = loadFlock();
  if (!real) throw new Error("no flock on this system");
  let calls = 0;
  const flock = {
    ...real,
    tryExclusive(fd: number) {
      calls += 1;
      if (calls === 3) rmSync(path); // the first two are the folder's probe
      return real.tryExclusive(fd);
    },
  };
  await using lease = await createFileLocker({ flock }).lock(path, { timeoutMs: 30_000 });
  expect([lease.isKernelLock, calls, await readFile(path, "utf8")]).toEqual([true, 4, `${process.pid}\n`]);
  expect(await failureOf(createFileLocker().lock(path, { timeoutMs: 0 }))).toMatchObject({ code: "E_BUSY" });
});

test("a file system that grants every flock is noticed, and the owner file excludes instead", async () => {
  await using folder = await createTempFolder();
  const locker = createFileLocker({ flock: { tryExclusive: () => true, release: () => undefined } });
  const path = join(folder.path, "x.lock");
  await using lease = await locker.lock(path);
  expect(lease.isKernelLock).toBe(false);
  expect(await failureOf(locker.lock(path, { timeoutMs: 0 }))).toMatchObject({ code: "E_BUSY" });
  expect((await readdir(folder.path)).sort()).toEqual(["x.lock.owner"]);
});

test("a folder that could not be looked into is looked into again", async () => {
  await using folder = await createTempFolder();
  const real = loadFlock();
  if (!real) throw new Error("no flock on this system");
  let calls = 0;
  const flock = {
    ...real,
    tryExclusive(fd: number) {
      calls += 1;
      if (calls === 1) throw Object.assign(new Error("no space left"), { code: "ENOSPC" });
      return real.tryExclusive(fd);
    },
  };
  const locker = createFileLocker({ flock });
  const path = join(folder.path, "x.lock");
  expect(await failureOf(locker.lock(path))).toMatchObject({ code: "E_DISK" });
  await using lease = await locker.lock(path, { timeoutMs: 30_000 });
  expect(lease.isKernelLock).toBe(true);
});

describe("an owner file", () => {
  const owner = { flock: null };

  test("of a dead process is taken over", async () => {
    await using folder = await createTempFolder();
    const dead = Bun.spawn(["true"]);
    await dead.exited;
    await folder.write("x.lock.owner", `${dead.pid}\n${hostname()}\ntoken\n`);
    await using lease = await createFileLocker(owner).lock(join(folder.path, "x.lock"), {
      timeoutMs: 30_000,
    });
    expect(lease.isKernelLock).toBe(false);
  });

  test("of another machine counts while it is touched, and no longer when it is silent", async () => {
    await using folder = await createTempFolder();
    const file = await folder.write("x.lock.owner", "1\nanother-machine\ntoken\n");
    const locker = createFileLocker(owner);
    const path = join(folder.path, "x.lock");
    expect(await failureOf(locker.lock(path, { timeoutMs: 20 }))).toMatchObject({ code: "E_BUSY" });
    const longAgo = new Date(Date.now() - 40_000);
    await utimes(file, longAgo, longAgo);
    await using lease = await locker.lock(path, { timeoutMs: 30_000 });
    expect(lease.isKernelLock).toBe(false);
  });

  test("is touched while it is held, and not removed when it is another's by then", async () => {
    await using folder = await createTempFolder();
    const beats: (() => void)[] = [];
    const clock = {
      ...systemClock,
      schedule(callback: () => void, delayMs: number) {
        if (delayMs < 1000) return systemClock.schedule(callback, delayMs);
        beats.push(callback);
        return { [Symbol.dispose]: () => undefined };
      },
    };
    const path = join(folder.path, "x.lock");
    const lease = await createFileLocker({ ...owner, clock }).lock(path);
    const old = new Date(1_000_000);
    await utimes(`${path}.owner`, old, old);
    beats[0]?.();
    while ((await Bun.file(`${path}.owner`).stat()).mtimeMs === old.getTime()) await Bun.sleep(1);
    await folder.write("x.lock.owner", "someone else\n");
    await lease[Symbol.asyncDispose]();
    expect(await readFile(`${path}.owner`, "utf8")).toBe("someone else\n");
  });

  test("that another taker has just made his own is left to him", async () => {
    await using folder = await createTempFolder();
    const file = await folder.write("x.lock.owner", "1\nanother-machine\ntoken\n");
    const longAgo = new Date(Date.now() - 40_000);
    await utimes(file, longAgo, longAgo);
    const next = `${process.pid}\n${hostname()}\nnext\n`;
    let looks = 0;
    // The time is asked for at each look at a file's age, which is known by then: first, and again before it is removed.
    const clock = {
      ...systemClock,
      wallTime() {
        looks += 1;
        if (looks === 2) writeFileSync(file, next);
        return systemClock.wallTime();
      },
    };
    const locker = createFileLocker({ ...owner, clock });
    const path = join(folder.path, "x.lock");
    expect(await failureOf(locker.lock(path, { timeoutMs: 0 }))).toMatchObject({ code: "E_BUSY" });
    expect([looks, await readFile(file, "utf8")]).toEqual([2, next]);
  });

  test("that somebody else is removing is left to him, unless he has died over it", async () => {
    await using folder = await createTempFolder();
    const file = await folder.write("x.lock.owner", "1\nanother-machine\ntoken\n");
    const longAgo = new Date(Date.now() - 40_000);
    await utimes(file, longAgo, longAgo);
    const guard = await folder.write("x.lock.owner.removal", `${process.pid}\n${hostname()}\ntoken\n`);
    const locker = createFileLocker(owner);
    const path = join(folder.path, "x.lock");
    expect(await failureOf(locker.lock(path, { timeoutMs: 20 }))).toMatchObject({ code: "E_BUSY" });
    expect(await readFile(file, "utf8")).toContain("another-machine");
    await utimes(guard, longAgo, longAgo);
    await using lease = await locker.lock(path, { timeoutMs: 30_000 });
    expect(lease.isKernelLock).toBe(false);
    expect(await readdir(folder.path)).toEqual(["x.lock.owner"]);
  });

  test("takers that race for an abandoned one are never two at once", async () => {
    await using folder = await createTempFolder();
    await folder.write("x.lock.owner", "1\nanother-machine\ntoken\n");
    const longAgo = new Date(Date.now() - 40_000);
    await utimes(join(folder.path, "x.lock.owner"), longAgo, longAgo);
    let inside = 0;
    let peak = 0;
    const take = async (): Promise<void> => {
      // One looks while another has looked and a third is making his own.
      await Bun.sleep(Math.random() * 6);
      await using lease = await createFileLocker(owner).lock(join(folder.path, "x.lock"));
      void lease;
      inside += 1;
      peak = Math.max(peak, inside);
      await Bun.sleep(1);
      inside -= 1;
    };
    await Promise.all(Array.from({ length: 12 }, take));
    expect(peak).toBe(1);
  });
});
