// Declared assets on their way to disk: archives, checksums, and when they are there already.
import { describe, expect, test } from "bun:test";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { AssetDefinition } from "../../src/assets/asset-schema.ts";
import { buildTar, buildTarball } from "../support/build-tarball.ts";
import { buildZip } from "../support/build-zip.ts";
import { failureOf } from "../support/failure-of.ts";
import { createStoreFixture, makeBytes, readBytes, sha256, type StoreFixture } from "./store-fixture.ts";

const model = makeBytes(30_000);
const zip = buildZip([
  { path: "voice/" },
  { path: "voice/model.bin", content: model, deflate: true },
  { path: "voice/run.sh", content: "#!", unixMode: 0o104777 },
  { path: "voice/.hidden", content: "h" },
]);

async function archived(
  archive: Uint8Array,
  more: Partial<AssetDefinition> = {},
  format: "zip" | "tar" | "tar.gz" | "tar.bz2" = "zip",
): Promise<StoreFixture> {
  return createStoreFixture((server) => ({
    name: "voice",
    unpack: { format },
    sources: [{ type: "http", url: server.serve("/archive", archive) }],
    ...more,
  }));
}

const listAll = async (folder: string): Promise<string[]> =>
  (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name)
    .sort();

describe("an archive", () => {
  test("becomes a folder with what was in it, modes masked, and the archive goes", async () => {
    await using f = await archived(zip, { checksum: sha256(zip) });
    const result = await f.store.ensure("voice");
    expect(result).toMatchObject({
      path: join(f.assetsDir, "model/voice/latest"),
      fromCache: false,
      downloadedBytes: zip.length,
    });
    expect(await readBytes(join(result.path, "voice/model.bin"))).toEqual(model);
    expect((await stat(join(result.path, "voice/model.bin"))).mode & 0o7777).toBe(0o644);
    expect((await stat(join(result.path, "voice/run.sh"))).mode & 0o7777).toBe(0o755);
    expect(await listAll(result.path)).toEqual([".asset_info.json", ".hidden", "model.bin", "run.sh"]);
    expect(await f.listDownloads()).toEqual([]);
    expect(await readdir(join(f.assetsDir, ".staging"))).toEqual([]);
  });

  test("is hit without network, verified by what was in it, and missed when one file differs", async () => {
    await using f = await archived(zip, { checksum: sha256(zip) });
    const { path } = await f.store.ensure("voice");
    const fetches = f.fetchCount();
    expect(await f.store.ensure("voice")).toMatchObject({ fromCache: true, path });
    expect(f.fetchCount()).toBe(fetches);
    expect(await f.store.verify("voice")).toEqual([expect.objectContaining({ status: "ok" })]);
    await Bun.write(join(path, "voice/model.bin"), "tampered");
    expect(await f.store.verify("voice")).toEqual([
      expect.objectContaining({
        status: "changed",
        badFiles: [
          {
            path: "voice/model.bin",
            expected: `sha256:${sha256(model)}`,
            found: `sha256:${sha256("tampered")}`,
          },
        ],
      }),
    ]);
    expect((await f.store.ensure("voice")).fromCache).toBe(false);
    expect(await readBytes(join(path, "voice/model.bin"))).toEqual(model);
  });

  for (const [format, archive] of [
    ["tar", buildTar([{ path: "model.bin", content: model }])],
    ["tar.gz", buildTarball([{ path: "model.bin", content: model }])],
  ] as const) {
    test(`of the format ${format} is unpacked`, async () => {
      await using f = await archived(archive, {}, format);
      const { path } = await f.store.ensure("voice");
      expect(await readBytes(join(path, "model.bin"))).toEqual(model);
    });
  }

  test("with one file that is wanted gives that file's path", async () => {
    const cases: [string[], string, boolean][] = [
      [["deep/er/voice.bin"], "deep/er/voice.bin", true],
      [["__MACOSX/x", ".DS_Store", "a/.b/c", "z/voice.bin"], "z/voice.bin", true],
      [["sub/first.bin", "second.bin", "third.bin"], "second.bin", false],
      [["sub/first.bin", "other/second.bin"], "sub/first.bin", false],
    ];
    for (const [paths, expected, isSole] of cases) {
      const archive = buildZip(paths.map((path) => ({ path, content: path })));
      await using f = await archived(archive, { unpack: { format: "zip", isDestinationFile: true } });
      const { path } = await f.store.ensure("voice");
      expect(path).toBe(join(f.assetsDir, "model/voice/latest", expected));
      expect(f.events.ofType("asset-warning").length).toBe(isSole ? 0 : 1);
      expect(await f.store.ensure("voice")).toMatchObject({ fromCache: true, path });
      expect(await f.store.status("voice")).toMatchObject({ status: "cached", path });
    }
  });

  test("with nothing but hidden files for the one that is wanted is E_VERIFY", async () => {
    const archive = buildZip([
      { path: ".a", content: "1" },
      { path: "__MACOSX/b", content: "2" },
    ]);
    await using f = await archived(archive, { unpack: { format: "zip", isDestinationFile: true } });
    expect(await failureOf(f.store.ensure("voice"))).toMatchObject({ code: "E_VERIFY" });
  });

  test("of another format than declared is E_VERIFY, telling both, and not fetched again", async () => {
    await using f = await archived(buildTarball([{ path: "a", content: "1" }]));
    const error = await failureOf(f.store.ensure("voice"));
    expect(error).toMatchObject({ code: "E_VERIFY", details: { expected: "zip", found: "tar.gz" } });
    expect(f.server.requests.length).toBe(1);
  });

  const bad: [string, Uint8Array, number][] = [
    ["that tries something", buildZip([{ path: "../x", content: "1" }]), 1],
    ["that has nothing in it", buildZip([]), 1],
    ["that has empty files only", buildZip([{ path: "a" }]), 1],
    ["that takes the record's name", buildZip([{ path: ".asset_info.JSON", content: "{}" }]), 1],
    ["that is broken", zip.subarray(0, zip.length - 10), 2],
  ];
  test.each(bad)("%s is E_VERIFY, with nothing left behind", async (_, archive, requests) => {
    await using f = await archived(archive);
    expect(await failureOf(f.store.ensure("voice"))).toMatchObject({ code: "E_VERIFY" });
    expect(await f.listDownloads()).toEqual([]);
    expect(await readdir(f.assetsDir)).not.toContain("model");
    expect(await readdir(join(f.assetsDir, ".staging")).catch(() => [])).toEqual([]);
    // A broken one may be whole the second time; the others stay what they are.
    expect(f.server.requests.length).toBe(requests);
  });

  test("that fails leaves what was there", async () => {
    await using f = await archived(zip);
    const { path } = await f.store.ensure("voice");
    f.server.serve("/archive", buildZip([{ path: "../x", content: "1" }]));
    expect(await failureOf(f.store.ensure("voice", { forceDownload: true }))).toMatchObject({
      code: "E_VERIFY",
    });
    expect(await readBytes(join(path, "voice/model.bin"))).toEqual(model);
  });

  test("with other unpack settings than before is a miss", async () => {
    await using f = await archived(zip);
    await f.store.ensure("voice");
    const sources = [{ type: "http" as const, url: `${f.server.origin}/archive` }];
    const store = f.open([{ name: "voice", unpack: { format: "zip", isDestinationFile: true }, sources }]);
    expect((await store.ensure("voice")).fromCache).toBe(false);
    const plain = f.open([{ name: "voice", sources }]);
    expect((await plain.ensure("voice")).fromCache).toBe(false);
  });

  test("among several files is told to be named", async () => {
    await using f = await createStoreFixture((_, folder) => ({
      name: "voice",
      unpack: { format: "zip" },
      sources: [{ type: "local", path: folder.path + "/several" }],
    }));
    await f.folder.write("several/a.zip", zip);
    await f.folder.write("several/b.zip", zip);
    expect(await failureOf(f.store.ensure("voice"))).toMatchObject({ code: "E_SCHEMA" });
  });

  test("inside a package is unpacked too", async () => {
    await using f = await createStoreFixture(() => ({
      name: "voice",
      unpack: { format: "zip" },
      checksum: sha256(zip),
      sources: [{ type: "npm", package: "pack", version: "1.0.0", path: "dist/voice.zip" }],
    }));
    f.registry.publish("pack@1.0.0", buildTarball([{ path: "package/dist/voice.zip", content: zip }]));
    const { path, sourceType } = await f.store.ensure("voice");
    expect(sourceType).toBe("npm");
    expect(await readBytes(join(path, "voice/model.bin"))).toEqual(model);
  });
});

