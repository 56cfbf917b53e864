import { expect, test } from "bun:test";
import { basename } from "node:path";
import { createStoreFixture, describeFile, makeBytes, readBytes } from "../store-fixture.ts";

const bytes = makeBytes(300, 3);

test.each([
  ["/voice.bin", "voice.bin"],
  ["/voice.bin?token=x", "voice.bin"],
  ["/a%20voice%C3%BC.bin", "a voiceü.bin"],
  ["/100%25.bin", "100%.bin"],
  ["/100%.bin", "100%.bin"],
  ["/%E0%A4%A.bin", "%E0%A4%A.bin"],
  ["/", "download"],
  ["/folder/", "folder"],
  ["/.hidden", "download"],
  ["/%2e%2e%2fescape", "download"],
  ["/folder%2Fvoice.bin", "download"],
  ["/folder%5Cvoice.bin", "download"],
  ["/nul%00", "download"],
  [`/${"long".repeat(70)}`, "download"],
])("a file of %s is called %s", async (path, name) => {
  await using f = await createStoreFixture((server) => {
    server.respond((request) => (request.path === path ? { content: bytes } : null));
    return { name: "voice", sources: [{ type: "http", url: `${server.origin}${path}` }] };
  });
  const { path: placed } = await f.store.ensure("voice");
  expect(basename(placed)).toBe(name);
  expect(await readBytes(placed)).toEqual(bytes);
  expect(placed).toBe(`${f.assetsDir}/model/voice/latest/${name}`);
});

test.each([true, false])("two files of one address have a part each (manifest: %s)", async (hasManifest) => {
  await using f = await createStoreFixture((server) => {
    const url = server.serve("/a", bytes);
    return {
      name: "voice",
      ...(hasManifest && { files: [describeFile("one", bytes), describeFile("two", bytes)] }),
      sources: [{ type: "http", files: { one: url, two: url } }],
    };
  });
  const { path } = await f.store.ensure("voice");
  for (const name of ["one", "two"]) expect(await readBytes(`${path}/${name}`)).toEqual(bytes);
  expect(f.events.ofType("asset-progress").at(-1)).toMatchObject({ doneBytes: 600, totalBytes: 600 });
});
