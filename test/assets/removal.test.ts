// What somebody works with is not taken away from under them, and what two projects call alike is each one's own.
import { expect, test } from "bun:test";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { AssetDefinition } from "../../src/assets/asset-schema.ts";
import { createRegistry } from "../../src/assets/registry/registry.ts";
import { createUseLocks } from "../../src/assets/registry/use-locks.ts";
import { systemClock } from "../../src/base/clock.ts";
import { AppError } from "../../src/base/errors.ts";
import { createFileLocker } from "../../src/base/file-lock.ts";
import { failureOf } from "../support/failure-of.ts";
import { createStoreFixture, makeBytes, oneFileAsset } from "./store-fixture.ts";

const bytes = makeBytes(5000, 1);

async function createWorld() {
  const f = await createStoreFixture(() => []);
  const modelsRoot = join(f.folder.path, "models");
  const registry = createRegistry({}, { modelsRoot, assetsDir: f.assetsDir });
  const useLocks = createUseLocks(modelsRoot, { clock: systemClock });
  const define = (name: string): AssetDefinition =>
    oneFileAsset(bytes, [{ type: "http", url: f.server.serve(`/${name}.bin`, bytes) }], { name });
  const open: typeof f.open = (catalogue, options) =>
    f.open(catalogue, { modelsRoot, ...options }, { registry, useLocks });
  return { ...f, modelsRoot, registry, useLocks, define, open };
}

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

test("what somebody works with is E_BUSY naming who, unless it is forced", async () => {
  await using w = await createWorld();
  const catalogue = [w.define("voice"), w.define("other")];
  const [server, store] = [w.open(catalogue), w.open(catalogue)];
  const path = await server.getPath("voice");
  await server.ensure("other");
  const refused = await failureOf(store.remove("voice"));
  expect(refused).toMatchObject({ code: "E_BUSY", details: { model_id: "voice" } });
  expect(refused.message).toMatch(
    new RegExp(`^voice is in use by (process ${process.pid}|a running server); .*--force`),
  );
  // All or nothing: the other one is not touched either.
  expect((await failureOf(store.clear())).code).toBe("E_BUSY");
  expect((await store.list()).map(({ status }) => status)).toEqual(["cached", "cached"]);
  expect([...(await w.registry.load()).keys()]).toEqual(["other", "voice"]);

  expect((await store.remove("voice", { force: true })).freedBytes).toBeGreaterThan(bytes.length);
  expect(await isThere(path)).toBe(false);
  expect(await store.clear({ force: true })).toMatchObject({ removed: ["other"] });
  expect(w.events.ofType("asset-remove-end").map(({ asset }) => asset)).toEqual(["voice", "other"]);
});

test("what was used and is not any more goes as it is", async () => {
  await using w = await createWorld();
  const [server, store] = [w.open([w.define("voice")]), w.open([w.define("voice")])];
  await server.getPath("voice");
  await server[Symbol.asyncDispose]();
  expect(await store.clear()).toMatchObject({ removed: ["voice"] });
});

test("what is being brought in this process is given up first", async () => {
  await using w = await createWorld();
  const store = w.open([w.define("voice")]);
  w.server.failAlways("/voice.bin", { kind: "stall", afterBytes: 1000 });
  const bringing = failureOf(store.ensure("voice"));
  await w.server.waitForRequest(({ path }) => path === "/voice.bin");
  await store.remove("voice");
  expect((await bringing).code).toBe("E_INTERRUPTED");
  expect(await w.listDownloads()).toEqual([]);
});

test("what is being brought elsewhere is E_BUSY naming who brings it, and the wait can be called off", async () => {
  await using w = await createWorld();
  await using lease = await createFileLocker().lock(join(w.assetsDir, ".locks/model@voice@latest.lock"));
  void lease;
  const store = w.open([w.define("voice")], { lockTimeoutMs: 20 });
  expect(await failureOf(store.remove("voice"))).toMatchObject({
    code: "E_BUSY",
    details: { holder_pid: process.pid },
  });
  const patient = w.open([w.define("voice")], { lockTimeoutMs: 60_000 });
  const stop = new AbortController();
  const waiting = failureOf(patient.clear({ signal: stop.signal }));
  stop.abort(new AppError("E_INTERRUPTED", "stopped"));
  expect((await waiting).code).toBe("E_INTERRUPTED");
});

test("two projects with one models root and assets of one name each keep their own", async () => {
  await using w = await createWorld();
  const [first, second] = ["one", "two"].map((project) =>
    w.open([w.define("voice")], { assetsDir: join(w.folder.path, project) }),
  );
  await first?.ensure("voice");
  const { path } = (await second?.ensure("voice", { forceDownload: true })) ?? { path: "" };
  await first?.clear();
  expect(await isThere(path)).toBe(true);
  expect((await w.registry.load()).get("voice")).toMatchObject({
    install_path: join(w.folder.path, "two/model/voice/latest"),
  });
  await second?.remove("voice");
  expect((await w.registry.load()).get("voice")).toBeUndefined();
});

test("two projects with one assets folder each get the local file that lies beside their own file", async () => {
  await using w = await createWorld();
  const local: AssetDefinition = { name: "voice", sources: [{ type: "local", path: "./voice.bin" }] };
  const contents: Record<string, string> = { one: "the first", two: "the second" };
  for (const [project, content] of Object.entries(contents)) {
    await w.folder.write(`${project}/voice.bin`, content);
    const store = w.open([local], { projectFolder: join(w.folder.path, project) });
    expect(await Bun.file(await store.getPath("voice")).text()).toBe(content);
    expect((await store.ensure("voice")).fromCache).toBe(true);
  }
});
