import { describe, expect, test } from "bun:test";
import { makeBytes, sha256 } from "../store-fixture.ts";
import { createTransferFixture } from "./transfer-fixture.ts";
import { failureOf } from "../../support/failure-of.ts";

const small = makeBytes(10_000);
const large = makeBytes(500_000, 2);

describe("resuming", () => {
  test("goes on where it stopped, with the validator of what it has", async () => {
    await using f = await createTransferFixture();
    f.server.serve("/file", { content: small, etag: '"v1"' });
    await f.leavePart(4_000);
    expect(await f.download()).toMatchObject({
      sizeBytes: 10_000,
      downloadedBytes: 6_000,
      resumedBytes: 4_000,
    });
    expect(await f.readPart()).toEqual(small);
    const { range, "if-range": condition } = f.server.requests[1]?.headers ?? {};
    expect([range, condition]).toEqual(["bytes=4000-9999", '"v1"']);
  });

  test("fills only the gaps that several connections left", async () => {
    await using f = await createTransferFixture();
    f.server.serve("/file", large);
    f.server.fail("/file", { kind: "stall", afterBytes: 30_000 }); // the first piece hangs while the others come
    const missing = (64 << 10) - 30_000;
    const abort = new AbortController();
    const onProgress = (done: number): void => {
      if (done === large.length - missing) abort.abort();
    };
    const stopped = f.download({ signal: abort.signal, onProgress });
    expect(await failureOf(stopped)).toMatchObject({ code: "E_INTERRUPTED" });
    expect(await f.download()).toMatchObject({
      sizeBytes: large.length,
      downloadedBytes: missing,
      resumedBytes: large.length - missing,
    });
    expect(f.server.requests.at(-1)?.headers["range"]).toBe("bytes=30000-65535");
    expect(await f.readPart()).toEqual(large);
  });

  test("another ETag starts over", async () => {
    await using f = await createTransferFixture();
    f.server.serve("/file", { content: small, etag: '"v1"' });
    await f.leavePart(4_000);
    const newer = makeBytes(10_000, 9);
    f.server.serve("/file", { content: newer, etag: '"v2"' });
    expect(await f.download()).toMatchObject({ sizeBytes: 10_000, resumedBytes: 0 });
    expect(await f.readPart()).toEqual(newer);
  });

  test("a server that ignores If-Range is caught by its ETag", async () => {
    await using f = await createTransferFixture();
    f.server.serve("/file", { content: small, etag: '"v1"' });
    await f.leavePart(4_000);
    const newer = makeBytes(10_000, 9);
    f.server.serve("/file", { content: newer, etag: '"v2"', ignoresConditions: true });
    expect(await f.download()).toMatchObject({ resumedBytes: 0 });
    expect(f.server.requests.map((r) => r.status)).toEqual([206, 206, 206]);
    expect(await f.readPart()).toEqual(newer);
  });

  test("a 200 to a range starts over", async () => {
    await using f = await createTransferFixture();
    f.server.serve("/file", small);
    await f.leavePart(4_000);
    f.server.fail("/file", { kind: "whole" }, { kind: "whole" });
    expect(await f.download()).toMatchObject({ downloadedBytes: 10_000, resumedBytes: 0 });
    expect(await f.readPart()).toEqual(small);
  });

  test("a whole part that will be verified asks for nothing", async () => {
    await using f = await createTransferFixture();
    f.server.serve("/file", small);
    await f.download();
    expect(await f.download()).toMatchObject({ sizeBytes: 10_000, downloadedBytes: 0, resumedBytes: 10_000 });
    expect(f.server.requests.length).toBe(1);
  });

  test("a whole part that nothing will verify is asked after: 416 says that it is whole", async () => {
    await using f = await createTransferFixture();
    f.server.serve("/file", small);
    await f.download({ isVerifiedLater: false });
    expect(await f.download({ isVerifiedLater: false })).toMatchObject({ downloadedBytes: 0 });
    expect(f.server.requests.map((r) => r.status)).toEqual([206, 416]);
    f.server.serve("/file", makeBytes(12_000, 3)); // and one that changed in the meantime is fetched anew
    expect(await f.download({ isVerifiedLater: false })).toMatchObject({ downloadedBytes: 12_000 });
  });

  test("without a validator a part is resumed only if its bytes will be verified", async () => {
    await using f = await createTransferFixture();
    f.server.serve("/file", { content: small, etag: null });
    await f.leavePart(4_000);
    expect(await f.download({ isVerifiedLater: false })).toMatchObject({ resumedBytes: 0 });
    await using g = await createTransferFixture();
    g.server.serve("/file", { content: small, etag: null });
    await g.leavePart(4_000);
    expect(await g.download()).toMatchObject({ resumedBytes: 4_000 });
  });

  test("a weak ETag is no validator, a date is", async () => {
    await using f = await createTransferFixture();
    const lastModified = "Mon, 05 Jan 2026 10:00:00 GMT";
    f.server.serve("/file", { content: small, etag: 'W/"v1"', lastModified });
    await f.leavePart(4_000);
    await f.download();
    expect(f.server.requests[1]?.headers["if-range"]).toBe(lastModified);
  });

  test("a state that is broken or of another source is not believed", async () => {
    await using f = await createTransferFixture();
    f.server.serve("/file", small);
    await f.download();
    await Bun.write(`${f.partPath}.json`, "{");
    expect(await f.download()).toMatchObject({ downloadedBytes: 10_000, resumedBytes: 0 });
    expect(await f.download({ label: "another file" })).toMatchObject({ resumedBytes: 0 });
    expect(await f.readPart()).toEqual(small);
  });

  test("a state that says more than the part has is not believed", async () => {
    await using f = await createTransferFixture();
    f.server.serve("/file", small);
    await f.download();
    await Bun.write(f.partPath, small.subarray(0, 100));
    expect(await f.download()).toMatchObject({ downloadedBytes: 10_000, resumedBytes: 0 });
  });
});

test("what lies behind the known bytes of a part is no part of the file", async () => {
  await using f = await createTransferFixture();
  const content = makeBytes(2 << 20, 3);
  f.server.serve("/file", { content, etag: '"v1"' });
  // Killed amid a longer file without a length: its last bytes were written after its state.
  const state = { format: 1, source: "the file", validator: '"v1"', size_bytes: null, done: [[0, 4_000]] };
  await Bun.write(f.partPath, Buffer.concat([content, Buffer.from("and more")]));
  await Bun.write(`${f.partPath}.json`, JSON.stringify(state));
  const { digests, ...outcome } = await f.download({ algorithms: ["sha256"] });
  expect(outcome).toMatchObject({ sizeBytes: content.length, resumedBytes: 4_000 });
  expect(digests?.digests.get("sha256")).toBe(sha256(content));
  expect(sha256(await f.readPart())).toBe(sha256(content));
});
