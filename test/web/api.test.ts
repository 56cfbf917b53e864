// The page's way to the server's routes, over a real socket.
import { afterEach, describe, expect, test } from "bun:test";
import { type Api, ApiFailure, createApi, toApiFailure } from "../../src/web/api.ts";

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

describe("reading", () => {
  const collect = async (parts: AsyncIterable<Uint8Array>): Promise<string> => {
    const decoder = new TextDecoder();
    let text = "";
    for await (const part of parts) text += decoder.decode(part, { stream: true });
    return text;
  };

  test("gives the bytes of an answer in order, and none of a refusal's", async () => {
    const api = serve(({ method }) =>
      method === "POST"
        ? new Response("sound in order")
        : Response.json({ error_code: "E_NET", message: "no source" }, { status: 502 }),
    );
    expect(await collect(api.read("/x", { method: "POST" }))).toBe("sound in order");
    const failure = await failureOf(collect(api.read("/x")));
    expect([failure.code, failure.message, failure.status]).toEqual(["E_NET", "No source.", 502]);
  });

  test("that is broken off ends the server's work", async () => {
    const left = Promise.withResolvers<void>();
    const api = serve(
      () =>
        new Response(
          new ReadableStream({
            start: (controller) => controller.enqueue(new TextEncoder().encode("a")),
            cancel: () => left.resolve(),
          }),
        ),
    );
    for await (const bytes of api.read("/x")) {
      expect(bytes).toEqual(new TextEncoder().encode("a"));
      break;
    }
    await left.promise;
  });
});
