import { describe, expect, test } from "bun:test";
import type { AssetEvent } from "../../../src/assets/port.ts";
import { eventually } from "../../support/eventually.ts";
import { failureOf } from "../../support/failure-of.ts";
import { createSelfSignedCertificate } from "../../support/self-signed-certificate.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { makeBytes } from "../../assets/store-fixture.ts";
import { createHubFixture } from "./hub-fixture.ts";

const weights = makeBytes(200_000);

describe("patience", () => {
  test("what can pass is asked three times", async () => {
    await using f = await createHubFixture({ "ada/one": { files: {} } });
    const path = "/api/models";
    f.server.fail(path, { kind: "status", status: 503 }, { kind: "truncate", afterBytes: 1 });
    expect((await f.client.listModels({ owner: "ada" })).length).toBe(1);
    f.server.failAlways(path, { kind: "status", status: 500 });
    expect(await failureOf(f.client.listModels({ owner: "ada" }))).toMatchObject({ code: "E_NET" });
    expect(f.asked().length).toBe(6);
  });

  test("a rate limit is waited for as the hub says, and a long one is told", async () => {
    await using f = await createHubFixture({ "ada/one": { files: {} } }, { apiQuota: 1, resetSeconds: 3000 });
    await f.client.listModels({ owner: "ada" });
    const error = await failureOf(f.client.listModels({ owner: "ada" }));
    expect(error).toMatchObject({ code: "E_NET", details: { status: 429 } });
    expect(error.message).toContain("in 3000 s");
  });

  test("a wait of seconds is told, and then the answer comes", async () => {
    await using f = await createHubFixture({ "ada/one": { files: {} } });
    const clock = createManualClock();
    const told = Promise.withResolvers<AssetEvent>();
    const client = f.open({}, { clock, emit: told.resolve });
    f.server.fail("/api/models", { kind: "status", status: 429, headers: { ratelimit: '"api";r=0;t=55' } });
    const rows = client.listModels({ owner: "ada" });
    expect(await told.promise).toMatchObject({
      type: "asset-warning",
      code: "E_NET",
      message: expect.stringContaining("55 s"),
    });
    await eventually("the wait", () => clock.scheduledCount > 0);
    expect(f.asked().length).toBe(1);
    clock.advance(55_000);
    expect((await rows).length).toBe(1);
  });

  test("a wait beyond one's patience is not begun", async () => {
    await using f = await createHubFixture({ "ada/one": { files: {} } });
    const told: AssetEvent[] = [];
    const client = f.open({ longestWaitMs: () => 20_000 }, { emit: (event) => void told.push(event) });
    f.server.failAlways("/api/models", { kind: "status", status: 429, headers: { "retry-after": "21" } });
    const error = await failureOf(client.listModels({ owner: "ada" }));
    expect(error).toMatchObject({ code: "E_NET", details: { retry_after_ms: 21_000 } });
    expect(error.message).toContain("in 21 s");
    expect([told, f.asked().length]).toEqual([[], 1]);
  });

  test("an abort ends it", async () => {
    await using f = await createHubFixture({ "ada/one": { files: {} } });
    f.server.failAlways("/api/models", { kind: "silence" });
    const stop = new AbortController();
    const failure = failureOf(f.client.listModels({ owner: "ada" }, stop.signal));
    await f.server.waitForRequest(({ path }) => path.startsWith("/api/models"));
    stop.abort();
    expect(await failure).toMatchObject({ code: "E_INTERRUPTED" });
  });
});

describe("the mirror", () => {
  test.each([200, 204, 302, 401, 404])("that answers %i is there, and is asked once", async (status) => {
    await using f = await createHubFixture({ "ada/one": { files: {} } });
    f.server.failAlways("/", { kind: "status", status, headers: { location: "http://127.0.0.1:1/" } });
    await f.client.listModels({ owner: "ada" });
    await f.client.getModel("ada/one");
    expect(f.server.requests.filter(({ path }) => path === "/").length).toBe(1);
    expect(f.server.requests[0]?.path).toBe("/");
  });

  test.each([403, 429, 500, 503])("that answers %i is E_NET, and nothing else is asked", async (status) => {
    await using f = await createHubFixture({ "ada/one": { files: {} } });
    f.server.failAlways("/", { kind: "status", status, headers: { "retry-after": "0" } });
    const error = await failureOf(f.client.listModels({ owner: "ada" }));
    expect(error).toMatchObject({ code: "E_NET", details: { status } });
    expect(f.server.requests.length).toBe(1);
  });

  test("that has no lists is no hub: E_NET, and not a name that is misspelt", async () => {
    await using f = await createHubFixture();
    f.server.failAlways("/api/models", { kind: "status", status: 404 });
    const error = await failureOf(f.client.listModels({ owner: "ada" }));
    expect(error).toMatchObject({ code: "E_NET", details: { status: 404 } });
    expect(error.message).toContain(`${f.server.origin} has no lists of models`);
  });

  test("with a certificate that nobody vouches for is E_NET", async () => {
    await using f = await createHubFixture();
    using stranger = Bun.serve({
      port: 0,
      tls: await createSelfSignedCertificate(),
      fetch: () => new Response("[]"),
    });
    const client = f.open({ endpoint: `https://localhost:${stranger.port}` });
    const error = await failureOf(client.listModels({ owner: "ada" }));
    expect(error).toMatchObject({ code: "E_NET" });
    expect(error.message).toMatch(/CERT|SIGNED/);
  });

  test("that is not there is E_NET, and is asked again next time", async () => {
    await using f = await createHubFixture({ "ada/one": { files: {} } });
    f.server.fail("/", { kind: "status", status: 500 });
    expect(await failureOf(f.client.checkMirror())).toMatchObject({ code: "E_NET" });
    await f.client.checkMirror();
    const gone = f.open({ endpoint: "http://127.0.0.1:1" });
    expect(await failureOf(gone.checkMirror())).toMatchObject({ code: "E_NET" });
  });

  test("gets no token with the check", async () => {
    await using f = await createHubFixture({}, { environment: { HF_TOKEN: "hf_secret" } });
    await f.client.checkMirror();
    expect(f.server.requests[0]?.headers["authorization"]).toBeUndefined();
  });
});

test("offline opens no socket", async () => {
  await using f = await createHubFixture({ "ada/one": { files: { a: weights } } });
  const client = f.open({ isOffline: true });
  const attempts: Promise<unknown>[] = [
    client.listModels({ owner: "ada" }),
    client.getModel("ada/one"),
    client.readText("ada/one", "config.json"),
    client.openFile("ada/one", { path: "a", sizeBytes: 5, sha256: null }).read(0, 5),
    client.checkMirror(),
  ];
  for (const attempt of attempts) {
    const error = await failureOf(attempt);
    expect(error).toMatchObject({ code: "E_NET", details: { is_offline: true } });
    expect(error.message).toContain("--offline");
  }
  expect(f.fetchCount()).toBe(0);
});
