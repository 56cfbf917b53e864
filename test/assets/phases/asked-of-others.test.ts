import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { AssetHooks, AssetPhase } from "../../../src/assets/port.ts";
import { AppError } from "../../../src/base/errors.ts";
import { failureOf } from "../../support/failure-of.ts";
import { createStoreFixture, makeBytes, oneFileAsset } from "../store-fixture.ts";

const bytes = makeBytes(5_000);
const open = (hooks: AssetHooks = {}, options: { quotaBytes?: number; freeBytes?: number } = {}) =>
  createStoreFixture(
    (server) => oneFileAsset(bytes, [{ type: "http", url: server.serve("/voice.bin", bytes) }]),
    options.quotaBytes === undefined ? {} : { quotaBytes: options.quotaBytes },
    {
      hooks,
      ...(options.freeBytes === undefined ? {} : { getFreeBytes: async () => options.freeBytes as number }),
    },
  );
const refuse = (code: "E_LICENSE" | "E_COMPAT") => async () => {
  throw new AppError(code, "no");
};

test("a licence that is not accepted stops an asset before its lock and its first request", async () => {
  await using f = await open({ requireLicence: refuse("E_LICENSE") });
  expect(await failureOf(f.store.ensure("voice"))).toMatchObject({ code: "E_LICENSE" });
  expect(f.fetchCount()).toBe(0);
  expect(existsSync(join(f.assetsDir, ".locks"))).toBe(false);
  expect(f.events.ofType("asset-phase-end").map((e) => [e.phase, e.outcome])).toEqual([
    ["resolve", "ok"],
    ["licence", "error"],
  ]);
});

test("a machine that does not fit stops an asset before its lock and its first request", async () => {
  await using f = await open({ requireCompatible: refuse("E_COMPAT") });
  expect(await failureOf(f.store.ensure("voice"))).toMatchObject({ code: "E_COMPAT" });
  expect(f.fetchCount()).toBe(0);
  expect(existsSync(join(f.assetsDir, ".locks"))).toBe(false);
});

test("refusals come in their order: licence, compatibility, quota, disk", async () => {
  const all = { requireLicence: refuse("E_LICENSE"), requireCompatible: refuse("E_COMPAT") };
  const noRoom = { quotaBytes: 10, freeBytes: 10 };
  const order: [AssetHooks, { quotaBytes?: number; freeBytes?: number }, string][] = [
    [all, noRoom, "E_LICENSE"],
    [{ requireCompatible: all.requireCompatible }, noRoom, "E_COMPAT"],
    [{}, noRoom, "E_QUOTA"],
    [{}, { freeBytes: 10 }, "E_DISK"],
  ];
  for (const [hooks, room, code] of order) {
    await using f = await open(hooks, room);
    expect(await failureOf(f.store.ensure("voice"))).toMatchObject({ code });
    expect(f.fetchCount()).toBe(0);
  }
});

test("the config is mirrored when the asset has its name and its record, and not again for a hit", async () => {
  const seen: unknown[] = [];
  await using f = await open({
    async mirrorConfig(asset, result) {
      seen.push([asset.name, result.path, existsSync(join(result.path, "../.asset_info.json"))]);
    },
  });
  const { path } = await f.store.ensure("voice");
  await f.store.ensure("voice");
  expect(seen).toEqual([["voice", path, true]]);
});

test("when an asset has its record nothing else of its run is left: no later one would look for it", async () => {
  const left = Promise.withResolvers<string[][]>();
  await using f = await open({
    async mirrorConfig() {
      left.resolve([await readdir(join(f.assetsDir, ".staging")), await f.listDownloads()]);
    },
  });
  await f.store.ensure("voice");
  expect(await left.promise).toEqual([[], []]);
});

test("what a handle is given comes before what every asset is given, and an aborted asking stops the run", async () => {
  const asked: string[] = [];
  await using f = await open({ requireLicence: async () => void asked.push("every") });
  const definition = oneFileAsset(bytes, [{ type: "http", url: `${f.server.origin}/voice.bin` }], {
    name: "own",
  });
  const abort = new AbortController();
  const run = f.store.open(definition).ensure({
    signal: abort.signal,
    hooks: {
      requireLicence: async (asset) => {
        asked.push(asset.name);
        abort.abort();
      },
    },
  });
  expect(await failureOf(run)).toMatchObject({ code: "E_INTERRUPTED" });
  expect(asked).toEqual(["own"]);
  expect(f.fetchCount()).toBe(0);
});

test("an asset that no catalogue lists is brought, looked at, verified and removed by its handle", async () => {
  await using f = await open();
  const url = `${f.server.origin}/voice.bin`;
  const handle = f.store.open(oneFileAsset(bytes, [{ type: "http", url }], { name: "own" }));
  expect((await handle.status()).status).toBe("not cached");
  const [first, second] = await Promise.all([handle.ensure(), handle.ensure()]);
  expect(first).toEqual(second);
  expect(f.fetchCount()).toBe(1);
  expect((await handle.status()).status).toBe("cached");
  expect((await handle.verify()).status).toBe("ok");
  expect((await f.store.list()).map(({ name }) => name)).toEqual(["voice"]);
  expect(await handle.remove()).toEqual({ freedBytes: expect.any(Number) });
  expect(existsSync(first.path)).toBe(false);
});

test("an asset of an address that did not come from the operator is refused when it is not public", async () => {
  await using f = await open();
  const url = `${f.server.origin}/voice.bin`;
  const definition = oneFileAsset(bytes, [{ type: "http", url }], { name: "own", isTrusted: false });
  const failure = await failureOf(f.store.open(definition).ensure());
  expect(failure).toMatchObject({ code: "E_NET", message: expect.stringContaining("a loopback address") });
  expect(f.fetchCount()).toBe(0);
});

test("an asset that did not come from the operator names no file of this machine, and no token of its own", async () => {
  await using f = await open();
  for (const source of [
    { type: "local", path: "/etc/hostname" },
    { type: "http", url: "https://example.com/x", authentication: { tokenVariable: "SECRET" } },
    { type: "hf", repoId: "a/b", authentication: { tokenVariable: "SECRET" } },
  ] as const) {
    const definition = { name: "own", sources: [source] };
    expect(() => f.store.open({ ...definition, isTrusted: false })).toThrow(
      expect.objectContaining({ code: "E_SCHEMA" }),
    );
    expect(f.store.open(definition).asset.isTrusted).toBe(true);
  }
});

test("every phase of the list is one that events can name", async () => {
  await using f = await open();
  await f.store.ensure("voice");
  const phases: AssetPhase[] = f.events.ofType("asset-phase-end").map((e) => e.phase);
  expect(new Set(phases).size).toBe(13);
});