describe("a declared checksum", () => {
  const loose = (checksum: string) =>
    createStoreFixture((server) => ({
      name: "voice",
      checksum,
      sources: [{ type: "http", url: server.serve("/voice.bin", model) }],
    }));

  test("is proved, and told by list and verify", async () => {
    await using f = await loose(sha256(model));
    const { path } = await f.store.ensure("voice");
    expect(path).toBe(join(f.assetsDir, "model/voice/latest/voice.bin"));
    const digest = `sha256:${sha256(model)}`;
    expect(await f.store.status("voice")).toMatchObject({ status: "cached", checksum: digest });
    expect(await f.store.verify("voice")).toEqual([
      { name: "voice", status: "ok", expected: digest, found: digest },
    ]);
  });

  test("that is not met is E_VERIFY with both digests after one more try, and nothing stays", async () => {
    const wrong = "0".repeat(64);
    await using f = await loose(wrong);
    expect(await failureOf(f.store.ensure("voice"))).toMatchObject({
      code: "E_VERIFY",
      details: { expected: wrong, found: sha256(model), source_type: "http" },
    });
    expect(f.server.requests.length).toBe(2);
    expect(await f.listDownloads()).toEqual([]);
    expect(await f.store.status("voice")).toMatchObject({ status: "not cached" });
  });

  test("that changes is a miss", async () => {
    await using f = await loose(sha256(model));
    await f.store.ensure("voice");
    const sources = [{ type: "http" as const, url: `${f.server.origin}/voice.bin` }];
    const store = f.open([{ name: "voice", checksum: "1".repeat(64), sources }]);
    expect(await failureOf(store.ensure("voice"))).toMatchObject({ code: "E_VERIFY" });
  });

  test("of a folder is that of the list of its files, from whichever source", async () => {
    const files = { "a.bin": makeBytes(10), "sub/b.bin": makeBytes(20, 2) };
    const list = Object.entries(files).map(([path, bytes]) => `${sha256(bytes)}  ${path}\n`);
    await using f = await createStoreFixture((_, folder) => ({
      name: "voice",
      checksum: sha256(list.join("")),
      sources: [
        { type: "local", path: join(folder.path, "wrong") },
        { type: "local", path: join(folder.path, "right") },
      ],
    }));
    await f.folder.write("wrong/a.bin", "other");
    await f.folder.write("wrong/sub/b.bin", "another");
    for (const [path, bytes] of Object.entries(files)) await f.folder.write(`right/${path}`, bytes);
    const { path } = await f.store.ensure("voice");
    expect(await readBytes(join(path, "sub/b.bin"))).toEqual(files["sub/b.bin"]);
    expect(await f.store.verify("voice")).toEqual([expect.objectContaining({ status: "ok" })]);
  });

  test("lets a part without a validator be resumed: wrong bytes would be noticed", async () => {
    const large = makeBytes(600_000);
    await using f = await createStoreFixture((server) => ({
      name: "voice",
      checksum: sha256(large),
      retries: 1,
      retryDelaySeconds: 0.001,
      sources: [{ type: "http", url: server.serve("/voice.bin", { content: large, etag: null }) }],
    }));
    // Once it is taken: an end may take along what has just come.
    const until = f.events
      .waitFor((event) => event.type === "asset-progress" && event.doneBytes === 400_000, 30_000)
      .then(() => undefined);
    f.server.fail("/voice.bin", { kind: "truncate", afterBytes: 400_000, until });
    await f.store.ensure("voice");
    expect(f.server.sentBytes).toBe(large.length);
    expect(f.server.requests[1]?.headers["range"]).toStartWith("bytes=400000-");
  });
});

