import { expect, test } from "bun:test";
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { AssetDefinition } from "../../src/assets/asset-schema.ts";
import { createAssetLayout } from "../../src/assets/asset-layout.ts";
import { createReservations } from "../../src/assets/reservations.ts";
import type { AppError } from "../../src/base/errors.ts";
import { createFileLocker } from "../../src/base/file-lock.ts";
import type { AssetServer } from "../support/asset-server.ts";
import { failureOf } from "../support/failure-of.ts";
import { createTempFolder } from "../support/temp-folder.ts";
import { createStoreFixture, describeFile, makeBytes } from "./store-fixture.ts";

const bytes = makeBytes(30_000);
const names = ["one", "two"] as const;
const live = new AbortController().signal;

/** Two assets of 30,000 bytes each; with a manifest, or with sizes that only the server tells. */
const describePair =
  (hasManifest: boolean) =>
  (server: AssetServer): AssetDefinition[] =>
    names.map((name) => {
      const url = server.serve(`/${name}.bin`, bytes);
      const files = hasManifest ? { files: [describeFile(`${name}.bin`, bytes)] } : {};
      return { name, ...files, sources: [{ type: "http", url }] };
    });

test.each([true, false])(
  "two assets at once do not together pass the quota (with a manifest: %p)",
  async (hasManifest) => {
    await using f = await createStoreFixture(describePair(hasManifest), { quotaBytes: 50_000 });
    f.server.bytesPerSecond = 100_000; // the first is still on its way when the second asks
    const settled = await Promise.allSettled(names.map((name) => f.store.ensure(name)));
    expect(settled.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    const refused = settled.find((outcome) => outcome.status === "rejected");
    if (!refused) throw new Error("nobody was refused");
    const { code, details } = refused.reason as AppError;
    expect(code).toBe("E_QUOTA");
    // 20,000, less the few bytes of the lock files, and of a record if the other was that quick.
    expect(details?.["left_bytes"]).toBeLessThanOrEqual(20_000);
    expect(details?.["left_bytes"]).toBeGreaterThan(18_000);
    expect(await readdir(join(f.cacheRoot, "reservations"))).toEqual([".lock"]);
  },
);

test("nor in two processes' stores, and what the first leaves is the second's again", async () => {
  await using f = await createStoreFixture(describePair(true), { quotaBytes: 50_000 });
  const other = f.open(describePair(true)(f.server));
  f.server.fail("/one.bin", { kind: "stall", afterBytes: 10_000 });
  const first = f.store.ensure("one");
  await f.server.waitForRequest(({ path }) => path === "/one.bin");
  expect(await failureOf(other.ensure("two"))).toMatchObject({ code: "E_QUOTA" });
  expect(await f.store.cancel("one")).toBe(true);
  expect(await failureOf(first)).toMatchObject({ code: "E_INTERRUPTED" });
  expect(await other.ensure("two")).toMatchObject({ fromCache: false });
});

test("two assets at once do not together pass what the disk has left", async () => {
  await using f = await createStoreFixture(describePair(true), {}, { getFreeBytes: async () => 50_000 });
  const hold = Promise.withResolvers<void>();
  f.server.fail("/one.bin", { kind: "hold", until: hold.promise });
  const first = f.store.ensure("one");
  // Reserved, and nothing of it written yet.
  await f.server.waitForRequest(({ path }) => path === "/one.bin");
  const failure = await failureOf(f.store.ensure("two"));
  expect(failure).toMatchObject({ code: "E_DISK" });
  expect(failure.message).toContain("beside what other downloads need");
  hold.resolve();
  await first;
});

test("an asset that replaces itself needs no more of the quota than it adds", async () => {
  await using f = await createStoreFixture(describePair(true), { quotaBytes: 50_000 });
  await f.store.ensure("one");
  expect(await f.store.ensure("one", { forceDownload: true })).toMatchObject({ fromCache: false });
});

test("the reservation of a run that died counts no more, and is cleared away", async () => {
  await using folder = await createTempFolder();
  const [assetsDir, cacheRoot] = [join(folder.path, "assets"), join(folder.path, "cache")];
  for (const path of [assetsDir, cacheRoot]) await mkdir(path, { recursive: true });
  const layout = createAssetLayout(assetsDir, cacheRoot);
  const placesOf = (name: string) =>
    layout.placesOf({ name, version: "1", assetType: "model" } as Parameters<typeof layout.placesOf>[0]);
  const locker = createFileLocker();
  const reservations = createReservations(locker, cacheRoot);
  const room = { quotaBytes: 1000, disks: [{ folder: assetsDir, bytes: 5000 }] };
  const seen: number[][] = [];
  const look = (name: string) =>
    reservations.reserve(
      placesOf(name),
      async (others) => {
        seen.push([others.quotaBytes, await others.bytesOn(assetsDir)]);
        return room;
      },
      live,
    );
  {
    await using lease = await locker.lock(placesOf("one").lockFile);
    void lease;
    await look("one");
    await look("two"); // nobody holds the lock of "two": its run is as good as dead
    await look("three");
  }
  await look("four");
  expect(seen).toEqual([
    [0, 0],
    [1000, 5000],
    [1000, 5000],
    [0, 0],
  ]);
  expect((await readdir(join(cacheRoot, "reservations"))).length).toBe(2); // the lock, and the last one's
});

test("what has been written meanwhile is not spoken for any more", async () => {
  await using folder = await createTempFolder();
  const [assetsDir, cacheRoot] = [join(folder.path, "assets"), join(folder.path, "cache")];
  for (const path of [assetsDir, cacheRoot]) await mkdir(path, { recursive: true });
  const layout = createAssetLayout(assetsDir, cacheRoot);
  const placesOf = (name: string) =>
    layout.placesOf({ name, version: "1", assetType: "model" } as Parameters<typeof layout.placesOf>[0]);
  const locker = createFileLocker();
  const reservations = createReservations(locker, cacheRoot);
  const one = placesOf("one");
  await using lease = await locker.lock(one.lockFile);
  void lease;
  const demand = 1 << 20;
  const room = { quotaBytes: 0, disks: [{ folder: assetsDir, bytes: demand }] };
  await reservations.reserve(one, async () => room, live);
  await Bun.write(one.partPath({ type: "local", path: "x" }, "x"), makeBytes(demand / 2));
  let outstanding = 0;
  await reservations.reserve(
    placesOf("two"),
    async (others) => {
      outstanding = await others.bytesOn(assetsDir);
      return room;
    },
    live,
  );
  // The file system may count blocks late or otherwise; never more than was asked for.
  expect(outstanding).toBeGreaterThanOrEqual(demand / 2 - 65_536);
  expect(outstanding).toBeLessThanOrEqual(demand);
});
