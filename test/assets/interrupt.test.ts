import { expect, test } from "bun:test";
import { AppError } from "../../src/base/errors.ts";
import { failureOf } from "../support/failure-of.ts";
import { createStoreFixture, makeBytes, oneFileAsset, readBytes } from "./store-fixture.ts";

const bytes = makeBytes(100_000);

async function createStalledFixture() {
  const f = await createStoreFixture((server) =>
    oneFileAsset(bytes, [{ type: "http", url: server.serve("/voice.bin", bytes) }]),
  );
  f.server.fail("/voice.bin", { kind: "stall", afterBytes: 60_000 });
  return f;
}
const hasSome = (event: { type: string; doneBytes?: number }): boolean =>
  event.type === "asset-progress" && (event.doneBytes ?? 0) > 0;

test("a plain abort keeps the part, and the next run goes on with it", async () => {
  await using f = await createStalledFixture();
  const abort = new AbortController();
  const ensuring = f.store.ensure("voice", { signal: abort.signal });
  await f.events.waitFor(hasSome);
  abort.abort();
  expect(await failureOf(ensuring)).toMatchObject({ code: "E_INTERRUPTED" });
  const status = await f.store.status("voice");
  expect(status).toMatchObject({ status: "partial" });
  expect(status.partialFraction).toBeGreaterThan(0);
  const { resumedBytes, downloadedBytes, path } = await f.store.ensure("voice");
  expect(resumedBytes).toBeGreaterThan(0);
  expect(resumedBytes + downloadedBytes).toBe(bytes.length);
  expect(await readBytes(path)).toEqual(bytes);
});

test("an explicit cancel removes the part", async () => {
  await using f = await createStalledFixture();
  const abort = new AbortController();
  const ensuring = f.store.ensure("voice", { signal: abort.signal });
  await f.events.waitFor(hasSome);
  abort.abort(new AppError("E_INTERRUPTED", "cancelled on the page", { discard: true }));
  expect(await failureOf(ensuring)).toMatchObject({ message: "cancelled on the page" });
  expect(await f.listDownloads()).toEqual([]);
  expect(await f.store.status("voice")).toMatchObject({ status: "not cached" });
});

test("cancel by name ends it for everybody who waits, and removes the part", async () => {
  await using f = await createStalledFixture();
  const waits = [f.store.ensure("voice"), f.store.ensure("voice")].map(failureOf);
  await f.events.waitFor(hasSome);
  expect(await f.store.cancel("voice")).toBe(true);
  for (const failure of await Promise.all(waits)) {
    expect(failure).toMatchObject({ code: "E_INTERRUPTED", message: "voice: cancelled" });
  }
  expect(await f.listDownloads()).toEqual([]);
  expect(await f.store.cancel("voice")).toBe(false);
  expect(await failureOf(f.store.cancel("nobody"))).toMatchObject({ code: "E_NOT_FOUND" });
});

test("one of several callers may leave without stopping the others", async () => {
  const hold = Promise.withResolvers<void>();
  await using f = await createStoreFixture((server) =>
    oneFileAsset(bytes, [{ type: "http", url: server.serve("/voice.bin", bytes) }]),
  );
  f.server.fail("/voice.bin", { kind: "hold", until: hold.promise });
  const abort = new AbortController();
  const leaving = f.store.ensure("voice", { signal: abort.signal });
  const staying = f.store.ensure("voice");
  await f.server.waitForRequest(() => true);
  abort.abort(new AppError("E_INTERRUPTED", "I have to go", { discard: true }));
  expect((await failureOf(leaving)).message).toBe("I have to go");
  hold.resolve();
  expect((await staying).downloadedBytes).toBe(bytes.length);
});

test("closing the store stops what runs and keeps the part", async () => {
  await using f = await createStalledFixture();
  const ensuring = f.store.ensure("voice");
  await f.events.waitFor(hasSome);
  const failed = failureOf(ensuring);
  await f.store[Symbol.asyncDispose]();
  expect(await failed).toMatchObject({ code: "E_INTERRUPTED" });
  expect((await f.listDownloads()).length).toBe(2);
});

test("a cancel while waiting for another's lock touches nothing of the other", async () => {
  await using f = await createStalledFixture();
  const abort = new AbortController();
  const [first, second] = [
    f.store,
    f.open([oneFileAsset(bytes, [{ type: "http", url: `${f.server.origin}/voice.bin` }])]),
  ];
  const bringing = first.ensure("voice");
  await f.events.waitFor(hasSome);
  const waiting = second.ensure("voice", { signal: abort.signal });
  await f.events.waitFor((event) => event.type === "asset-warning" && event.code === "E_BUSY");
  abort.abort(new AppError("E_INTERRUPTED", "never mind", { discard: true }));
  expect((await failureOf(waiting)).message).toBe("never mind");
  expect((await f.listDownloads()).length).toBeGreaterThan(0);
  const failed = failureOf(bringing);
  await first[Symbol.asyncDispose]();
  expect(await failed).toMatchObject({ code: "E_INTERRUPTED" });
});

test("a signal that is aborted already starts nothing", async () => {
  await using f = await createStalledFixture();
  expect(await failureOf(f.store.ensure("voice", { signal: AbortSignal.abort() }))).toMatchObject({
    code: "E_INTERRUPTED",
  });
  expect(f.events.events).toEqual([]);
});
