import { expect, test } from "bun:test";
import { createStoreFixture, describeFile, makeBytes } from "../store-fixture.ts";

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
