import { expect, test } from "bun:test";
import { chmod, link, readdir, rename, rm, stat, utimes } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createStoreFixture, describeFile, makeBytes, oneFileAsset, readBytes } from "./store-fixture.ts";
import type { AssetDefinition } from "../../src/assets/asset-schema.ts";
import { failureOf } from "../support/failure-of.ts";
import { serveHub } from "../support/hub-server.ts";

const bytes = makeBytes(20_000);

test("an asset is brought once, and the next time opens no socket and takes no lock", async () => {
  await using f = await createStoreFixture((server) =>
    oneFileAsset(bytes, [{ type: "http", url: server.serve("/voice.bin", bytes) }]),
  );
  const first = await f.store.ensure("voice");
  expect(first).toEqual({
    name: "voice",
    path: join(f.assetsDir, "model/voice/latest/voice.bin"),
    fromCache: false,
    downloadedBytes: bytes.length,
    resumedBytes: 0,
    sourceType: "http",
  });
  expect(await readBytes(first.path)).toEqual(bytes);
  expect((await stat(first.path)).mode & 0o777).toBe(0o644);

  const [fetches, seen] = [f.fetchCount(), f.events.events.length];
  await rm(join(f.assetsDir, ".locks"), { recursive: true });
  const second = await f.store.ensure("voice");
  expect(second).toEqual({ ...first, fromCache: true, downloadedBytes: 0 });
  expect(f.fetchCount()).toBe(fetches);
  expect(await readdir(f.assetsDir)).not.toContain(".locks");
  expect(f.events.events.slice(seen).map((e) => e.type)).toEqual([
    "asset-phase-start",
    "asset-phase-end",
    "asset-download-end", // it is counted as found
  ]);
});

test("the phases come in their order, each with its end", async () => {
  await using f = await createStoreFixture((server) =>
    oneFileAsset(bytes, [{ type: "http", url: server.serve("/voice.bin", bytes) }]),
  );
  await f.store.ensure("voice");
  const phases = [
    "resolve",
    "licence",
    "compatibility",
    "lock",
    "recheck",
    "quota",
    "space",
    "download",
    "verify",
    "unpack",
    "place",
    "register",
    "mirror-config",
  ];
  expect(f.events.ofType("asset-phase-start").map((e) => e.phase)).toEqual(phases as never);
  expect(f.events.ofType("asset-phase-end").map((e) => [e.phase, e.outcome])).toEqual(
    phases.map((phase) => [phase, "ok"]) as never,
  );
  expect(f.events.ofType("asset-download-end").map((e) => e.result.fromCache)).toEqual([false]);
});

test("nothing but the asset is left behind", async () => {
  await using f = await createStoreFixture((server) =>
    oneFileAsset(bytes, [{ type: "http", url: server.serve("/voice.bin", bytes) }]),
  );
  const { path } = await f.store.ensure("voice");
  expect(await f.listDownloads()).toEqual([]);
  expect(await readdir(join(f.assetsDir, ".staging"))).toEqual([]);
  expect((await readdir(join(path, ".."))).sort()).toEqual([".asset_info.json", "voice.bin"]);
});

test("a file whose bytes changed in place is fetched again", async () => {
  await using f = await createStoreFixture((server) =>
    oneFileAsset(bytes, [{ type: "http", url: server.serve("/voice.bin", bytes) }]),
  );
  const { path } = await f.store.ensure("voice");
  await Bun.write(path, makeBytes(20_000, 2)); // told by its time
  const later = new Date(Date.now() + 5000); // which some file systems count in whole ticks
  await utimes(path, later, later);
  expect((await f.store.ensure("voice")).fromCache).toBe(false);
  expect(await readBytes(path)).toEqual(bytes);

  const whole = new Date("2026-01-05T10:00:00Z");
  await utimes(path, whole, whole);
  expect((await f.store.ensure("voice")).fromCache).toBe(true);
  await Bun.write(path, makeBytes(19_999, 2)); // told by its size, the time being put back
  await utimes(path, whole, whole);
  expect((await f.store.ensure("voice")).fromCache).toBe(false);
});

