import { expect, test } from "bun:test";
import { join } from "node:path";
import {
  defaultTransferLimits,
  type DownloadRequest,
} from "../../../src/assets/transfer/download-request.ts";
import { openPartFile } from "../../../src/assets/transfer/part-file.ts";
import { ChangedError, createPartTransfer } from "../../../src/assets/transfer/part-transfer.ts";
import type { Claim } from "../../../src/assets/transfer/range-claims.ts";
import { systemClock } from "../../../src/base/clock.ts";
import { createAssetServer } from "../../support/asset-server.ts";
import { failureOf } from "../../support/failure-of.ts";
import { createTempFolder } from "../../support/temp-folder.ts";
import { makeBytes } from "../store-fixture.ts";

const content = makeBytes(400_000);
const signal = new AbortController().signal;

async function open() {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await createTempFolder());
  const server = stack.use(await createAssetServer());
  const partPath = join(folder.path, "x.part");
  const part = stack.use(await openPartFile(partPath, "a", { clock: systemClock }));
  const request: DownloadRequest = {
    url: server.serve("/file", content),
    label: "the file",
    partPath,
    expectedBytes: null,
    isVerifiedLater: true,
    limits: defaultTransferLimits,
    headerTimeoutMs: () => 10_000,
    retries: () => 0,
    retryDelayMs: 1,
    signal,
  };
  const transfer = createPartTransfer({ fetch, clock: systemClock }, request, part);
  const held = stack.move();
  return { server, part, transfer, [Symbol.asyncDispose]: () => held.disposeAsync() };
}

const claimOf = (start: number, end: number): Claim => ({ start, position: start, end, sinceMs: 0 });

test("a claim that became shorter while its answer was awaited is fetched to its new end, and no further", async () => {
  await using f = await open();
  const hold = Promise.withResolvers<void>();
  f.server.fail("/file", { kind: "hold", until: hold.promise });
  const claim = claimOf(0, content.length);
  const receiving = f.transfer.receiveClaim(claim, signal);
  await f.server.waitForRequest(() => true);
  claim.end = 100_000;
  hold.resolve();
  await receiving;
  expect([claim.position, f.part.done]).toEqual([100_000, [[0, 100_000]]]);
  expect(f.transfer.downloadedBytes()).toBe(100_000);
});

test("and so is one that becomes shorter while its bytes come", async () => {
  await using f = await open();
  f.server.bytesPerSecond = 1_000_000;
  const claim = claimOf(0, content.length);
  const receiving = f.transfer.receiveClaim(claim, signal);
  await f.server.waitForRequest(() => true);
  claim.end = 200_000;
  await receiving;
  expect([claim.position, f.part.done]).toEqual([200_000, [[0, 200_000]]]);
});

test("a server that gives less than was asked for has the rest left to others", async () => {
  await using f = await open();
  const claim = claimOf(300_000, 900_000); // further than the file reaches
  await f.transfer.receiveClaim(claim, signal);
  expect([claim.position, claim.end]).toEqual([content.length, content.length]);
});

test("an answer with the whole file, where a range was asked for, is another file", async () => {
  await using f = await open();
  f.server.fail("/file", { kind: "whole" });
  expect(await failureOf(f.transfer.receiveClaim(claimOf(100, 200), signal))).toBeInstanceOf(ChangedError);
});
