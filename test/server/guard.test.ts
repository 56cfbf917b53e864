import { describe, expect, test } from "bun:test";
import { createServer } from "../../src/server/create-server.ts";
import { createFakeServices } from "../support/fake-services.ts";
import { postJson, startTestServer } from "../support/http-server.ts";

const chat = { model: "Gertrude", messages: [{ role: "user", content: "hello" }] };
const post = (path: string, headers: Record<string, string> = {}, body: unknown = chat): Request =>
  new Request(`http://localhost${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });

describe("with keys", () => {
  const withKeys = () =>
    createServer(createFakeServices({ access: { apiKeys: ["sesame-1", "sesame-2"], allowedOrigins: [] } }));

  test("work needs one of the keys", async () => {
    const server = withKeys();
    const without = await server.request(post("/v1/chat/completions"));
    expect(without.status).toBe(401);
    expect(without.headers.get("www-authenticate")).toBe("Bearer");
    expect(await without.json()).toMatchObject({ error: { code: "invalid_api_key" } });
    const wrong = await server.request(post("/v1/chat/completions", { authorization: "Bearer sesame" }));
    expect(wrong.status).toBe(401);
    for (const key of ["sesame-1", "sesame-2"]) {
      const right = await server.request(post("/v1/chat/completions", { authorization: `Bearer ${key}` }));
      expect(right.status).toBe(200);
    }
  });

  test("administrative routes need a key, in the system's own form of errors", async () => {
    const response = await withKeys().request(post("/v1/characters/reload"));
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ success: false, error_code: "E_PERM" });
  });

  test("reads are open on loopback, unless a wrong key is shown", async () => {
    const server = withKeys();
    expect((await server.request("/v1/characters")).status).toBe(200);
    const headers = { authorization: "Bearer wrong" };
    expect((await server.request("/v1/characters", { headers })).status).toBe(401);
  });

  test("beyond loopback reads need a key too, but health, page and docs do not", async () => {
    const services = createFakeServices({ access: { apiKeys: ["sesame"], allowedOrigins: [] } });
    await using server = startTestServer(services, { hostname: "0.0.0.0" });
    const url = `http://127.0.0.1:${server.port}`;
    const statusOf = async (path: string) => (await fetch(`${url}${path}`)).status;
    expect(await statusOf("/v1/characters")).toBe(401);
    expect(await statusOf("/metrics")).toBe(401);
    expect(await statusOf("/v1/events")).toBe(401);
    expect(await statusOf("/v1/health")).toBe(200);
    expect(await statusOf("/livez")).toBe(200);
    expect(await statusOf("/openapi.json")).toBe(200);
    const headers = { authorization: "Bearer sesame" };
    expect((await fetch(`${url}/v1/characters`, { headers })).status).toBe(200);
  });

  test("without configured keys any key will do, since clients insist on sending one", async () => {
    const server = createServer(createFakeServices());
    const response = await server.request(post("/v1/chat/completions", { authorization: "Bearer anything" }));
    expect(response.status).toBe(200);
  });
});

