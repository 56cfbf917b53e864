import { describe, expect, test } from "bun:test";
import { once } from "node:events";
import { connect } from "node:net";
import type { AppError } from "../../src/base/errors.ts";
import { createServer } from "../../src/server/create-server.ts";
import type { Realtime } from "../../src/server/realtime/port.ts";
import { listen, listenOnPorts } from "../../src/server/listen.ts";
import { createFakeServices, untilAborted } from "../support/fake-services.ts";
import { eventually } from "../support/eventually.ts";
import { createIssuedCertificate, createSelfSignedCertificate } from "../support/self-signed-certificate.ts";
import { postJson, readSse, startTestServer } from "../support/http-server.ts";

const errorOf = (act: () => unknown): AppError => {
  try {
    act();
  } catch (error) {
    return error as AppError;
  }
  throw new Error("nothing was thrown");
};

describe("where it listens", () => {
  test("port 0 picks a free one, and the url names it", async () => {
    await using server = startTestServer();
    expect(server.port).toBeGreaterThan(0);
    expect(server.url).toBe(`http://127.0.0.1:${server.port}`);
    expect((await fetch(`${server.url}/livez`)).status).toBe(200);
  });

  test("a port that is taken is E_BUSY with the cure", async () => {
    await using first = startTestServer();
    const server = createServer(createFakeServices());
    const error = errorOf(() => listen(server, { port: first.port }));
    expect(error.code).toBe("E_BUSY");
    expect(error.message).toContain("--port");
  });

  test("an address that is not this machine's is E_ARGS", () => {
    const server = createServer(createFakeServices());
    const error = errorOf(() => listen(server, { hostname: "203.0.113.7", port: 0, insecure: true }));
    expect(error.code).toBe("E_ARGS");
  });

  test("beyond loopback it refuses to start without keys, unless told to be insecure", async () => {
    const server = createServer(createFakeServices());
    for (const hostname of ["0.0.0.0", "::", "192.168.1.4"]) {
      expect(errorOf(() => listen(server, { hostname, port: 0 }))).toMatchObject({
        code: "E_ARGS",
        message: expect.stringContaining("TROUPE_API_KEYS"),
      });
    }
    await using listener = listen(server, { hostname: "0.0.0.0", port: 0, insecure: true });
    expect((await fetch(`http://127.0.0.1:${listener.port}/livez`)).status).toBe(200);
  });
});

describe("https", () => {
  test("is served with a certificate, and names itself so", async () => {
    const tls = await createSelfSignedCertificate();
    await using server = startTestServer(createFakeServices(), { tls });
    expect(server.url).toBe(`https://127.0.0.1:${server.port}`);
    const response = await fetch(`${server.url}/livez`, { tls: { ca: tls.cert } });
    expect(response.status).toBe(200);
    expect(await fetch(`${server.url}/livez`).catch((error: unknown) => error)).toBeInstanceOf(Error);
  });

  test("with a certificate that is none is E_ARGS", () => {
    const server = createServer(createFakeServices());
    const tls = { cert: "no certificate", key: "no key" };
    expect(errorOf(() => listen(server, { port: 0, tls })).code).toBe("E_ARGS");
  });
});

