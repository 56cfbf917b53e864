import { describe, expect, test } from "bun:test";
import { existsSync, statSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, rename, rm, stat, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AssetDefinition } from "../../src/assets/asset-schema.ts";
import { failureOf } from "../support/failure-of.ts";
import { type HubRepository, serveHub } from "../support/hub-server.ts";
import { createStoreFixture, makeBytes, readBytes, sha256 } from "./store-fixture.ts";

const weights = makeBytes(5000, 1);
const config = new TextEncoder().encode('{"a": 1}');

async function createWorld(repository: Partial<HubRepository> = {}) {
  const f = await createStoreFixture(() => []);
  const modelsRoot = join(f.folder.path, "models");
  const repositories = {
    "ann/m": { files: { "w.bin": weights, "sub/config.json": config }, ...repository },
  };
  serveHub(f.server, repositories);
  const store = f.open([], { modelsRoot });
  return { ...f, store, modelsRoot, repositories };
}

const snapshot = (path: string, more: Partial<AssetDefinition> = {}): AssetDefinition => ({
  name: "ann/m",
  place: { path, kind: "hub", library: "transformers", revision: "main", commit: "c".repeat(40) },
  sources: [{ type: "hf", repoId: "ann/m" }],
  retryDelaySeconds: 0.001,
  ...more,
});

test("a snapshot lands in its explicit folder, with lock and record in the models root", async () => {
  await using w = await createWorld();
  const path = join(w.modelsRoot, "transformers/ann/m");
  const result = await w.store.open(snapshot(path)).ensure();
  expect(result).toMatchObject({ name: "ann/m", path, fromCache: false });
  expect((await readdir(path, { recursive: true })).sort()).toEqual(["sub", "sub/config.json", "w.bin"]);
  expect(await readBytes(join(path, "w.bin"))).toEqual(weights);
  expect((await readdir(join(w.modelsRoot, ".locks"))).filter((n) => n.endsWith(".lock"))).toHaveLength(1);
  expect(await readdir(join(w.modelsRoot, ".installed"))).toHaveLength(1);
  expect(await readdir(join(w.modelsRoot, ".staging"))).toEqual([]);
  expect(await w.listDownloads()).toEqual([]);
  const requests = w.fetchCount();
  expect(await w.store.open(snapshot(path)).ensure()).toMatchObject({ path, fromCache: true });
  expect(w.fetchCount()).toBe(requests);
});

const memory = "/dev/shm";
const isOtherDisk = existsSync(memory) && statSync(memory).dev !== statSync(tmpdir()).dev;

describe.if(isOtherDisk)("another disk than that of the models root", () => {
  const openOther = async (): Promise<AsyncDisposable & { path: string }> => {
    const path = await mkdtemp(join(memory, "troupe-test-"));
    return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
  };

  test("takes a snapshot", async () => {
    await using w = await createWorld();
    await using other = await openOther();
    const path = join(other.path, "m");
    expect(await w.store.open(snapshot(path)).ensure()).toMatchObject({ path, fromCache: false });
    expect(await readBytes(join(path, "w.bin"))).toEqual(weights);
    expect(await w.store.open(snapshot(path)).ensure()).toMatchObject({ path, fromCache: true });
    expect(await readdir(other.path)).toEqual(["m"]);
  });

  test("behind a link within the root is refused with what to do, and what came is kept", async () => {
    await using w = await createWorld();
    await using other = await openOther();
    await mkdir(w.modelsRoot, { recursive: true });
    await symlink(other.path, join(w.modelsRoot, "transformers"));
    const handle = w.store.open(snapshot(join(w.modelsRoot, "transformers/ann/m")));
    const failure = await failureOf(handle.ensure());
    expect(failure).toMatchObject({ code: "E_DISK", message: expect.stringContaining("a root of its own") });
    expect((await w.listDownloads()).length).toBeGreaterThan(0);
    expect(await readdir(join(w.modelsRoot, ".staging"))).toEqual([]);
  });
});

test("a file lands under the very name that was given, whatever its source calls it", async () => {
  await using w = await createWorld();
  const url = w.server.serve("/model-v2.onnx", weights);
  const path = join(w.modelsRoot, "silero", "v5.onnx");
  const define = (name: string, target: string): AssetDefinition => ({
    name,
    place: { path: target, isFile: true, kind: "provider" },
    sources: [{ type: "http", url }],
  });
  const one = await w.store.open(define("silero/v5", path)).ensure();
  const two = await w.store.open(define("silero/v6", join(w.modelsRoot, "silero/v6.onnx"))).ensure();
  expect([one.path, two.path]).toEqual([path, join(w.modelsRoot, "silero/v6.onnx")]);
  expect((await readdir(join(w.modelsRoot, "silero"))).sort()).toEqual(["v5.onnx", "v6.onnx"]);
  expect(await readBytes(path)).toEqual(weights);
  expect(await w.store.open(define("silero/v5", path)).ensure()).toMatchObject({ fromCache: true });
  expect(await w.store.open(define("silero/v5", path)).remove()).toEqual({ freedBytes: weights.length });
  expect(await readdir(join(w.modelsRoot, "silero"))).toEqual(["v6.onnx"]);
});

