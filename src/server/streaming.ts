// Answers that are sent while they are made: pulled by the socket, so that a slow client slows its source, and stopped
// with the client. The status waits for the first piece, so that what fails before it is a proper error.
import type { AppContext } from "./router.ts";
import { encodeErrorBody } from "./error-response.ts";

/** A comment this often keeps an idle event stream open through proxies (most give up at 60 s). */
const heartbeatMs = 15_000;
const encoder = new TextEncoder();

export interface StreamOptions {
  contentType: string;
  headers?: Readonly<Record<string, string>> | undefined;
  /** Sent while nothing else comes. */
  heartbeat?: Uint8Array | undefined;
  /** Last words for a failure after the status has gone out; without them the connection breaks off. */
  encodeFailure?: ((error: unknown) => Uint8Array) | undefined;
}

/** `source` must end with an error soon after `c.var.life.signal` aborts. Throws what its first step throws. */
export async function createStreamResponse(
  c: AppContext,
  source: AsyncIterable<Uint8Array>,
  options: StreamOptions,
): Promise<Response> {
  const { life, report } = c.var;
  const iterator = source[Symbol.asyncIterator]();
  let pending: Promise<IteratorResult<Uint8Array>> | undefined = Promise.resolve(await iterator.next());
  life.keepOpen();
  const leave = (): void => {
    life.end();
    // The signal ends a step that is under way; `return` then runs the source's own cleanup.
    iterator.return?.().catch(report);
  };
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        pending ??= iterator.next();
        try {
          const step = options.heartbeat ? await withHeartbeat(pending) : await pending;
          if (step === "heartbeat") {
            if (options.heartbeat) controller.enqueue(options.heartbeat);
            return;
          }
          pending = undefined;
          if (step.done !== true) {
            controller.enqueue(step.value);
            return;
          }
          controller.close();
        } catch (error) {
          if (!life.signal.aborted) report(error);
          if (options.encodeFailure) {
            controller.enqueue(options.encodeFailure(error));
            controller.close();
          } else {
            // Bun prints any other reason to stderr; the connection breaks off all the same.
            controller.error(undefined);
          }
        }
        life.end();
      },
      cancel: leave,
    },
    // Nothing is made before the socket asks for it.
    { highWaterMark: 0 },
  );
  return new Response(body, { headers: { "content-type": options.contentType, ...options.headers } });
}

async function withHeartbeat<T>(step: Promise<T>): Promise<T | "heartbeat"> {
  let timer: Timer | undefined;
  const beat = new Promise<"heartbeat">((resolve) => {
    timer = setTimeout(() => resolve("heartbeat"), heartbeatMs);
  });
  try {
    return await Promise.race([step, beat]);
  } finally {
    clearTimeout(timer);
  }
}

/** One server-sent event that carries JSON. */
export const encodeSseData = (value: unknown): Uint8Array =>
  encoder.encode(`data: ${JSON.stringify(value)}\n\n`);

/** Server-sent events of JSON values; a failure on the way is one more event, made by `wrapFailure`. */
export function createSseResponse(
  c: AppContext,
  values: AsyncIterable<unknown>,
  options: { endMark?: string; wrapFailure?: (body: unknown) => unknown } = {},
): Promise<Response> {
  const { endMark, wrapFailure = (body) => body } = options;
  async function* encode(): AsyncIterable<Uint8Array> {
    for await (const value of values) yield encodeSseData(value);
    if (endMark !== undefined) yield encoder.encode(`data: ${endMark}\n\n`);
  }
  return createStreamResponse(c, encode(), {
    contentType: "text/event-stream; charset=utf-8",
    headers: { "cache-control": "no-cache", "x-accel-buffering": "no" },
    heartbeat: encoder.encode(": still here\n\n"),
    encodeFailure: (error) => encodeSseData(wrapFailure(encodeErrorBody(error, c.req.path))),
  });
}
