import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { createQuota } from "../../src/assets/quota.ts";
import { buildTar, buildTarball } from "../support/build-tarball.ts";
import { failureOf } from "../support/failure-of.ts";
import { createTempFolder } from "../support/temp-folder.ts";
import { createStoreFixture, makeBytes, oneFileAsset } from "./store-fixture.ts";

describe("a quota", () => {
  test("counts all folders, one within another once, and is none without a limit", async () => {
    await using folder = await createTempFolder();
    await folder.write("models/a.gguf", new Uint8Array(1000));
    await folder.write("models/assets/b.bin", new Uint8Array(500));
    const folders = [
      join(folder.path, "models/assets"),
      join(folder.path, "models"),
      join(folder.path, "models"),
    ];
    expect(await createQuota({ limitBytes: 10_000, folders }).leftBytes()).toBe(8500);
    expect(await createQuota({ limitBytes: null, folders }).leftBytes()).toBe(Number.POSITIVE_INFINITY);
    await createQuota({ limitBytes: null, folders }).require(1e15, 0, "it");
  });

  test("says what is needed, what is left and what to do", async () => {
    await using folder = await createTempFolder();
    const quota = createQuota({ limitBytes: 4 << 20, folders: [folder.path] });
    await quota.require(4 << 20, 0, "voice");
    const error = await failureOf(quota.require(5 << 20, 0, "voice"));
    expect(error).toMatchObject({
      code: "E_QUOTA",
      details: { needed_bytes: 5 << 20, left_bytes: 4 << 20, quota_bytes: 4 << 20 },
    });
    expect(error.message).toContain("voice needs 5.0 MiB, the quota has 4.0 MiB left");
    expect(error.message).toContain("settings.assets.quota_gb");
  });

  test("lets what is there be replaced by what takes no more", async () => {
    await using folder = await createTempFolder();
    await folder.write("a", new Uint8Array(1000));
    const quota = createQuota({ limitBytes: 1000, folders: [folder.path] });
    await quota.require(1000, 1000, "voice");
    expect(await failureOf(quota.require(1001, 1000, "voice"))).toMatchObject({ code: "E_QUOTA" });
    expect(await failureOf(quota.require(1, 0, "voice"))).toMatchObject({ code: "E_QUOTA" });
  });
});

const bytes = makeBytes(50_000);

test("E_QUOTA comes before any request when the manifest tells, and before the first byte when the server does", async () => {
  await using f = await createStoreFixture(
    (server) => [
      oneFileAsset(bytes, [{ type: "http", url: server.serve("/voice.bin", bytes) }]),
      { name: "loose", sources: [{ type: "http", url: server.serve("/loose.bin", bytes) }] },
    ],
    { quotaBytes: 40_000 },
  );
  expect(await failureOf(f.store.ensure("voice"))).toMatchObject({ code: "E_QUOTA" });
  expect(f.server.requests.length).toBe(0);
  expect(await failureOf(f.store.ensure("loose"))).toMatchObject({ code: "E_QUOTA" });
  expect(f.events.ofType("asset-progress").every(({ doneBytes }) => doneBytes === 0)).toBe(true);
});

test("what lies in the models root counts, and a full quota is told before any request", async () => {
  await using f = await createStoreFixture(
    (server, folder) => [
      { name: "loose", sources: [{ type: "http", url: server.serve("/loose.bin", bytes) }] },
      { name: "local", sources: [{ type: "local", path: join(folder.path, "x.bin") }] },
    ],
    { quotaBytes: 1_000_000 },
  );
  await f.folder.write("models/a.gguf", new Uint8Array(1_000_000));
  const store = f.open(
    [{ name: "loose", sources: [{ type: "http", url: `${f.server.origin}/loose.bin` }] }],
    {
      modelsRoot: join(f.folder.path, "models"),
    },
  );
  expect(await failureOf(store.ensure("loose"))).toMatchObject({ code: "E_QUOTA" });
  expect(f.server.requests.length).toBe(0);
  await f.store.ensure("loose");
});

test("an archive that unpacks to more than is left is stopped, and leaves nothing", async () => {
  const archive = buildTarball([{ path: "zeros", content: new Uint8Array(12 << 20) }]);
  await using f = await createStoreFixture(
    (server) => ({
      name: "voice",
      unpack: { format: "tar.gz" },
      sources: [{ type: "http", url: server.serve("/a.tgz", archive) }],
    }),
    { quotaBytes: 4 << 20 },
  );
  expect(await failureOf(f.store.ensure("voice"))).toMatchObject({ code: "E_QUOTA" });
  expect(await f.store.status("voice")).not.toMatchObject({ status: "cached" });
});

test("an archive that hides how much it unpacks to is stopped when the quota is used up", async () => {
  const tar = Buffer.from(buildTar([{ path: "zeros", content: new Uint8Array(12 << 20) }]));
  // The size at the end of a gzip is that of its last member alone.
  const archive = Buffer.concat([Bun.gzipSync(tar.subarray(0, -512)), Bun.gzipSync(tar.subarray(-512))]);
  await using f = await createStoreFixture(
    (server) => ({
      name: "voice",
      unpack: { format: "tar.gz" },
      sources: [{ type: "http", url: server.serve("/a.tgz", archive) }],
    }),
    { quotaBytes: 8 << 20 },
  );
  const error = await failureOf(f.store.ensure("voice"));
  expect(error).toMatchObject({ code: "E_QUOTA" });
  // Stopped on the way, not when all of it was there.
  expect((error["details"] as { needed_bytes: number }).needed_bytes).toBeLessThan(12 << 20);
});

test("with little space the unpacked size counts before it is unpacked", async () => {
  const archive = buildTarball([{ path: "zeros", content: new Uint8Array(12 << 20) }]);
  await using f = await createStoreFixture(
    (server) => ({
      name: "voice",
      unpack: { format: "tar.gz" },
      sources: [{ type: "http", url: server.serve("/a.tgz", archive) }],
    }),
    {},
    { getFreeBytes: () => Promise.resolve(8 << 20) },
  );
  const error = await failureOf(f.store.ensure("voice"));
  expect(error).toMatchObject({ code: "E_DISK" });
  expect(error["details"]).toMatchObject({ free_bytes: 8 << 20 });
});