test("another revision fetches only the files that differ, and drops those that are gone", async () => {
  await using w = await createWorld();
  const path = join(w.modelsRoot, "transformers/ann/m");
  await w.store.open(snapshot(path)).ensure();
  w.repositories["ann/m"] = { files: { "w.bin": weights, "new.txt": config }, revision: "v2" };
  const next = snapshot(path, { sources: [{ type: "hf", repoId: "ann/m", revision: "v2" }] });
  const result = await w.store.open(next).ensure();
  expect(result.downloadedBytes).toBe(config.length);
  expect((await readdir(path)).sort()).toEqual(["new.txt", "sub", "w.bin"].filter((n) => n !== "sub"));
});

test("what the user has put beside the files stays when the folder is replaced", async () => {
  await using w = await createWorld();
  const path = join(w.modelsRoot, "transformers/ann/m");
  await w.store.open(snapshot(path)).ensure();
  await Bun.write(join(path, "notes/mine.txt"), "mine");
  await w.store.open(snapshot(path)).ensure({ forceDownload: true });
  expect(await Bun.file(join(path, "notes/mine.txt")).text()).toBe("mine");
});

test("a folder elsewhere is shared: its files stay, and removal takes only the asset's own", async () => {
  await using w = await createWorld();
  const path = join(w.folder.path, "elsewhere");
  await Bun.write(join(path, "mine.txt"), "mine");
  const inode = (await stat(path)).ino;
  await w.store.open(snapshot(path)).ensure();
  expect((await stat(path)).ino).toBe(inode);
  expect((await readdir(path)).sort()).toEqual(["mine.txt", "sub", "w.bin"]);
  await w.store.open(snapshot(path)).remove();
  expect(await readdir(path)).toEqual(["mine.txt"]);
});

test("a models root that was copied is a hit after one look at the bytes, without network", async () => {
  await using w = await createWorld();
  await w.store.open(snapshot(join(w.modelsRoot, "transformers/ann/m"))).ensure();
  const copied = join(w.folder.path, "copied");
  await cp(w.modelsRoot, copied, { recursive: true });
  const requests = w.fetchCount();
  const store = w.open([], { modelsRoot: copied, isOffline: true });
  const result = await store.open(snapshot(join(copied, "transformers/ann/m"))).ensure();
  expect(result).toMatchObject({ fromCache: true, path: join(copied, "transformers/ann/m") });
  expect(w.fetchCount()).toBe(requests);
});

test("clearing takes listed assets at explicit places too, and leaves what lies beside them", async () => {
  await using w = await createWorld();
  const url = w.server.serve("/v.onnx", weights);
  const listed = ["v5", "v6"].map(
    (id): AssetDefinition => ({
      name: id,
      place: { path: join(w.modelsRoot, "silero", `${id}.onnx`), isFile: true, kind: "provider" },
      sources: [{ type: "http", url }],
    }),
  );
  const store = w.open(listed, { modelsRoot: w.modelsRoot });
  for (const { name } of listed) await store.ensure(name);
  await Bun.write(join(w.modelsRoot, "silero/mine.onnx"), "mine");
  expect((await store.clear()).removed).toEqual(["v5", "v6"]);
  expect(await readdir(join(w.modelsRoot, "silero"))).toEqual(["mine.onnx"]);
});

test("of an archive that becomes one file, the file that matters is taken", async () => {
  await using w = await createWorld();
  await mkdir(join(w.folder.path, "pack"), { recursive: true });
  await Bun.write(join(w.folder.path, "pack/a.bin"), weights);
  const archive = new Bun.Archive({ "a.bin": weights, ".hidden": "x" });
  const url = w.server.serve("/m.tar", await archive.bytes());
  const path = join(w.modelsRoot, "vosk", "small.bin");
  const { path: found } = await w.store
    .open({
      name: "vosk/small",
      place: { path, isFile: true, kind: "provider" },
      unpack: { format: "tar" },
      sources: [{ type: "http", url }],
    })
    .ensure();
  expect(found).toBe(path);
  expect(sha256(await readBytes(path))).toBe(sha256(weights));
});

test("a crash between two renames is made good, at an explicit place too", async () => {
  await using w = await createWorld();
  const path = join(w.modelsRoot, "transformers/ann/m");
  await w.store.open(snapshot(path)).ensure();
  const [id] = (await readdir(join(w.modelsRoot, ".installed"))).map((name) => name.replace(/\.json$/, ""));
  await rename(path, join(w.modelsRoot, `.staging/${id}@replaced`));
  const requests = w.fetchCount();
  await w.store.open(snapshot(path)).ensure();
  expect(w.fetchCount()).toBe(requests);
  await rm(path, { recursive: true });
});

test("a relative place, and a name with blanks or climbing segments, is E_SCHEMA", async () => {
  await using w = await createWorld();
  for (const change of [
    { place: { path: "models/x", kind: "hub" as const } },
    { name: "ann/../m" },
    { name: "ann/m x" },
    { name: "/ann" },
  ]) {
    const error = await failureOf((async () => w.store.open(snapshot("/abs", change)))());
    expect(error.code).toBe("E_SCHEMA");
  }
});