test("progress_report = false is silent but for the metrics, and its interval goes along", async () => {
  await using f = await createStoreFixture((server) => [
    {
      name: "quiet",
      hasProgressReport: false,
      sources: [{ type: "http", url: server.serve("/a.bin", model) }],
    },
    { name: "loud", progressIntervalMb: 2, sources: [{ type: "http", url: server.serve("/b.bin", model) }] },
  ]);
  await f.store.ensure("quiet");
  expect(f.events.ofType("asset-progress")).toEqual([]);
  expect(f.events.events.length).toBeGreaterThan(0);
  expect(f.events.events.every((event) => event.isSilent === true)).toBe(true);
  await f.store.ensure("loud");
  expect(f.events.ofType("asset-progress")[0]?.lineIntervalBytes).toBe(2 << 20);
});

test("an empty file among others is an asset's, one that is alone is not", async () => {
  await using f = await createStoreFixture((server, folder) => [
    { name: "folder", sources: [{ type: "local", path: join(folder.path, "set") }] },
    { name: "empty", sources: [{ type: "http", url: server.serve("/empty.bin", new Uint8Array()) }] },
  ]);
  await f.folder.write("set/__init__.py", "");
  await f.folder.write("set/model.bin", model);
  await f.store.ensure("folder");
  expect((await f.store.ensure("folder")).fromCache).toBe(true);
  expect(await failureOf(f.store.ensure("empty"))).toMatchObject({ code: "E_VERIFY" });
});
