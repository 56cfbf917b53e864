// Room for files whose sizes nobody knows before the server tells.
import { expect, test } from "bun:test";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { AssetDefinition } from "../../../src/assets/asset-schema.ts";
import { createFileLocker, type FileLocker } from "../../../src/base/file-lock.ts";
import type { AssetServer } from "../../support/asset-server.ts";
import { failureOf } from "../../support/failure-of.ts";
import { createStoreFixture, makeBytes } from "../store-fixture.ts";

const describeMany =
  (count: number, sizeBytes: number) =>
  (server: AssetServer): AssetDefinition => {
    const paths = Array.from({ length: count }, (_, i) => `f${i}`);
    const files = Object.fromEntries(
      paths.map((path, i) => [path, server.serve(`/${path}`, makeBytes(sizeBytes, i + 1))]),
    );
    return { name: "many", sources: [{ type: "http", files }] };
  };

/** A disk of that size with nothing on it but what is being downloaded; states of parts count as nothing. */
function createDisk(sizeBytes: number) {
  const disk = {
    folder: "",
    sizeBytes,
    async getFreeBytes() {
      const parts = (await readdir(disk.folder).catch(() => [])).filter((name) => name.endsWith(".part"));
      const taken = parts.map((name) => stat(join(disk.folder, name)).then(({ size }) => size));
      return disk.sizeBytes - (await Promise.all(taken)).reduce((sum, bytes) => sum + bytes, 0);
    },
  };
  return disk;
}

test("what has been written is not asked for again: files that fill a disk to its last byte fit", async () => {
  const disk = createDisk(9 * 80_000);
  await using f = await createStoreFixture(describeMany(9, 80_000), {}, disk);
  disk.folder = join(f.cacheRoot, "downloads");
  // One by one: of those on their way, a byte may be written and not yet counted.
  const handle = f.store.open(describeMany(9, 80_000)(f.server));
  const outcome = await handle.ensure({ filesAtOnce: 1 });
  expect(outcome).toMatchObject({ downloadedBytes: disk.sizeBytes });
});

/** A locker that waits before the `nth` taking of the reservations' lock, and tells when that is let go of. */
function createSlowLocker(nth: number, until: () => Promise<unknown>, onRelease?: () => Promise<void>) {
  const locker = createFileLocker();
  let taken = 0;
  const slow: FileLocker = {
    async lock(path, options) {
      const isReservations = path.endsWith("reservations/.lock");
      if (isReservations && ++taken === nth) await until();
      const lease = await locker.lock(path, options);
      return {
        isKernelLock: lease.isKernelLock,
        async [Symbol.asyncDispose]() {
          if (isReservations) await onRelease?.();
          await lease[Symbol.asyncDispose]();
        },
      };
    },
  };
  return slow;
}

test("nor what is written while it waits for its turn", async () => {
  const disk = createDisk(2 * 80_000);
  // The first one's room is asked for twice: there is none ahead.
  const locker = createSlowLocker(3, () =>
    f.events.waitFor((event) => event.type === "asset-progress" && event.doneBytes === 80_000),
  );
  await using f = await createStoreFixture(describeMany(2, 80_000), {}, { ...disk, locker });
  disk.folder = join(f.cacheRoot, "downloads");
  expect(await f.store.ensure("many")).toMatchObject({ downloadedBytes: disk.sizeBytes });
});

test("of files that ask for their room at once, all of it is written down", async () => {
  const sizeBytes = 17 << 20;
  const reserved: number[] = [];
  const onRelease = async (): Promise<void> => {
    const folder = join(f.cacheRoot, "reservations");
    for (const name of (await readdir(folder)).filter((found) => /^[^.].*json$/.test(found))) {
      reserved.push(((await Bun.file(join(folder, name)).json()) as { quota_bytes: number }).quota_bytes);
    }
  };
  // Long enough for the second to be the first, if it can.
  const locker = createSlowLocker(1, () => Bun.sleep(300), onRelease);
  await using f = await createStoreFixture(describeMany(2, sizeBytes), {}, { locker });
  await f.store.ensure("many");
  expect(reserved.at(-1)).toBe(2 * sizeBytes);
});

test("a file that comes alone takes no more room from others than it has", async () => {
  const sizes = { one: 30_000, two: 5 << 20 };
  await using f = await createStoreFixture(
    (server) =>
      Object.entries(sizes).map(([name, bytes]) => ({
        name,
        retries: 1,
        retryDelaySeconds: 0,
        sources: [{ type: "http", url: server.serve(`/${name}`, makeBytes(bytes)) }],
      })),
    { quotaBytes: 20 << 20 },
  );
  const hold = Promise.withResolvers<void>();
  f.server.fail("/one", { kind: "truncate", afterBytes: 10_000, until: hold.promise });
  const one = f.store.ensure("one");
  await f.events.waitFor((event) => event.type === "asset-progress" && event.doneBytes === 10_000);
  expect(await f.store.ensure("two")).toMatchObject({ downloadedBytes: sizes.two });
  hold.resolve();
  expect(await one).toMatchObject({ fromCache: false });
});

test("a file for which there is no room is E_DISK, and what came before it is kept", async () => {
  const disk = createDisk(5 * 80_000);
  await using f = await createStoreFixture(describeMany(9, 80_000), {}, disk);
  disk.folder = join(f.cacheRoot, "downloads");
  expect(await failureOf(f.store.ensure("many"))).toMatchObject({ code: "E_DISK" });
  disk.sizeBytes *= 4;
  expect(await f.store.ensure("many")).toMatchObject({ fromCache: false });
  expect((await f.store.ensure("many")).fromCache).toBe(true);
});

test("of hundreds of small files not each one asks for its room", async () => {
  let asked = 0;
  const getFreeBytes = async (): Promise<number> => {
    asked += 1;
    return 1e12;
  };
  await using f = await createStoreFixture(describeMany(120, 1_000), {}, { getFreeBytes });
  expect(await f.store.ensure("many")).toMatchObject({ downloadedBytes: 120_000 });
  expect(asked).toBeLessThan(20);
});

test("files of unknown sizes come side by side", async () => {
  await using f = await createStoreFixture(describeMany(3, 1_000));
  const hold = Promise.withResolvers<void>();
  for (const path of ["/f0", "/f1"]) f.server.fail(path, { kind: "hold", until: hold.promise });
  const coming = f.store.ensure("many");
  await f.server.waitForRequest(({ path }) => path === "/f2");
  hold.resolve();
  expect(await coming).toMatchObject({ downloadedBytes: 3_000 });
});