test("right files without a record are adopted by their digests, without network", async () => {
  await using f = await createStoreFixture((server) =>
    oneFileAsset(bytes, [{ type: "http", url: server.serve("/voice.bin", bytes) }]),
  );
  const { path } = await f.store.ensure("voice");
  const fetches = f.fetchCount();
  await rm(join(path, "../.asset_info.json"));
  expect(await f.store.ensure("voice")).toMatchObject({ fromCache: true, downloadedBytes: 0, path });
  const later = new Date(Date.now() + 5000); // copied elsewhere and back: other times, same bytes
  await utimes(path, later, later);
  expect(await f.store.ensure("voice")).toMatchObject({ fromCache: true });
  expect(f.fetchCount()).toBe(fetches);
});

test("a changed url without a manifest is a miss, with one the bytes decide", async () => {
  await using f = await createStoreFixture((server) => [
    { name: "loose", sources: [{ type: "http", url: server.serve("/a/loose.bin", bytes) }] },
    oneFileAsset(bytes, [{ type: "http", url: server.serve("/voice.bin", bytes) }]),
  ]);
  await f.store.ensure("loose");
  await f.store.ensure("voice");
  const other = f.server.serve("/b/loose.bin", makeBytes(100, 3));
  const changed = f.open([
    { name: "loose", sources: [{ type: "http", url: other }] },
    oneFileAsset(bytes, [{ type: "http", url: f.server.serve("/elsewhere.bin", bytes) }]),
  ]);
  const loose = await changed.ensure("loose");
  expect(loose.fromCache).toBe(false);
  expect(await readBytes(loose.path)).toEqual(makeBytes(100, 3));
  expect((await changed.ensure("voice")).fromCache).toBe(true);
  expect(f.server.requests.some((r) => r.path === "/elsewhere.bin")).toBe(false);
});

test("another revision is a miss, and so is another file of the repository", async () => {
  const [first, second] = [makeBytes(2_000, 1), makeBytes(2_000, 2)];
  const of = (revision: string, path: string): AssetDefinition => ({
    name: "model",
    sources: [{ type: "hf", repoId: "owner/name", revision, path }],
  });
  await using f = await createStoreFixture(() => of("v1", "a.bin"));
  const files = { "a.bin": first, "b.bin": second };
  serveHub(f.server, { "owner/name": { files, revision: "v1" } });
  const before = await f.store.ensure("model");
  expect(await readBytes(before.path)).toEqual(first);
  expect(await f.store.ensure("model")).toMatchObject({ fromCache: true });

  const other = f.open([of("v1", "b.bin")]);
  expect(await other.status("model")).not.toMatchObject({ path: before.path, status: "cached" });
  const { path, fromCache } = await other.ensure("model");
  expect([await readBytes(path), fromCache]).toEqual([second, false]);
  // The hub has no such revision: what was asked for is asked, and not what lies there taken for it.
  expect(await failureOf(f.open([of("v2", "b.bin")]).ensure("model"))).toMatchObject({ code: "E_NOT_FOUND" });
});

test("a changed checksum is a miss, and the new bytes replace the old", async () => {
  await using f = await createStoreFixture((server) =>
    oneFileAsset(bytes, [{ type: "http", url: server.serve("/voice.bin", bytes) }]),
  );
  await f.store.ensure("voice");
  const newer = makeBytes(30_000, 4);
  const store = f.open([oneFileAsset(newer, [{ type: "http", url: f.server.serve("/voice.bin", newer) }])]);
  const { path, fromCache } = await store.ensure("voice");
  expect(fromCache).toBe(false);
  expect(await readBytes(path)).toEqual(newer);
});

test("force fetches again, and one that fails leaves the old asset in place", async () => {
  await using f = await createStoreFixture((server) =>
    oneFileAsset(bytes, [{ type: "http", url: server.serve("/voice.bin", bytes) }]),
  );
  const { path } = await f.store.ensure("voice");
  const forced = await f.store.ensure("voice", { forceDownload: true });
  expect(forced).toMatchObject({ fromCache: false, downloadedBytes: bytes.length });
  f.server.failAlways("/voice.bin", { kind: "status", status: 404 });
  const failing = f.store.ensure("voice", { forceDownload: true });
  expect(await failureOf(failing)).toMatchObject({ code: "E_NOT_FOUND" });
  expect(await readBytes(path)).toEqual(bytes);
  expect((await f.store.ensure("voice")).fromCache).toBe(true);
});

