import { expect, test } from "bun:test";
import { readdir, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import type { AssetDefinition } from "../../src/assets/asset-schema.ts";
import { createAssetStore } from "../../src/assets/asset-store.ts";
import { manifestChecksum } from "../../src/assets/checksum.ts";
import { createFileLocker } from "../../src/base/file-lock.ts";
import { failureOf } from "../support/failure-of.ts";
import { createTempFolder } from "../support/temp-folder.ts";
import { createStoreFixture, describeFile, makeBytes, oneFileAsset, sha256 } from "./store-fixture.ts";

const bytes = makeBytes(20_000);
const pair = { "a.bin": makeBytes(100, 2), "b.bin": makeBytes(200, 3) };

const fixture = () =>
  createStoreFixture((server) => [
    oneFileAsset(bytes, [{ type: "http", url: server.serve("/voice.bin", bytes) }], {
      description: "A voice",
    }),
    {
      name: "pair",
      version: "2.0",
      assetType: "voice",
      files: Object.entries(pair).map(([path, content]) => describeFile(path, content)),
      sources: [
        {
          type: "http",
          files: Object.fromEntries(Object.entries(pair).map(([p, c]) => [p, server.serve(`/${p}`, c)])),
        },
      ],
    },
    { name: "loose", sources: [{ type: "http", url: server.serve("/loose.bin", bytes) }] },
  ]);

test("the list tells of every asset, there or not", async () => {
  await using f = await fixture();
  await f.store.ensure("voice");
  const [voice, second, loose] = await f.store.list();
  expect(voice).toEqual({
    name: "voice",
    version: "latest",
    assetType: "model",
    sourceType: "http",
    checksum: `sha256:${sha256(bytes)}`,
    status: "cached",
    path: join(f.assetsDir, "model/voice/latest/voice.bin"),
    sizeBytes: 20_000,
    description: "A voice",
  });
  expect(second).toMatchObject({
    status: "not cached",
    checksum: `sha256:${manifestChecksum(Object.entries(pair).map(([p, c]) => describeFile(p, c)))}`,
    path: join(f.assetsDir, "voice/pair/2.0"),
    sizeBytes: 300,
  });
  expect(loose).toMatchObject({ status: "not cached", checksum: null, sizeBytes: null });
});

test("the checksum of several files is that of sha256sum's list", () => {
  const files = Object.entries(pair).map(([path, content]) => describeFile(path, content));
  const list = files.map((file) => `${file.sha256}  ${file.path}\n`).join("");
  expect(manifestChecksum(files.toReversed())).toBe(sha256(list));
  expect(manifestChecksum(files.slice(0, 1))).toBe(files[0]?.sha256 ?? "");
});

test("verify hashes: what is right, what was changed and what was taken away", async () => {
  await using f = await fixture();
  for (const { name } of await f.store.list()) await f.store.ensure(name);
  expect((await f.store.verify()).map((v) => [v.name, v.status])).toEqual([
    ["voice", "ok"],
    ["pair", "ok"],
    ["loose", "no checksum"],
  ]);
  const path = await f.store.getPath("voice");
  const { atime, mtime } = await stat(path);
  await Bun.write(path, makeBytes(20_000, 9));
  await utimes(path, atime, mtime); // size and time as they were: only hashing tells
  await rm(join(await f.store.getPath("pair"), "b.bin"));
  await Bun.write(await f.store.getPath("loose"), "tampered");
  const digests = { expected: `sha256:${sha256(bytes)}`, found: `sha256:${sha256(makeBytes(20_000, 9))}` };
  expect(await f.store.verify("voice")).toEqual([
    {
      name: "voice",
      status: "changed",
      ...digests,
      badFiles: [{ path: "voice.bin", ...digests }],
    },
  ]);
  const [missing] = await f.store.verify("pair");
  expect(missing).toMatchObject({ status: "missing", badFiles: [{ path: "b.bin", found: null }] });
  expect(await f.store.verify("loose")).toMatchObject([{ status: "changed" }]);
});

test("what is not here is not bad", async () => {
  await using f = await fixture();
  expect((await f.store.verify()).map((v) => v.status)).toEqual(["not cached", "not cached", "not cached"]);
});

test("a record without its files is missing", async () => {
  await using f = await fixture();
  await rm(await f.store.getPath("voice"));
  expect(await f.store.verify("voice")).toMatchObject([{ status: "missing", found: null }]);
  expect(await f.store.status("voice")).toMatchObject({ status: "invalid checksum" });
});

test("remove takes the asset, its parts and its empty folders, and says what it freed", async () => {
  await using f = await fixture();
  await f.store.ensure("voice");
  const info = await stat(join(f.assetsDir, "model/voice/latest/.asset_info.json"));
  await f.folder.write("cache/downloads/unrelated.part", "x");
  expect(await f.store.remove("voice")).toEqual({ freedBytes: 20_000 + info.size });
  expect((await readdir(f.assetsDir)).sort()).toEqual([".locks", ".staging"]);
  expect(await f.listDownloads()).toEqual(["unrelated.part"]);
  expect(await f.store.remove("voice")).toEqual({ freedBytes: 0 });
  expect((await f.store.ensure("voice")).fromCache).toBe(false);
});

test("a name that nobody declared is E_NOT_FOUND everywhere", async () => {
  await using f = await fixture();
  for (const ask of [
    () => f.store.ensure("nobody"),
    () => f.store.getPath("nobody"),
    () => f.store.status("nobody"),
    () => f.store.verify("nobody"),
    () => f.store.remove("nobody"),
  ]) {
    expect(await failureOf(ask())).toMatchObject({ code: "E_NOT_FOUND", details: { asset: "nobody" } });
  }
});

test("an asset that another holds is E_BUSY after the time that was set", async () => {
  await using f = await fixture();
  await using lease = await createFileLocker().lock(join(f.assetsDir, ".locks/model@voice@latest.lock"));
  void lease;
  const definition = oneFileAsset(bytes, [{ type: "http", url: `${f.server.origin}/voice.bin` }]);
  const store = f.open([definition], { lockTimeoutMs: 30 });
  expect(await failureOf(store.ensure("voice"))).toMatchObject({
    code: "E_BUSY",
    details: { holder_pid: process.pid },
  });
});

test("a root that cannot be made is told with its path", async () => {
  await using folder = await createTempFolder();
  await folder.write("file", "x");
  const options = {
    catalogue: [oneFileAsset(bytes, [{ type: "local", path: "x" }])],
    cacheRoot: folder.path,
  };
  await using store = createAssetStore({}, { ...options, assetsDir: "/proc/troupe" });
  const error = await failureOf(store.ensure("voice"));
  expect(error).toMatchObject({ details: { path: expect.stringContaining("/proc/troupe") } });
});

const valid = oneFileAsset(bytes, [{ type: "http", url: "https://example.com/x" }]);
const invalid: [string, Partial<Record<keyof AssetDefinition, unknown>>, string][] = [
  ["a name with a slash", { name: "a/b" }, "name"],
  ["a name that begins with a dot", { name: ".a" }, "name"],
  ["a name with two dots", { name: "a..b" }, "name"],
  ["a version that leads out", { version: "../1" }, "version"],
  ["no source", { sources: [] }, "sources"],
  ["an unknown kind of source", { sources: [{ type: "ftp", url: "x" }] }, "sources"],
  ["a url of another scheme", { sources: [{ type: "http", url: "file:///etc/passwd" }] }, "sources"],
  ["a url with a password", { sources: [{ type: "http", url: "https://u:p@example.com/x" }] }, "sources"],
  ["a source with neither url nor files", { sources: [{ type: "http" }] }, "sources"],
  ["a range of versions", { sources: [{ type: "npm", package: "x", version: "^1.0.0" }] }, "sources"],
  ["a short digest", { files: [{ path: "a", sizeBytes: 1, sha256: "abc" }] }, "files"],
  ["a file that leads out", { files: [{ ...describeFile("a", bytes), path: "../a" }] }, "files"],
  ["an empty file", { files: [{ ...describeFile("a", bytes), sizeBytes: 0 }] }, "files"],
  ["files that collide", { files: [describeFile("a", bytes), describeFile("A", bytes)] }, ""],
  ["an unknown field", { chekcsum: 1 } as never, ""],
];
test.each(invalid)("%s is E_SCHEMA with its field", (_, change, field) => {
  const create = () =>
    createAssetStore(
      {},
      { catalogue: [{ ...valid, ...change } as AssetDefinition], assetsDir: "/a", cacheRoot: "/c" },
    );
  expect(create).toThrow(expect.objectContaining({ code: "E_SCHEMA" }));
  try {
    create();
  } catch (error) {
    expect((error as { details: { field: string } }).details.field).toStartWith(field);
  }
});

test("two assets of one name are E_SCHEMA", () => {
  expect(() => createAssetStore({}, { catalogue: [valid, valid], assetsDir: "/a", cacheRoot: "/c" })).toThrow(
    "two assets are called voice",
  );
});
