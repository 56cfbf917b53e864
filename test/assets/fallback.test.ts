import { expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { AssetResult } from "../../src/assets/port.ts";
import type { AppError } from "../../src/base/errors.ts";
import { createFileLocker } from "../../src/base/file-lock.ts";
import { buildTarball } from "../support/build-tarball.ts";
import { failureOf } from "../support/failure-of.ts";
import { createStoreFixture, describeFile, makeBytes, oneFileAsset, readBytes } from "./store-fixture.ts";

const bytes = makeBytes(40_000);
const other = makeBytes(40_000, 2);
const nowhere = "http://127.0.0.1:9/voice.bin"; // the discard port: refused at once

test("a source that refuses the connection falls to the next at once, retries or not", async () => {
  const asked: string[] = [];
  await using f = await createStoreFixture(
    (server) =>
      oneFileAsset(
        bytes,
        [
          { type: "http", url: nowhere },
          { type: "http", url: server.serve("/voice.bin", bytes) },
        ],
        { retries: 5, retryDelaySeconds: 60 },
      ),
    {},
    {
      fetch(url, init) {
        asked.push(url);
        return fetch(url, init);
      },
    },
  );
  const started = performance.now();
  const { path, sourceType } = await f.store.ensure("voice");
  expect(asked).toEqual([nowhere, `${f.server.origin}/voice.bin`]);
  // Nobody has waited; nor for the half of a retry's delay, which is the least.
  expect(performance.now() - started).toBeLessThan(30_000);
  expect(sourceType).toBe("http");
  expect(await readBytes(path)).toEqual(bytes);
  expect(f.events.ofType("asset-source-fail").map((e) => (e.error as AppError).code)).toEqual(["E_NET"]);
});

test("a source that is silent gets little patience when another stands behind it, and the next asset none", async () => {
  const asked: string[] = [];
  await using f = await createStoreFixture(
    (server) =>
      ["voice", "second"].map((name) => ({
        ...oneFileAsset(bytes, [
          { type: "http", url: `${server.origin}/silent` },
          { type: "http", url: `${server.otherOrigin}/voice.bin` },
        ]),
        name,
      })),
    { limits: { firstAnswerMs: 80, headerMs: 60_000 } },
    {
      fetch(url, init) {
        asked.push(url);
        return fetch(url, init);
      },
    },
  );
  f.server.serve("/voice.bin", bytes);
  f.server.failAlways("/silent", { kind: "silence" });
  await f.store.ensure("voice");
  await f.store.ensure("second");
  const [silent, other] = [`${f.server.origin}/silent`, `${f.server.otherOrigin}/voice.bin`];
  expect(asked).toEqual([silent, other, other]);
});

test("the last source gets the long patience", async () => {
  const hold = Promise.withResolvers<void>();
  await using f = await createStoreFixture(
    (server) => oneFileAsset(bytes, [{ type: "http", url: server.serve("/voice.bin", bytes) }]),
    { limits: { firstAnswerMs: 1, headerMs: 10_000 } },
  );
  f.server.fail("/voice.bin", { kind: "hold", until: hold.promise });
  const ensuring = f.store.ensure("voice");
  await f.server.waitForRequest((r) => r.path === "/voice.bin");
  setTimeout(hold.resolve, 30);
  expect((await ensuring).fromCache).toBe(false);
});

test("a source that has delivered bytes is retried before the next one is asked", async () => {
  await using f = await createStoreFixture((server) =>
    oneFileAsset(
      bytes,
      [
        { type: "http", url: server.serve("/first.bin", bytes) },
        { type: "http", url: server.serve("/second.bin", bytes) },
      ],
      { retries: 2 },
    ),
  );
  f.server.fail("/first.bin", { kind: "truncate", afterBytes: 10_000 }, { kind: "status", status: 503 });
  await f.store.ensure("voice");
  expect(f.server.requests.map((r) => r.path)).toEqual(["/first.bin", "/first.bin", "/first.bin"]);
});

test("wrong bytes are fetched afresh once, then the next source is asked; they never get a final name", async () => {
  await using f = await createStoreFixture((server) =>
    oneFileAsset(bytes, [
      { type: "http", url: server.serve("/wrong.bin", other) },
      { type: "http", url: server.serve("/right.bin", bytes) },
    ]),
  );
  const { path } = await f.store.ensure("voice");
  expect(await readBytes(path)).toEqual(bytes);
  expect(f.server.requests.map((r) => [r.path, r.headers["range"]])).toEqual([
    ["/wrong.bin", `bytes=0-${bytes.length - 1}`],
    ["/wrong.bin", `bytes=0-${bytes.length - 1}`],
    ["/right.bin", `bytes=0-${bytes.length - 1}`],
  ]);
});

test("wrong bytes everywhere are E_VERIFY with both digests, and leave nothing behind", async () => {
  await using f = await createStoreFixture((server) =>
    oneFileAsset(bytes, [{ type: "http", url: server.serve("/voice.bin", other) }], { retries: 5 }),
  );
  const error = await failureOf(f.store.ensure("voice"));
  const expected = describeFile("", bytes).sha256;
  const found = describeFile("", other).sha256;
  expect(error).toMatchObject({ code: "E_VERIFY", details: { expected, found, source_type: "http" } });
  expect(error.message).toContain(expected);
  expect(error.message).toContain(found);
  expect(f.server.requests.length).toBe(2);
  expect(await f.listDownloads()).toEqual([]);
  expect(await Bun.file(join(f.assetsDir, "model/voice/latest/voice.bin")).exists()).toBe(false);
  expect(await f.store.status("voice")).toMatchObject({ status: "not cached" });
});

test("a wrong length is E_VERIFY without a byte of the body being kept", async () => {
  await using f = await createStoreFixture((server) =>
    oneFileAsset(bytes, [{ type: "http", url: server.serve("/voice.bin", makeBytes(50_000)) }]),
  );
  expect(await failureOf(f.store.ensure("voice"))).toMatchObject({
    code: "E_VERIFY",
    details: { expected: 40_000, found: 50_000 },
  });
  expect(await f.listDownloads()).toEqual([]);
});

test("when every source fails the error tells of each", async () => {
  await using f = await createStoreFixture((server) =>
    oneFileAsset(bytes, [
      { type: "http", url: nowhere },
      { type: "http", url: `${server.origin}/missing.bin` },
    ]),
  );
  const error = await failureOf(f.store.ensure("voice"));
  expect(error).toMatchObject({ code: "E_NOT_FOUND" });
  expect(error.message).toContain("/voice.bin cannot be reached");
  expect(error.message).toContain("/missing.bin is not there");
  const { attempts } = error["details"] as { attempts: { error_code: string }[] };
  expect(attempts.map((a) => a.error_code)).toEqual(["E_NET", "E_NOT_FOUND"]);
  expect(f.events.ofType("asset-download-fail").map((e) => e.error)).toEqual([error]);
});

test("that it has failed is told when nothing of the run is left: who tries again at the word begins anew", async () => {
  const log: string[] = [];
  const locker = createFileLocker();
  await using f = await createStoreFixture(
    (server) => oneFileAsset(bytes, [{ type: "http", url: `${server.origin}/late.bin` }]),
    {},
    {
      emit: ({ type }) => void (type.startsWith("asset-download-") && log.push(type)),
      locker: {
        async lock(path, options) {
          const lease = await locker.lock(path, options);
          return {
            isKernelLock: lease.isKernelLock,
            async [Symbol.asyncDispose]() {
              await lease[Symbol.asyncDispose]();
              if (path.endsWith("@latest.lock")) log.push("let go");
            },
          };
        },
      },
    },
  );
  await failureOf(f.store.ensure("voice"));
  f.server.serve("/late.bin", bytes);
  await f.store.ensure("voice");
  expect(log).toEqual(["let go", "asset-download-fail", "let go", "asset-download-end"]);
});

test("who tries again in the midst of being told begins anew", async () => {
  const again = Promise.withResolvers<AssetResult>();
  await using f = await createStoreFixture(
    (server) => oneFileAsset(bytes, [{ type: "http", url: `${server.origin}/late.bin` }]),
    {},
    {
      emit({ type }) {
        if (type !== "asset-download-fail") return;
        f.server.serve("/late.bin", bytes);
        f.store.ensure("voice").then(again.resolve, again.reject);
      },
    },
  );
  expect(await failureOf(f.store.ensure("voice"))).toMatchObject({ code: "E_NOT_FOUND" });
  expect(await again.promise).toMatchObject({ downloadedBytes: bytes.length });
});

test("sources complete each other: each is asked only for what is missing and what it is said to have", async () => {
  const [model, table] = [makeBytes(30_000, 5), makeBytes(500, 6)];
  await using f = await createStoreFixture((server) => ({
    name: "pair",
    files: [describeFile("model.onnx", model), describeFile("table.json", table)],
    sources: [
      { type: "http", files: { "model.onnx": server.serve("/hub/model.onnx", model) } },
      { type: "http", files: { "table.json": server.serve("/raw/table.json", table) } },
      { type: "npm", package: "pair", version: "1.0.0", path: "build" },
    ],
  }));
  const { path } = await f.store.ensure("pair");
  expect(f.registry.asked).toEqual([]);
  expect((await readdir(path)).sort()).toEqual([".asset_info.json", "model.onnx", "table.json"]);
});

test("what an earlier source has verified is not fetched again from the next", async () => {
  const [model, table] = [makeBytes(30_000, 5), makeBytes(500, 6)];
  await using f = await createStoreFixture((server) => ({
    name: "pair",
    files: [describeFile("model.onnx", model), describeFile("table.json", table)],
    sources: [
      {
        type: "http",
        files: {
          "model.onnx": server.serve("/hub/model.onnx", model),
          "table.json": server.serve("/hub/table.json", makeBytes(500, 7)), // wrong
        },
      },
      { type: "npm", package: "pair", version: "1.0.0", path: "build" },
    ],
  }));
  f.registry.publish(
    "pair@1.0.0",
    buildTarball([
      { path: "package/build/model.onnx", content: "not this one" },
      { path: "package/build/table.json", content: table },
    ]),
  );
  const { path, sourceType } = await f.store.ensure("pair");
  expect(sourceType).toBe("npm");
  expect(await readBytes(join(path, "model.onnx"))).toEqual(model);
  expect(await readBytes(join(path, "table.json"))).toEqual(table);
  expect(f.server.requests.filter((r) => r.path === "/hub/model.onnx").length).toBe(1);
});

test("a full disk is no reason to ask another source", async () => {
  await using f = await createStoreFixture(
    (server) =>
      oneFileAsset(bytes, [
        { type: "http", url: server.serve("/a.bin", bytes) },
        { type: "http", url: server.serve("/b.bin", bytes) },
      ]),
    {},
    { getFreeBytes: () => Promise.resolve(39_999) },
  );
  const error = await failureOf(f.store.ensure("voice"));
  expect(error).toMatchObject({ code: "E_DISK", details: { needed_bytes: 40_000, free_bytes: 39_999 } });
  expect(f.server.requests).toEqual([]);
});

test("an asset whose length nobody declared meets the full disk before its body", async () => {
  await using f = await createStoreFixture(
    (server) => ({
      name: "loose",
      sources: [
        { type: "http", url: server.serve("/loose.bin", bytes) },
        { type: "http", url: server.serve("/other.bin", bytes) },
      ],
    }),
    {},
    { getFreeBytes: () => Promise.resolve(1000) },
  );
  expect(await failureOf(f.store.ensure("loose"))).toMatchObject({ code: "E_DISK" });
  expect(f.server.requests.length).toBe(1);
});
