import { expect, test } from "bun:test";
import { failureOf } from "../support/failure-of.ts";
import { createStoreFixture, makeBytes, oneFileAsset } from "./store-fixture.ts";

const bytes = makeBytes(20_000);

test("offline, what is missing is E_NET that says what and how to bring it, and no socket is opened", async () => {
  await using f = await createStoreFixture(
    (server) =>
      oneFileAsset(bytes, [
        { type: "hf", repoId: "owner/name" },
        { type: "http", url: server.serve("/voice.bin", bytes) },
        { type: "npm", package: "voice", version: "1.0.0" },
      ]),
    { isOffline: true },
  );
  const error = await failureOf(f.store.ensure("voice"));
  expect(error).toMatchObject({ code: "E_NET", details: { asset: "voice", offline: true } });
  expect(error.message).toContain("troupe assets download voice");
  expect(error.message).toContain(f.assetsDir);
  expect([f.fetchCount(), f.server.requests.length, f.registry.asked.length]).toEqual([0, 0, 0]);
});

test("offline, what is on disk is served", async () => {
  await using f = await createStoreFixture((server) =>
    oneFileAsset(bytes, [{ type: "http", url: server.serve("/voice.bin", bytes) }]),
  );
  const { path } = await f.store.ensure("voice");
  const offline = f.open([oneFileAsset(bytes, [{ type: "http", url: `${f.server.origin}/voice.bin` }])], {
    isOffline: true,
  });
  expect(await offline.getPath("voice")).toBe(path);
});

test("offline, local sources still serve", async () => {
  await using f = await createStoreFixture(
    () =>
      oneFileAsset(bytes, [
        { type: "http", url: "http://example.com/voice.bin" },
        { type: "local", path: "mine/voice.bin" },
      ]),
    { isOffline: true },
  );
  await f.folder.write("mine/voice.bin", bytes);
  expect(await f.store.ensure("voice")).toMatchObject({
    sourceType: "local",
    downloadedBytes: 0,
    fromCache: false,
  });
  expect(f.fetchCount()).toBe(0);
});
