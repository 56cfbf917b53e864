import { expect, test } from "bun:test";
import { loadAssetInfo } from "../../src/assets/asset-info.ts";
import { createAssetLayout } from "../../src/assets/asset-layout.ts";
import { assetSchema } from "../../src/assets/asset-schema.ts";
import { createStoreFixture, makeBytes, oneFileAsset, sha256 } from "./store-fixture.ts";

const bytes = makeBytes(1000);
const fixture = () =>
  createStoreFixture((server) =>
    oneFileAsset(bytes, [{ type: "http", url: server.serve("/voice.bin", bytes) }], { version: "1.2" }),
  );
const infoOf = (path: string) => path.replace(/voice\.bin$/, ".asset_info.json");

test("the record says what lies there, from where, and since when", async () => {
  await using f = await fixture();
  const { path } = await f.store.ensure("voice");
  const info = JSON.parse(await Bun.file(infoOf(path)).text());
  expect(info).toEqual({
    format: 1,
    name: "voice",
    version: "1.2",
    asset_type: "model",
    source: { type: "http", url: `${f.server.origin}/voice.bin` },
    checksum: sha256(bytes),
    is_folder: false,
    unpack: null,
    destination: null,
    files: [
      {
        path: "voice.bin",
        size_bytes: 1000,
        mtime_ms: (await Bun.file(path).stat()).mtimeMs,
        sha256: sha256(bytes),
      },
    ],
    installed_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
  });
});

test.each([
  ["no JSON", "{"],
  ["another format", '{"format": 2}'],
  ["nothing", ""],
])("a record that is %s is no record", async (_, text) => {
  await using f = await fixture();
  const { path } = await f.store.ensure("voice");
  await Bun.write(infoOf(path), text);
  const asset = assetSchema.parse(oneFileAsset(bytes, [{ type: "local", path: "x" }], { version: "1.2" }));
  expect(await loadAssetInfo(createAssetLayout(f.assetsDir, f.cacheRoot).placesOf(asset))).toBe(null);
  expect(await f.store.ensure("voice")).toMatchObject({ fromCache: true }); // by the digest
});

test("a record whose files lead out of the folder is no record", async () => {
  await using f = await fixture();
  const { path } = await f.store.ensure("voice");
  const info = JSON.parse(await Bun.file(infoOf(path)).text());
  info.files[0].path = "../../../../etc/passwd";
  await Bun.write(infoOf(path), JSON.stringify(info));
  expect(await f.store.status("voice")).toMatchObject({ path, status: "cached" });
});
