import { describe, expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { createServer } from "../../../src/server/create-server.ts";
import { makeBytes } from "../../assets/store-fixture.ts";
import { createLibraryFixture, type LibraryFixture, someRepositories } from "../../models/library-fixture.ts";
import { eventually } from "../../support/eventually.ts";
import { createFakeServices } from "../../support/fake-services.ts";
import { readSse, startTestServer } from "../../support/http-server.ts";

interface Answer {
  status: number;
  body: Record<string, unknown>;
}

async function createWorld(repositories = someRepositories()) {
  const fixture = await createLibraryFixture(repositories);
  const services = createFakeServices({ library: fixture.library });
  const server = createServer(services);
  const ask = async (method: string, path: string, body?: unknown, headers = {}): Promise<Answer> => {
    const response = await server.request(path, {
      method,
      headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  return { ...fixture, fixture, services, ask, [Symbol.asyncDispose]: () => fixture[Symbol.asyncDispose]() };
}

const talker = "/v1/hub/models/ann%2Ftalker";

/** Progress of the store reaches the page's live view as everything else does. */
const startServer = (w: { fixture: LibraryFixture }) => {
  const server = startTestServer(createFakeServices({ library: w.fixture.library }));
  return server;
};

describe("models of the hub over HTTP", () => {
  test("are installed with their progress, the result last, under an id in either form", async () => {
    await using w = await createWorld();
    await using server = startServer(w);
    for (const id of ["ann%2Ftalker", "bob/small-GGUF"]) {
      const response = await fetch(`${server.url}/v1/hub/models/${id}/download`, { method: "POST" });
      expect(response.headers.get("content-type")).toContain("text/event-stream");
      const events = [];
      for await (const event of readSse(response)) events.push(event);
      expect(events.at(-1)).toMatchObject({
        type: "hub-download-end",
        model_id: decodeURIComponent(id),
        resumed_bytes: 0,
      });
    }
    expect([...(await w.registry.load()).keys()].sort()).toEqual(["ann/talker", "bob/small-GGUF"]);
  }, 60_000);

  test("are listed with what the registry knows, pinned and let go, verified and removed", async () => {
    await using w = await createWorld();
    const { installPath } = await w.library.download({ modelId: "ann/talker" });
    expect((await w.ask("PUT", `${talker}/pin`)).body).toEqual({
      model_id: "ann/talker",
      pinned: true,
      action: "pinned",
    });
    await using held = await w.useLocks.hold("ann/talker");
    expect((await w.ask("GET", "/v1/hub/registry")).body).toMatchObject({
      models: [
        {
          model_id: "ann/talker",
          kind: "hub",
          library: "transformers",
          install_path: installPath,
          file_count: 4,
          pinned: true,
          in_use: true,
        },
      ],
    });
    expect(await w.ask("DELETE", talker)).toMatchObject({ status: 400, body: { error_code: "E_ARGS" } });
    expect((await w.ask("DELETE", "/v1/hub/models/ann/talker/pin")).body).toMatchObject({ pinned: false });
    expect(await w.ask("DELETE", talker)).toMatchObject({ status: 503, body: { error_code: "E_BUSY" } });
    await held[Symbol.asyncDispose]();
    expect((await w.ask("POST", `${talker}/verify`)).body).toMatchObject({ status: "ok" });
    await Bun.write(join(installPath, "config.json"), "changed");
    expect((await w.ask("POST", "/v1/hub/models/ann/talker/verify", {})).body).toMatchObject({
      status: "bad",
      changed: ["config.json"],
    });
    const removed = await w.ask("DELETE", "/v1/hub/models/ann/talker");
    expect(removed.body).toMatchObject({ model_id: "ann/talker", left_at: null });
    expect(removed.body["freed_bytes"]).toBeGreaterThan(40_000);
    expect((await w.ask("GET", "/v1/hub/registry")).body).toEqual({ models: [] });
    expect((await w.ask("DELETE", talker)).status).toBe(404);
  }, 60_000);

  test("under a licence are refused with 451 before any stream, until it is accepted", async () => {
    await using w = await createWorld();
    const refused = await w.ask("POST", "/v1/hub/models/eve%2Fstrict/download", {});
    expect([refused.status, refused.body["error_code"]]).toEqual([451, "E_LICENSE"]);
    expect((await w.ask("GET", "/v1/hub/models/eve%2Fstrict/license")).body).toMatchObject({
      license_type: "llama3.2",
      requires_acceptance: true,
      accepted: false,
    });
    const accepted = await w.ask("POST", "/v1/hub/models/eve/strict/license", {
      user_id: "me",
      license_type: "llama3.2",
    });
    expect(accepted.body).toMatchObject({ license_accepted: { user_id: "me" } });
    expect((await w.ask("POST", "/v1/hub/models/eve%2Fstrict/license", { user_id: "me" })).status).toBe(400);
    const dry = await w.ask("POST", "/v1/hub/models/eve%2Fstrict/download", { dry_run: true });
    expect([dry.status, dry.body["missing_size"]]).toEqual([200, 3000]);
  });

  test("that do not fit, do not exist or are no models are refused with their own status", async () => {
    await using w = await createWorld();
    const codeOf = async (path: string, body = {}): Promise<unknown[]> => {
      const answer = await w.ask("POST", path, body);
      return [answer.status, answer.body["error_code"]];
    };
    expect(await codeOf(`${talker}/download`, { max_quota_gb: 0.00001 })).toEqual([507, "E_QUOTA"]);
    expect(await codeOf(`${talker}/download`, { include: ["*.none"] })).toEqual([404, "E_NOT_FOUND"]);
    expect(await codeOf("/v1/hub/models/no%2Fone/download")).toEqual([404, "E_NOT_FOUND"]);
    expect(await codeOf("/v1/hub/models/a%20b/download")).toEqual([400, "E_ARGS"]);
    expect(await codeOf(`${talker}/download`, { max_workers: 0 })).toEqual([400, "E_ARGS"]);
    expect(await w.listModels()).toEqual([]);
  });

  test("go in order of last use, and a dry run says which", async () => {
    await using w = await createWorld();
    for (const modelId of ["ann/talker", "bob/small-GGUF"]) await w.library.download({ modelId });
    const goal = { target_gb: 0.00001 };
    const dry = await w.ask("POST", "/v1/hub/gc", { ...goal, dry_run: true });
    expect(dry.body).toMatchObject({ dry_run: true, removed_models: [{ model_id: "ann/talker" }] });
    expect((await w.registry.load()).size).toBe(2);
    const real = await w.ask("POST", "/v1/hub/gc", goal);
    expect(real.body).toEqual({ ...dry.body, dry_run: false });
    expect([...(await w.registry.load()).keys()]).toEqual(["bob/small-GGUF"]);
    expect((await w.ask("POST", "/v1/hub/gc", { target_gb: -1 })).status).toBe(400);
  });

  test("come in the background, and can be cancelled, which leaves nothing", async () => {
    await using w = await createWorld({ "ann/big": { files: { "big.bin": makeBytes(4_000_000, 3) } } });
    w.server.bytesPerSecond = 400_000;
    const path = "/v1/hub/models/ann%2Fbig/download";
    expect(await w.ask("POST", path, { background: true })).toMatchObject({
      status: 202,
      body: { model_id: "ann/big", missing_size: 4_000_000 },
    });
    await eventually("a request for the bytes", () =>
      w.server.requests.some(({ path: asked }) => asked.includes("/cdn/")),
    );
    expect(await w.ask("DELETE", path)).toMatchObject({ status: 200, body: { success: true } });
    expect((await w.ask("DELETE", path)).status).toBe(404);
    expect(await w.listModels()).toEqual([]);
    expect(await readdir(join(w.cacheRoot, "downloads"))).toEqual([]);
  }, 60_000);

  test("a client that leaves the stream cancels the download and its part", async () => {
    await using w = await createWorld({ "ann/big": { files: { "big.bin": makeBytes(4_000_000, 3) } } });
    await using server = startServer(w);
    w.server.bytesPerSecond = 400_000;
    const leave = new AbortController();
    const url = `${server.url}/v1/hub/models/ann%2Fbig/download`;
    const response = fetch(url, { method: "POST", signal: leave.signal }).catch(() => null);
    await eventually("a request for the bytes", () =>
      w.server.requests.some(({ path: asked }) => asked.includes("/cdn/")),
    );
    leave.abort();
    await response;
    await eventually(
      "the end of the part",
      async () => (await readdir(join(w.cacheRoot, "downloads"))).length === 0,
    );
    expect((await w.registry.load()).size).toBe(0);
  }, 60_000);

  test("are changed by no page of a stranger, and by nobody without the key", async () => {
    await using w = await createWorld();
    await w.library.download({ modelId: "ann/talker" });
    const foreign = await w.ask("DELETE", talker, undefined, { origin: "https://evil.example" });
    expect([foreign.status, foreign.body["error_code"]]).toEqual([403, "E_PERM"]);
    const services = createFakeServices({
      library: w.library,
      access: { apiKeys: ["k"], allowedOrigins: ["*"] },
    });
    const server = createServer(services);
    for (const [method, path] of [
      ["DELETE", talker],
      ["PUT", `${talker}/pin`],
      ["POST", "/v1/hub/gc"],
    ] as const) {
      expect((await server.request(path, { method })).status).toBe(401);
      const origin = { origin: "https://evil.example", authorization: "Bearer k" };
      expect((await server.request(path, { method, headers: origin })).status).toBe(403);
    }
    expect((await w.registry.load()).size).toBe(1);
  });
});
