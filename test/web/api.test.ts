// The page's way to the server's routes, over a real socket.
import { afterEach, describe, expect, test } from "bun:test";
import { type Api, type ApiEvent, ApiFailure, createApi, toApiFailure } from "../../src/web/api.ts";

let stack = new AsyncDisposableStack();
afterEach(async () => {
  await stack.disposeAsync();
  stack = new AsyncDisposableStack();
});

function serve(answer: (request: Request) => Response | Promise<Response>, apiKey?: string): Api {
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: answer });
  stack.defer(() => server.stop(true));
  return createApi({ fetch: (path, init) => fetch(new URL(path, server.url), init) }, { apiKey });
}

const failureOf = async (work: Promise<unknown>): Promise<ApiFailure> => {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ApiFailure)) throw new Error(`no failure of the API: ${String(error)}`);
  return error;
};

describe("asking", () => {
  test("sends JSON and the key, and gives JSON", async () => {
    const api = serve(
      async (request) =>
        Response.json({
          method: request.method,
          key: request.headers.get("authorization"),
          type: request.headers.get("content-type"),
          body: await request.json(),
        }),
      "sesame",
    );
    expect(await api.ask<unknown>("/v1/hub/gc", { method: "POST", body: { dry_run: true } })).toEqual({
      method: "POST",
      key: "Bearer sesame",
      type: "application/json",
      body: { dry_run: true },
    });
  });

  test("a refusal has its code, its sentence and what it says besides", async () => {
    const body = {
      success: false,
      error_code: "E_QUOTA",
      message: "kokoro needs 88 MiB",
      data: { leftBytes: 1 },
    };
    const failure = await failureOf(serve(() => Response.json(body, { status: 507 })).ask("/v1/assets"));
    expect([failure.code, failure.message, failure.data, failure.needsKey]).toEqual([
      "E_QUOTA",
      "Kokoro needs 88 MiB.",
      { leftBytes: 1 },
      false,
    ]);
  });

  test("OpenAI's form of a refusal is read too, and a missing key is told apart", async () => {
    const body = {
      error: { message: "an API key is needed", code: "invalid_api_key", type: "x", param: null },
    };
    const failure = await failureOf(
      serve(() => Response.json(body, { status: 401 })).ask("/v1/audio/speech"),
    );
    expect([failure.code, failure.message, failure.needsKey]).toEqual([
      "invalid_api_key",
      "An API key is needed.",
      true,
    ]);
  });

  test("an answer that is no JSON at all is a failure with its status", async () => {
    const failure = await failureOf(
      serve(() => new Response("<h1>no</h1>", { status: 502 })).ask("/v1/assets"),
    );
    expect([failure.code, failure.message]).toEqual(["E_INTERNAL", "The server answered 502."]);
  });

  test("a server that is away is said in a sentence, what was called off is not said at all", async () => {
    const away = createApi(
      { fetch: () => Promise.reject(new TypeError("Failed to fetch")) },
      { apiKey: undefined },
    );
    const thrown = await away.ask("/v1/assets").catch((error: unknown) => error);
    expect(toApiFailure(thrown)?.message).toBe("The server cannot be reached. Is it still running?");
    const abort = new AbortController();
    const api = serve(() => new Promise<Response>(() => undefined));
    const asked = api.ask("/v1/assets", { signal: abort.signal }).catch((error: unknown) => error);
    abort.abort();
    expect(toApiFailure(await asked)).toBeUndefined();
  });
});

describe("following", () => {
  const stream = (text: string): Response =>
    new Response(text, { headers: { "content-type": "text/event-stream" } });
  const collect = async (events: AsyncIterable<ApiEvent>, into: ApiEvent[]): Promise<void> => {
    for await (const event of events) into.push(event);
  };

  test("gives the events in order, and a failure that comes as one is thrown", async () => {
    const api = serve(() =>
      stream(
        ': hello\n\ndata: {"type":"a"}\n\ndata: {"type":"b","n":1}\n\n' +
          'data: {"type":"error","error_code":"E_NET","message":"no source"}\n\n',
      ),
    );
    const events: ApiEvent[] = [];
    const failure = await failureOf(collect(api.follow("/x", { method: "POST" }), events));
    expect(events).toEqual([{ type: "a" }, { type: "b", n: 1 }]);
    expect([failure.code, failure.message]).toEqual(["E_NET", "No source."]);
  });

  test("who stops following ends the server's work", async () => {
    const left = Promise.withResolvers<void>();
    const api = serve(
      () =>
        new Response(
          new ReadableStream({
            start: (controller) => controller.enqueue(new TextEncoder().encode('data: {"type":"a"}\n\n')),
            cancel: () => left.resolve(),
          }),
        ),
    );
    for await (const event of api.follow("/x")) {
      expect(event).toEqual({ type: "a" });
      break;
    }
    await left.promise;
  });
});
