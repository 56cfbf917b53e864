import { expect, test } from "bun:test";
import { createWatchedFetch } from "../../src/reply/upstream-fetch.ts";
import { createManualClock } from "../support/manual-clock.ts";

/** A server whose bytes are sent by the test. */
function createUpstream() {
  const clock = createManualClock();
  const abort = new AbortController();
  const headers = Promise.withResolvers<Response>();
  const bytes = new TransformStream<Uint8Array, Uint8Array>(undefined, undefined, { highWaterMark: 100 });
  const writer = bytes.writable.getWriter();
  let init: RequestInit | undefined;
  const fetch = createWatchedFetch(
    {
      clock,
      fetch: (_url, given) => {
        init = given;
        given?.signal?.addEventListener("abort", () => headers.reject(abort.signal.reason));
        return headers.promise;
      },
    },
    { title: "the stage server", baseUrl: "http://stage/v1", stallTimeoutMs: 1000 },
    abort,
  );
  return {
    clock,
    abort,
    fetch: () => fetch("http://stage/v1/x", { method: "POST" }),
    answer: () => headers.resolve(new Response(bytes.readable, { status: 200, headers: { "x-a": "b" } })),
    send: (text: string) => writer.write(new TextEncoder().encode(text)),
    close: () => writer.close(),
    get init() {
      return init;
    },
  };
}

const reason = (abort: AbortController): unknown =>
  abort.signal.aborted ? abort.signal.reason.code : undefined;

test("a server that sends no headers is given up at the deadline", async () => {
  const upstream = createUpstream();
  const response = upstream.fetch();
  upstream.clock.advance(999);
  expect(reason(upstream.abort)).toBeUndefined();
  upstream.clock.advance(1);
  expect(reason(upstream.abort)).toBe("E_NET");
  expect(response).rejects.toThrow("sent nothing for 1 s");
});

test("each byte begins the deadline anew", async () => {
  const upstream = createUpstream();
  upstream.answer();
  const response = await upstream.fetch();
  const reader = response.body!.getReader();
  for (let i = 0; i < 5; i++) {
    const chunk = reader.read();
    upstream.clock.advance(900);
    await upstream.send(":\n");
    await chunk;
  }
  expect(reason(upstream.abort)).toBeUndefined();
  void reader.read();
  upstream.clock.advance(1000);
  expect(reason(upstream.abort)).toBe("E_NET");
});

test("a reader that takes its time is no stall", async () => {
  const upstream = createUpstream();
  upstream.answer();
  const response = await upstream.fetch();
  await upstream.send("a");
  await upstream.send("b");
  await upstream.close();
  const reader = response.body!.getReader();
  await reader.read();
  upstream.clock.advance(3_600_000);
  await reader.read();
  expect((await reader.read()).done).toBe(true);
  expect(reason(upstream.abort)).toBeUndefined();
  expect(upstream.clock.scheduledCount).toBe(0);
});

test("status and headers come through; redirects are left to the caller, the signal is the round's", async () => {
  const upstream = createUpstream();
  upstream.answer();
  const response = await upstream.fetch();
  expect([response.status, response.headers.get("x-a")]).toEqual([200, "b"]);
  expect(upstream.init).toMatchObject({ method: "POST", redirect: "manual", signal: upstream.abort.signal });
});
