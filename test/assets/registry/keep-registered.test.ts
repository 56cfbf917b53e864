import { expect, test } from "bun:test";
import { chmod, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { AssetDefinition } from "../../../src/assets/asset-schema.ts";
import { createRegistry, type Registry } from "../../../src/assets/registry/registry.ts";
import { createUseLocks } from "../../../src/assets/registry/use-locks.ts";
import { systemClock } from "../../../src/base/clock.ts";
import { failureOf } from "../../support/failure-of.ts";
import { serveHub } from "../../support/hub-server.ts";
import { createStoreFixture, makeBytes, oneFileAsset, sha256 } from "../store-fixture.ts";

const weights = makeBytes(5000, 1);

async function createWorld() {
  const f = await createStoreFixture(() => []);
  const modelsRoot = join(f.folder.path, "models");
  const registry = createRegistry({}, { modelsRoot, assetsDir: f.assetsDir });
  const useLocks = createUseLocks(modelsRoot, { clock: systemClock });
  const repositories: Record<string, { files: Record<string, Uint8Array>; revision?: string }> = {
    "ann/m": { files: { "w.bin": weights } },
  };
  serveHub(f.server, repositories);
  const url = f.server.serve("/voice.bin", weights);
  const declared = oneFileAsset(weights, [{ type: "http", url }]);
  const open = (more: { modelsRoot?: string; registry?: Registry } = {}) =>
    f.open([declared], { modelsRoot: more.modelsRoot ?? modelsRoot }, { registry, useLocks, ...more });
  const path = join(modelsRoot, "transformers/ann/m");
  const snapshot: AssetDefinition = {
    name: "ann/m",
    place: { path, kind: "hub", library: "transformers", revision: "main", commit: "abc" },
    sources: [{ type: "hf", repoId: "ann/m" }],
  };
  return {
    ...f,
    modelsRoot,
    registry,
    useLocks,
    repositories,
    declared,
    path,
    snapshot,
    open,
    store: open(),
  };
}

test("the three ways of naming assets share the registry", async () => {
  await using w = await createWorld();
  const url = w.server.serve("/v.onnx", weights);
  await w.store.ensure("voice");
  await w.store.open(w.snapshot).ensure();
  const file = join(w.modelsRoot, "silero/v5.onnx");
  await w.store
    .open({
      name: "silero/v5",
      place: { path: file, isFile: true, kind: "provider" },
      sources: [{ type: "http", url }],
    })
    .ensure();
  const records = Object.fromEntries(await w.registry.load());
  expect(records["ann/m"]).toEqual({
    model_id: "ann/m",
    kind: "hub",
    library: "transformers",
    revision: "main",
    commit: "abc",
    installed_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    install_path: w.path,
    relative_path: "transformers/ann/m",
    files: [{ path: "w.bin", size: 5000, sha256: sha256(weights) }],
    total_size: 5000,
  });
  expect(records["voice"]).toMatchObject({
    kind: "declared",
    install_path: join(w.assetsDir, "model/voice/latest"),
  });
  expect(records["silero/v5"]).toMatchObject({ kind: "provider", install_path: file });
});

test("a re-install replaces its own record, counts once, and keeps pin and licence", async () => {
  await using w = await createWorld();
  const accepted = { user_id: "u", timestamp: "t", license_type: "l" };
  await w.registry.update(
    (records) => void records.set("ann/m", { pinned: true, license_accepted: accepted }),
  );
  await w.store.open(w.snapshot).ensure();
  await w.store.open(w.snapshot).ensure({ forceDownload: true });
  const records = await w.registry.load();
  expect(records.size).toBe(1);
  expect(records.get("ann/m")).toMatchObject({ pinned: true, license_accepted: accepted, total_size: 5000 });
});

test("what is on disk without a record is entered when it is asked for", async () => {
  await using w = await createWorld();
  await w.store.open(w.snapshot).ensure();
  await rm(w.registry.path);
  expect(await w.store.open(w.snapshot).ensure()).toMatchObject({ fromCache: true });
  expect((await w.registry.load()).get("ann/m")?.install_path).toBe(w.path);
});

test("a replacement that fails leaves the old files and their record", async () => {
  await using w = await createWorld();
  await w.store.open(w.snapshot).ensure();
  const before = await Bun.file(w.registry.path).text();
  w.server.failAlways("/cdn/ann/m/w.bin", { kind: "status", status: 404 });
  const failure = await failureOf(w.store.open(w.snapshot).ensure({ forceDownload: true }));
  expect(failure.code).toBe("E_NOT_FOUND");
  expect(await Bun.file(w.registry.path).text()).toBe(before);
});

test("removing takes the record along, and keeps an accepted licence", async () => {
  await using w = await createWorld();
  await w.store.open(w.snapshot).ensure();
  const accepted = { user_id: "u", timestamp: "t", license_type: "l" };
  await w.registry.update((records) => {
    records.set("ann/m", { ...records.get("ann/m"), license_accepted: accepted });
  });
  await w.store.open(w.snapshot).remove();
  await w.store.ensure("voice");
  await w.store.clear();
  expect(Object.fromEntries(await w.registry.load())).toEqual({
    "ann/m": { model_id: "ann/m", license_accepted: accepted },
  });
});

test("what getPath hands out is in use until the store is gone, and its last access is written down", async () => {
  await using w = await createWorld();
  const server = w.open();
  await server.ensure("voice");
  expect(await w.useLocks.isInUse("voice")).toBe(false);
  expect((await w.registry.load()).get("voice")?.last_accessed).toBeUndefined();
  await server.getPath("voice");
  expect(await w.useLocks.isInUse("voice")).toBe(true);
  await server[Symbol.asyncDispose]();
  expect(await w.useLocks.isInUse("voice")).toBe(false);
  expect(Date.parse((await w.registry.load()).get("voice")?.last_accessed ?? "")).toBeGreaterThan(0);
}, 60_000);

test("a handle's path is in use likewise, and what is merely brought is not", async () => {
  await using w = await createWorld();
  const server = w.open();
  await server.open(w.snapshot).ensure();
  expect(await w.useLocks.isInUse("ann/m")).toBe(false);
  expect(await server.open(w.snapshot).getPath()).toBe(w.path);
  expect(await w.useLocks.isInUse("ann/m")).toBe(true);
  await server[Symbol.asyncDispose]();
  expect(await w.useLocks.isInUse("ann/m")).toBe(false);
});

test("who begins to use what is being taken away waits until that is done", async () => {
  await using w = await createWorld();
  await w.store.ensure("voice");
  const seized = await w.useLocks.seize("voice");
  let isHanded = false;
  const waiting = w.store.getPath("voice").then(() => {
    isHanded = true;
  });
  expect(await w.useLocks.seize("voice")).toBe(null);
  expect(isHanded).toBe(false);
  await seized?.[Symbol.asyncDispose]();
  await waiting;
  expect(isHanded).toBe(true);
});

test("a damaged registry stops no download: it is rebuilt, told, and written to", async () => {
  await using w = await createWorld();
  await w.store.open(w.snapshot).ensure();
  await Bun.write(w.registry.path, "{");
  await w.store.ensure("voice");
  expect([...(await w.registry.load()).keys()].sort()).toEqual(["ann/m", "voice"]);
});

test("a models root that may only be read is served as it is", async () => {
  await using w = await createWorld();
  await w.store.ensure("voice");
  await rm(w.modelsRoot, { recursive: true });
  await mkdir(w.modelsRoot);
  await chmod(w.modelsRoot, 0o555);
  try {
    expect(await w.store.getPath("voice")).toBe(join(w.assetsDir, "model/voice/latest/voice.bin"));
  } finally {
    await chmod(w.modelsRoot, 0o755);
  }
});

test("a models root that cannot be made is E_PERM before the first request", async () => {
  await using w = await createWorld();
  const file = await w.folder.write("a-file", "x");
  for (const modelsRoot of [file, join(file, "below")]) {
    const registry = createRegistry({}, { modelsRoot });
    const failure = await failureOf(w.open({ modelsRoot, registry }).ensure("voice"));
    expect([failure.code, failure.message]).toEqual(["E_PERM", expect.stringContaining("troupe doctor")]);
    expect((await failureOf(registry.update(() => undefined))).code).toBe("E_PERM");
  }
  expect(w.server.requests).toEqual([]);
});

test("without a kernel's lock, marks of living processes stand in, and those of dead ones do not count", async () => {
  await using w = await createWorld();
  const locks = createUseLocks(w.modelsRoot, { clock: systemClock, flock: null });
  const held = await locks.hold("ann/m");
  expect(await locks.isInUse("ann/m")).toBe(true);
  expect(await failureOf(locks.requireUnused("ann/m"))).toMatchObject({
    code: "E_BUSY",
    details: { holder_pids: [process.pid] },
  });
  await held[Symbol.asyncDispose]();
  expect(await locks.isInUse("ann/m")).toBe(false);
});
