import { describe, expect, test } from "bun:test";
import type { HttpEvent } from "../../src/observability/http-event.ts";
import { eventually } from "../support/eventually.ts";
import { createEventRecorder } from "../support/event-recorder.ts";
import { createFakeServices, untilAborted } from "../support/fake-services.ts";
import { postJson, readSse, startTestServer } from "../support/http-server.ts";

const chat = (stream: boolean) => ({
  model: "Gertrude",
  stream,
  messages: [{ role: "user", content: "hi" }],
});
const delta = (text: string) => ({ type: "text-delta" as const, text });

/** A server whose language model says one word and then waits for ever; tells when it was told to stop. */
function startStuckServer() {
  const services = createFakeServices();
  const recorder = createEventRecorder<HttpEvent>();
  services.events.subscribe((event) => recorder.emit(event as HttpEvent));
  const started = Promise.withResolvers<void>();
  const stopped = Promise.withResolvers<unknown>();
  services.script = async function* ({ signal }) {
    try {
      yield delta("One ");
      started.resolve();
      await untilAborted(signal);
    } catch (error) {
      stopped.resolve(error);
      throw error;
    }
  };
  return { server: startTestServer(services), recorder, started: started.promise, stopped: stopped.promise };
}

describe("a client that leaves", () => {
  test("in mid-stream stops the language model, and the request ends as aborted", async () => {
    const { server, recorder, stopped } = startStuckServer();
    await using _server = server;
    const leaving = new AbortController();
    const response = await postJson(`${server.url}/v1/chat/completions`, chat(true), {
      signal: leaving.signal,
    });
    for await (const chunk of readSse(response)) {
      if (JSON.stringify(chunk).includes("One")) break;
    }
    leaving.abort();
    expect(await stopped).toMatchObject({ code: "E_INTERRUPTED" });
    const end = await recorder.waitFor((event) => event.type === "http-request-end");
    expect(end).toMatchObject({ route: "/v1/chat/completions", status: 200, wasAborted: true });
    expect(recorder.ofType("http-request-fail")).toEqual([]);
    expect(server.server.activeRequests).toBe(0);
  });

  test("while a whole answer is being written stops it too", async () => {
    const { server, recorder, started, stopped } = startStuckServer();
    await using _server = server;
    const leaving = new AbortController();
    const request = postJson(`${server.url}/v1/chat/completions`, chat(false), { signal: leaving.signal });
    request.catch(() => undefined);
    await started;
    leaving.abort();
    expect(await stopped).toMatchObject({ code: "E_INTERRUPTED" });
    expect(await recorder.waitFor((event) => event.type === "http-request-end")).toMatchObject({
      wasAborted: true,
    });
  });
});

describe("a slow client", () => {
  test("slows the source down instead of filling memory", async () => {
    const services = createFakeServices();
    const piece = "x".repeat(64 * 1024);
    let made = 0;
    let isStopped = false;
    services.script = async function* ({ messages, signal }) {
      if (messages.at(-1)?.content === "be quick") {
        for (let count = 0; count < 1000; count++) yield delta(piece);
        return;
      }
      try {
        for (; made < 2000; made++) {
          if (signal?.aborted) break;
          yield delta(piece);
        }
      } finally {
        isStopped = true;
      }
    };
    await using server = startTestServer(services);
    const body = JSON.stringify(chat(true));
    const head = `POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
    const socket = await Bun.connect({
      hostname: "127.0.0.1",
      port: server.port,
      socket: {
        open: (s) => void s.write(head + body),
        // Reads nothing.
        data: (s) => s.pause(),
      },
    });
    await eventually("the first piece", () => made > 0);
    // One that reads is given 60 MB meanwhile, which is time enough for the other one's source to run away.
    const quick = { ...chat(true), messages: [{ role: "user", content: "be quick" }] };
    const answer = await postJson(`${server.url}/v1/chat/completions`, quick);
    expect((await answer.bytes()).length).toBeGreaterThan(1000 * piece.length);
    // What fits the kernel's buffers on both ends, and no more: a few MB of the 125.
    expect(made).toBeLessThan(400);
    expect(isStopped).toBe(false);
    socket.terminate();
    await eventually("the source to stop", () => isStopped);
  }, 60_000);
});

describe("failures on the way", () => {
  test("before the first word are proper errors, not broken streams", async () => {
    const services = createFakeServices();
    services.script = () => {
      throw new TypeError("oops");
    };
    await using server = startTestServer(services);
    const response = await postJson(`${server.url}/v1/chat/completions`, chat(true));
    expect(response.status).toBe(500);
    expect(await response.json()).toMatchObject({ error: { type: "server_error", code: "E_INTERNAL" } });
  });

  test("after it are one last event with the error, without the text of a bug", async () => {
    const services = createFakeServices();
    const recorder = createEventRecorder<HttpEvent>();
    services.events.subscribe((event) => recorder.emit(event as HttpEvent));
    services.script = async function* () {
      yield delta("One ");
      throw new TypeError("secret");
    };
    await using server = startTestServer(services);
    const response = await postJson(`${server.url}/v1/chat/completions`, chat(true));
    const text = await response.text();
    expect(text).not.toContain("secret");
    expect(text.trimEnd().split("\n\n").at(-1)).toContain('"code":"E_INTERNAL"');
    expect(text).not.toContain("[DONE]");
    const failure = await recorder.waitFor((event) => event.type === "http-request-fail");
    expect(failure).toMatchObject({ route: "/v1/chat/completions", error: expect.any(TypeError) });
  });
});
