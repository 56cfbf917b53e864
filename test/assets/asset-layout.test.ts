import { expect, test } from "bun:test";
import { basename } from "node:path";
import { createAssetLayout, encodeSource, resultPath } from "../../src/assets/asset-layout.ts";
import { assetSchema, describeSource, isSafeRelativePath } from "../../src/assets/asset-schema.ts";

const layout = createAssetLayout("/a", "/c");
const parse = (change: Record<string, unknown> = {}) =>
  assetSchema.parse({ name: "voice", sources: [{ type: "local", path: "x" }], ...change });

test("an asset's places", () => {
  const places = layout.placesOf(parse({ version: "2.0", assetType: "sample" }));
  expect(places).toMatchObject({
    folder: "/a/sample/voice/2.0",
    infoFile: "/a/sample/voice/2.0/.asset_info.json",
    lockFile: "/a/.locks/sample@voice@2.0.lock",
    stagingFolder: "/a/.staging/sample@voice@2.0",
  });
  expect(places.filePath("sub/x.bin")).toBe("/a/sample/voice/2.0/sub/x.bin");
  expect(resultPath(places, [{ path: "x.bin" }], { isFolder: false })).toBe("/a/sample/voice/2.0/x.bin");
  expect(resultPath(places, [{ path: "x.bin" }], { isFolder: true })).toBe("/a/sample/voice/2.0");
  expect(resultPath(places, [{ path: "x.bin" }], { isFolder: true, destination: "sub/y.bin" })).toBe(
    "/a/sample/voice/2.0/sub/y.bin",
  );
});

test("assets that differ in anything never share a lock", () => {
  const variants = [
    {},
    { name: "voice-1" },
    { version: "1" },
    { assetType: "voice" },
    { name: "voice.latest" },
    ...["1", "2"].map((end) => ({
      assetType: "t".repeat(100),
      name: "n".repeat(100),
      version: "v".repeat(99) + end,
    })),
  ];
  const locks = variants.map((change) => layout.placesOf(parse(change)).lockFile);
  // Nor with one that is named after the lock of another.
  const long = { assetType: "t".repeat(100), name: "n".repeat(82), version: "v".repeat(100) };
  const digest = layout
    .placesOf(parse(long))
    .lockFile.slice(-"0123456789abcdef.lock".length, -".lock".length);
  for (const change of [long, { ...long, version: digest }]) {
    variants.push(change);
    locks.push(layout.placesOf(parse(change)).lockFile);
  }
  expect(new Set(locks).size).toBe(variants.length);
  for (const lock of locks) expect(basename(lock).length).toBeLessThan(230);
});

test("a part is named by destination, source and piece; stores that share a cache share no part", () => {
  const asset = parse();
  const [source] = asset.sources;
  const other = assetSchema.parse({ ...asset, sources: [{ type: "local", path: "y" }] }).sources[0];
  if (!source || !other) throw new Error("no source");
  const here = layout.placesOf(asset);
  const there = createAssetLayout("/b", "/c").placesOf(asset);
  const paths = [
    here.partPath(source, "k"),
    here.partPath(source, "l"),
    here.partPath(other, "k"),
    there.partPath(source, "k"),
  ];
  expect(new Set(paths).size).toBe(4);
  expect(here.partPath(source, "k")).toBe(layout.placesOf(parse()).partPath(source, "k"));
  for (const path of paths) expect(path).toMatch(/^\/c\/downloads\/[0-9a-f]{16}-[0-9a-f]{24}\.part$/);
});

test("a source is the same source whatever the order of its fields", () => {
  const one = parse({ sources: [{ type: "hf", repoId: "a/b", revision: "c", files: { x: "1", y: "2" } }] });
  const two = parse({ sources: [{ files: { y: "2", x: "1" }, revision: "c", repoId: "a/b", type: "hf" }] });
  expect(one.sources.map(encodeSource)).toEqual(two.sources.map(encodeSource));
});

test("what messages call a source tells no signature", () => {
  const source = parse({
    sources: [{ type: "http", url: "https://example.com/a/b.bin?Signature=s3cret#x" }],
  });
  expect(source.sources.map(describeSource)).toEqual(["https://example.com/a/b.bin"]);
});

test("paths that could leave their folder are not safe", () => {
  const unsafe = [
    "",
    "/a",
    "a/",
    "a//b",
    ".",
    "..",
    "a/../b",
    "./a",
    "C:/a",
    "c:a",
    "a\\b",
    "a\0b",
    "a\nb",
    "a\u007f",
  ];
  expect(unsafe.filter(isSafeRelativePath)).toEqual([]);
  const safe = ["a", "a/b.c", "..a", "a..b", ".hidden", "ü/ñ", "a b"];
  expect(safe.filter((path) => !isSafeRelativePath(path))).toEqual([]);
});