describe("foreign pages", () => {
  const withFriend = () =>
    createServer(createFakeServices({ access: { apiKeys: [], allowedOrigins: ["https://friend.example"] } }));

  test("may set nothing going, and are told the setting that would let them", async () => {
    const services = createFakeServices();
    const server = createServer(services);
    for (const path of ["/v1/characters/reload", "/v1/chat/completions", "/v1/assets/kokoro/download"]) {
      const response = await server.request(post(path, { origin: "https://evil.example" }));
      expect(response.status).toBe(403);
      expect(await response.text()).toContain("server.allowed_origins");
    }
    expect(services.stage.reloads).toBe(0);
    expect(services.replyRequests).toEqual([]);
  });

  test("of a listed origin may, and may read the answer", async () => {
    const response = await withFriend().request(
      post("/v1/chat/completions", { origin: "https://friend.example" }),
    );
    expect(response.status).toBe(200);
    expect(response.headers.get("access-control-allow-origin")).toBe("https://friend.example");
  });

  test("get no leave to read otherwise", async () => {
    const headers = { origin: "https://evil.example" };
    const response = await withFriend().request("/v1/characters", { headers });
    expect(response.headers.get("access-control-allow-origin")).toBeNull();
    expect(response.headers.get("vary")).toContain("Origin");
  });

  test("a preflight names methods and headers for listed origins only", async () => {
    const preflight = async (origin: string) => {
      const headers = {
        origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization, content-type",
      };
      return withFriend().request("/v1/chat/completions", { method: "OPTIONS", headers });
    };
    const friend = await preflight("https://friend.example");
    expect(friend.status).toBe(204);
    expect(friend.headers.get("access-control-allow-origin")).toBe("https://friend.example");
    expect(friend.headers.get("access-control-allow-headers")).toContain("authorization");
    expect((await preflight("https://evil.example")).headers.get("access-control-allow-origin")).toBeNull();
  });

  test("a star opens work to every page, but never the administration", async () => {
    const server = createServer(createFakeServices({ access: { apiKeys: [], allowedOrigins: ["*"] } }));
    const origin = "https://any.example";
    expect((await server.request(post("/v1/chat/completions", { origin }))).status).toBe(200);
    expect((await server.request(post("/v1/characters/reload", { origin }))).status).toBe(403);
  });

  test("the server's own page may reload the cast", async () => {
    await using server = startTestServer();
    const response = await postJson(
      `${server.url}/v1/characters/reload`,
      {},
      { headers: { origin: server.url } },
    );
    expect(response.status).toBe(200);
    expect(server.services.stage.reloads).toBe(1);
  });
});

describe("names", () => {
  test("a page that has pointed its own name at this machine is refused", async () => {
    await using server = startTestServer();
    const headers = { host: `rebound.example:${server.port}` };
    const response = await fetch(`${server.url}/v1/characters`, { headers });
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ error_code: "E_PERM" });
  });

  test("localhost and loopback addresses are served", async () => {
    await using server = startTestServer();
    for (const host of ["localhost", "127.0.0.1", "[::1]"]) {
      const headers = { host: `${host}:${server.port}` };
      expect((await fetch(`${server.url}/v1/characters`, { headers })).status).toBe(200);
    }
  });
});

describe("request ids", () => {
  test("a given id is carried and returned, with errors too", async () => {
    const server = createServer(createFakeServices());
    const headers = { "x-request-id": "abc-123" };
    expect((await server.request("/v1/health", { headers })).headers.get("x-request-id")).toBe("abc-123");
    expect((await server.request("/nope", { headers })).headers.get("x-request-id")).toBe("abc-123");
  });

  test("a missing or unsafe id is replaced", async () => {
    const server = createServer(createFakeServices());
    const uuid = /^[0-9a-f]{8}-[0-9a-f-]{27}$/;
    for (const id of ["", "a b", "x".repeat(200), '"><script>']) {
      const response = await server.request("/v1/health", {
        headers: id === "" ? {} : { "x-request-id": id },
      });
      expect(response.headers.get("x-request-id")).toMatch(uuid);
    }
  });
});

describe("limits", () => {
  test("more requests at once than a caller may have are 429 with Retry-After, and places come back", async () => {
    const gate = Promise.withResolvers<void>();
    const services = createFakeServices();
    services.script = async function* () {
      await gate.promise;
      yield { type: "text-delta", text: "late" };
      yield { type: "finish", reason: "stop", usage: { inputTokens: 1, outputTokens: 1 } };
    };
    const server = createServer(services, { limits: { concurrentRequests: 1 } });
    const first = server.request(post("/v1/chat/completions"));
    const second = await server.request(post("/v1/chat/completions"));
    expect(second.status).toBe(429);
    expect(second.headers.get("retry-after")).toBe("1");
    expect(await second.json()).toMatchObject({
      error: { type: "rate_limit_error", code: "rate_limit_exceeded" },
    });
    expect((await server.request("/v1/health")).status).toBe(200);
    gate.resolve();
    expect((await first).status).toBe(200);
    expect((await server.request(post("/v1/chat/completions"))).status).toBe(200);
  });
});