test("a part that a killed run left beside its placed file is not written into", async () => {
  await using f = await createStoreFixture((server) =>
    oneFileAsset(bytes, [{ type: "http", url: server.serve("/voice.bin", bytes) }]),
  );
  f.server.fail("/voice.bin", { kind: "stall", afterBytes: 10 });
  const abort = new AbortController();
  const stopped = f.store.ensure("voice", { signal: abort.signal });
  await f.events.waitFor((event) => event.type === "asset-progress");
  abort.abort();
  await failureOf(stopped);
  const [part] = (await f.listDownloads()).filter((name) => name.endsWith(".part"));
  const { path } = await f.store.ensure("voice");
  const partPath = join(f.cacheRoot, "downloads", part ?? "");
  await link(path, partPath); // two names of the same bytes, as between placing and registering
  f.server.failAlways("/voice.bin", { kind: "status", status: 404 });
  await failureOf(f.store.ensure("voice", { forceDownload: true }));
  expect(await readBytes(path)).toEqual(bytes);
});

test("an asset that a crash caught between its two names is put back, without network", async () => {
  await using f = await createStoreFixture((server) =>
    oneFileAsset(bytes, [{ type: "http", url: server.serve("/voice.bin", bytes) }]),
  );
  const { path } = await f.store.ensure("voice");
  await rename(dirname(path), join(f.assetsDir, ".staging/model@voice@latest@replaced"));
  expect(await f.store.ensure("voice")).toMatchObject({ fromCache: true, path });
  expect(f.server.requests.length).toBe(1);
});

test("a read-only asset folder can be hit", async () => {
  await using f = await createStoreFixture((server) =>
    oneFileAsset(bytes, [{ type: "http", url: server.serve("/voice.bin", bytes) }]),
  );
  const { path } = await f.store.ensure("voice");
  await chmod(join(path, ".."), 0o555);
  await chmod(f.assetsDir, 0o555);
  try {
    expect((await f.store.ensure("voice")).fromCache).toBe(true);
  } finally {
    await chmod(f.assetsDir, 0o755);
    await chmod(join(path, ".."), 0o755);
  }
});

test("an asset of several files is a folder, complete or not there", async () => {
  const parts = {
    "a.bin": makeBytes(10, 5),
    "sub/b.bin": makeBytes(2000, 6),
    "sub/c.bin": makeBytes(300, 7),
  };
  await using f = await createStoreFixture((server) => ({
    name: "set",
    files: Object.entries(parts).map(([path, content]) => describeFile(path, content)),
    sources: [
      {
        type: "http",
        files: Object.fromEntries(Object.entries(parts).map(([p, c]) => [p, server.serve(`/set/${p}`, c)])),
      },
    ],
  }));
  const { path, downloadedBytes } = await f.store.ensure("set");
  expect(path).toBe(join(f.assetsDir, "model/set/latest"));
  expect(downloadedBytes).toBe(2310);
  for (const [name, content] of Object.entries(parts))
    expect(await readBytes(join(path, name))).toEqual(content);
  await rm(join(path, "sub/c.bin"));
  expect(await f.store.status("set")).toMatchObject({ status: "invalid checksum" });
  expect((await f.store.ensure("set")).fromCache).toBe(false);
});

test("callers who ask at the same time share one download", async () => {
  await using f = await createStoreFixture((server) =>
    oneFileAsset(bytes, [{ type: "http", url: server.serve("/voice.bin", bytes) }]),
  );
  const results = await Promise.all([1, 2, 3, 4].map(() => f.store.ensure("voice")));
  expect(new Set(results.map((r) => r.path)).size).toBe(1);
  expect(f.server.requests.length).toBe(1);
});
