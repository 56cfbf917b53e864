import { expect, test } from "bun:test";
import { type Clock, systemClock } from "../../../src/base/clock.ts";
import { failureOf } from "../../support/failure-of.ts";
import { createStoreFixture, describeFile, makeBytes, oneFileAsset } from "../store-fixture.ts";

/** A server that serves `most` at once and turns others away, and says how many it has turned away. */
function createNarrowServer(contents: ReadonlyMap<string, Uint8Array>, most: number) {
  let [active, turnedAway] = [0, 0];
  /** The first are held until it is too many of them. */
  const crowded = Promise.withResolvers<void>();
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      if (active >= most) {
        turnedAway += 1;
        crowded.resolve();
        return new Response("busy", { status: 503 });
      }
      active += 1;
      await crowded.promise;
      active -= 1;
      const content = contents.get(new URL(request.url).pathname.slice(1)) ?? new Uint8Array();
      return new Response(Uint8Array.from(content), { headers: { etag: '"1"' } });
    },
  });
  return {
    origin: server.url.origin,
    turnedAway: () => turnedAway,
    [Symbol.asyncDispose]: () => server.stop(true),
  };
}

test("hundreds of small files come from a server that serves three at once, without a retry", async () => {
  const contents = new Map(Array.from({ length: 200 }, (_, i) => [`f${i}`, makeBytes(2_000, i + 1)]));
  await using server = createNarrowServer(contents, 3);
  await using fixture = await createStoreFixture(() => ({
    name: "many",
    retries: 0,
    files: [...contents].map(([path, bytes]) => describeFile(path, bytes)),
    sources: [
      {
        type: "http",
        files: Object.fromEntries([...contents.keys()].map((path) => [path, `${server.origin}/${path}`])),
      },
    ],
  }));
  const { downloadedBytes } = await fixture.store.ensure("many");
  expect(downloadedBytes).toBe(200 * 2_000);
  expect(server.turnedAway()).toBeGreaterThan(0);
  expect(server.turnedAway()).toBeLessThan(16);
});

/** What the server of the next test asks for is over at once. */
const withoutWaits: Clock = {
  ...systemClock,
  schedule: (callback, delayMs) =>
    systemClock.schedule(callback, [1_000, 90_000].includes(delayMs) ? 0 : delayMs),
};

test("a wait that the server asks for is told, and one that is over in a moment is not", async () => {
  const bytes = makeBytes(1_000);
  await using f = await createStoreFixture(
    (server) => oneFileAsset(bytes, [{ type: "http", url: server.serve("/a", bytes) }], { retries: 2 }),
    {},
    { clock: withoutWaits },
  );
  const busy = (seconds: string) =>
    ({ kind: "status", status: 503, headers: { "retry-after": seconds } }) as const;
  f.server.fail("/a", busy("1"), busy("90"));
  expect(await f.store.ensure("voice")).toMatchObject({ downloadedBytes: 1_000 });
  expect(f.events.ofType("asset-warning")).toMatchObject([
    { code: "E_NET", message: expect.stringContaining("trying again in 90 s") },
  ]);
});

test("a source that refuses leaves no empty part behind", async () => {
  await using f = await createStoreFixture((server) =>
    oneFileAsset(makeBytes(10), [{ type: "http", url: `${server.origin}/none` }]),
  );
  expect(await failureOf(f.store.ensure("voice"))).toMatchObject({ code: "E_NOT_FOUND" });
  expect(await f.listDownloads()).toEqual([]);
});

const names = Array.from({ length: 40 }, (_, i) => `f${i}`);

/** Forty files, one of which is always refused; gives how often it was asked for. */
async function countRefused(status: number, headers: Record<string, string> = {}): Promise<number> {
  await using f = await createStoreFixture((server) => ({
    name: "many",
    retries: 0,
    files: names.map((path, i) => describeFile(path, makeBytes(500, i + 1))),
    sources: [
      {
        type: "http",
        files: Object.fromEntries(
          names.map((path, i) => [path, server.serve(`/${path}`, makeBytes(500, i + 1))]),
        ),
      },
    ],
  }));
  f.server.failAlways("/f7", { kind: "status", status, headers });
  expect(await failureOf(f.store.ensure("many"))).toMatchObject({ code: "E_NET", details: { status } });
  return f.server.requests.filter(({ path }) => path === "/f7").length;
}

test("a file that the server cannot give, among others that come, is not asked for again and again", async () => {
  expect(await countRefused(500)).toBe(1);
});

test("who is told when to come again does not come at once", async () => {
  expect(await countRefused(429, { "retry-after": "60" })).toBe(1);
});

test("what cannot be had is told at once, also while the server has others wait", async () => {
  const bytes = makeBytes(100);
  await using f = await createStoreFixture((server) => ({
    name: "three",
    retries: 2,
    files: ["a", "b", "c"].map((path) => describeFile(path, bytes)),
    sources: [
      {
        type: "http",
        files: {
          a: server.serve("/a", bytes),
          b: server.serve("/b", bytes),
          c: server.serve("/c", bytes),
        },
      },
    ],
  }));
  for (const path of ["/a", "/b"]) {
    f.server.failAlways(path, { kind: "status", status: 429, headers: { "retry-after": "240" } });
  }
  f.server.failAlways("/c", { kind: "status", status: 404 });
  expect(await failureOf(f.store.ensure("three"))).toMatchObject({ code: "E_NOT_FOUND" });
  expect(await f.listDownloads()).toEqual([]);
});