describe("http beside https", () => {
  test("are two ports of one server, and stop together", async () => {
    const { server: tls, authority } = await createIssuedCertificate();
    const services = createFakeServices();
    const listener = listenOnPorts(createServer(services), { port: 0, tlsPort: 0, tls });
    expect(listener.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(listener.tlsUrl).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    const knock = async (url = "", ca?: string): Promise<number> =>
      (await fetch(`${url}/livez`, ca === undefined ? {} : { tls: { ca } })).status;
    expect([await knock(listener.url), await knock(listener.tlsUrl, authority)]).toEqual([200, 200]);
    expect(await knock(listener.tlsUrl).catch((error: unknown) => error)).toBeInstanceOf(Error);
    await listener.drain();
    for (const url of [listener.url, listener.tlsUrl]) {
      expect(await knock(url, authority).catch((error: unknown) => error)).toBeInstanceOf(Error);
    }
  });

  test("without a certificate is E_ARGS, and so nothing listens", () => {
    const error = errorOf(() => listenOnPorts(createServer(createFakeServices()), { port: 0, tlsPort: 0 }));
    expect([error.code, error.message]).toEqual(["E_ARGS", expect.stringContaining("--tls-cert")]);
  });

  test("with one port taken leaves the other free", async () => {
    const { server: tls } = await createIssuedCertificate();
    await using first = startTestServer();
    const server = createServer(createFakeServices());
    const free = listen(createServer(createFakeServices()), { port: 0 });
    const tlsPort = free.port;
    await free[Symbol.asyncDispose]();
    expect(errorOf(() => listenOnPorts(server, { port: first.port, tlsPort, tls })).code).toBe("E_BUSY");
    const again = await eventually("the port to be free again", () => {
      try {
        return listen(createServer(createFakeServices()), { port: tlsPort });
      } catch {
        return undefined;
      }
    });
    await again[Symbol.asyncDispose]();
  });

  test("is one port where no second is asked for", async () => {
    const { server: tls } = await createIssuedCertificate();
    await using listener = listenOnPorts(createServer(createFakeServices()), { port: 0, tls });
    expect([listener.url.startsWith("https:"), listener.tlsUrl]).toEqual([true, undefined]);
  });
});

describe("drain", () => {
  test("lets a running answer end, refuses new work and new connections", async () => {
    const gate = Promise.withResolvers<void>();
    const services = createFakeServices();
    services.script = async function* () {
      yield { type: "text-delta", text: "first" };
      await gate.promise;
      // More than the socket takes at once: it must still leave after the request has ended.
      yield { type: "text-delta", text: "x".repeat(8 * 2 ** 20) };
      yield { type: "text-delta", text: " last" };
      yield { type: "finish", reason: "stop", usage: { inputTokens: 1, outputTokens: 1 } };
    };
    await using server = startTestServer(services, { drainMs: 60_000 });
    const body = { model: "Gertrude", stream: true, messages: [{ role: "user", content: "hi" }] };
    const response = await postJson(`${server.url}/v1/chat/completions`, body);
    const drained = server.drain();
    const refused = await server.server.request("/v1/characters");
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "2"]);
    expect((await server.server.request("/readyz")).status).toBe(503);
    expect((await server.server.request("/livez")).status).toBe(200);
    gate.resolve();
    expect(await response.text()).toEndWith("data: [DONE]\n\n");
    await drained;
    const late = await fetch(`${server.url}/livez`).catch((error: unknown) => error);
    expect(late).toBeInstanceOf(Error);
  });

  test("lets a slow client have the rest of an answer that has been made", async () => {
    const services = createFakeServices();
    const made = Promise.withResolvers<void>();
    const length = 16 * 2 ** 20;
    services.script = async function* () {
      // More than the kernel takes for a socket that nobody reads.
      yield { type: "text-delta", text: "x".repeat(length) };
      yield { type: "finish", reason: "stop", usage: { inputTokens: 1, outputTokens: 1 } };
    };
    services.events.subscribe(({ type }) => {
      if (type === "http-request-end") made.resolve();
    });
    await using server = startTestServer(services, { drainMs: 60_000 });
    const body = JSON.stringify({ model: "Gertrude", messages: [{ role: "user", content: "hi" }] });
    const head = `POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
    const socket = connect(server.port, "127.0.0.1");
    let received = 0;
    socket.on("data", ({ length: bytes }) => void (received += bytes));
    socket.once("data", () => socket.pause());
    socket.on("error", () => undefined);
    socket.write(head + body);
    await made.promise;
    const drained = server.drain();
    // Longer than last bytes are waited for where no patience is left.
    const startMs = performance.now();
    await eventually("most of a second", () => performance.now() - startMs > 800);
    socket.resume();
    await once(socket, "close");
    expect(received).toBeGreaterThan(length);
    await drained;
  }, 60_000);

  test("ends the live feed at once", async () => {
    await using server = startTestServer();
    const response = await fetch(`${server.url}/v1/events`);
    const events: unknown[] = [];
    for await (const event of readSse(response)) {
      events.push(event["type"]);
      if (events.length === 1) void server.drain();
    }
    expect(events).toEqual(["snapshot"]);
  });

  test("stops what does not end within the time it has", async () => {
    const services = createFakeServices();
    const stopped = Promise.withResolvers<unknown>();
    services.script = async function* ({ signal }) {
      yield { type: "text-delta", text: "first" };
      await untilAborted(signal).catch(stopped.resolve);
    };
    await using server = startTestServer(services, { drainMs: 10 });
    const body = { model: "Gertrude", stream: true, messages: [{ role: "user", content: "hi" }] };
    const response = await postJson(`${server.url}/v1/chat/completions`, body);
    response.text().catch(() => undefined);
    await server.drain();
    expect(await stopped.promise).toMatchObject({ message: "the server is stopping" });
  });
});

describe("voice sessions", () => {
  /** Takes what comes and says it back. */
  function createEcho(): Realtime & { drained: number[] } {
    const drained: number[] = [];
    return {
      drained,
      async upgrade(request, server) {
        const data = { receive() {}, open() {}, drain() {}, pong() {}, close() {} };
        if (server.upgrade(request, { data })) return undefined;
        return new Response("upgrade first", { status: 426 });
      },
      websocket: { message: (socket, message) => void socket.send(message) },
      issueSecret: () => Promise.reject(new Error("an echo has no secrets")),
      activeSessions: () => 0,
      async drain(timeoutMs) {
        drained.push(timeoutMs ?? -1);
      },
      async [Symbol.asyncDispose]() {},
    };
  }

  test("are handed the request, and the socket is theirs", async () => {
    await using server = startTestServer(createFakeServices(), { realtime: createEcho() });
    const socket = new WebSocket(`${server.url.replace("http", "ws")}/v1/realtime?model=Gertrude`);
    const answer = Promise.withResolvers<unknown>();
    socket.addEventListener("open", () => socket.send("hello"));
    socket.addEventListener("message", ({ data }) => answer.resolve(data));
    socket.addEventListener("error", answer.reject);
    expect(await answer.promise).toBe("hello");
    socket.close();
    expect((await fetch(`${server.url}/v1/realtime`)).status).toBe(426);
  });

  test("are refused to pages that have rebound their name", async () => {
    await using server = startTestServer(createFakeServices(), { realtime: createEcho() });
    const headers = { host: "rebound.example", upgrade: "websocket", connection: "upgrade" };
    const response = await fetch(`${server.url}/v1/realtime`, { headers });
    expect([response.status, await response.json()]).toEqual([
      403,
      { error: expect.objectContaining({ code: "E_PERM" }) },
    ]);
  });

  test("are drained with the rest", async () => {
    const realtime = createEcho();
    await using server = startTestServer(createFakeServices(), { realtime, drainMs: 123 });
    await server.drain();
    expect(realtime.drained).toEqual([123]);
  });
});

describe("the page", () => {
  const webApp = (request: Request): Response | undefined =>
    new URL(request.url).pathname === "/" ? new Response("<h1>Troupe</h1>") : undefined;

  test("is served where no route is, for reads only", async () => {
    await using server = startTestServer(createFakeServices(), { webApp });
    expect(await (await fetch(`${server.url}/`)).text()).toBe("<h1>Troupe</h1>");
    expect((await fetch(`${server.url}/other`)).status).toBe(404);
    expect((await fetch(`${server.url}/`, { method: "POST" })).status).toBe(404);
  });
});
