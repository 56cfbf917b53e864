// One request to a language-model server, watched: no redirects, and an end when it falls silent.
import type { Clock } from "../base/clock.ts";
import { AppError } from "../base/errors.ts";
import { defaultStallTimeoutMs, type Fetch, type LanguageModelOptions } from "./language-model.ts";

/**
 * A `fetch` for one round. While an answer is awaited and no byte comes for `stallTimeoutMs`, `abort` is aborted with E_NET;
 * a reader that takes its time is no stall. Redirects are not followed, so that a key goes to the configured host alone.
 */
export function createWatchedFetch(
  dependencies: { fetch: Fetch; clock: Clock },
  options: Pick<LanguageModelOptions, "title" | "baseUrl" | "stallTimeoutMs">,
  abort: AbortController,
): Fetch {
  const { fetch, clock } = dependencies;
  const stallTimeoutMs = options.stallTimeoutMs ?? defaultStallTimeoutMs;
  const watch = async <T>(wait: Promise<T>): Promise<T> => {
    using _deadline = clock.schedule(() => {
      const { title, baseUrl } = options;
      abort.abort(
        new AppError(
          "E_NET",
          `${title} at ${baseUrl} sent nothing for ${stallTimeoutMs / 1000} s; try again`,
          {
            url: baseUrl,
            stallTimeoutMs,
          },
        ),
      );
    }, stallTimeoutMs);
    return await wait;
  };

  return async (url, init) => {
    const response = await watch(fetch(url, { ...init, redirect: "manual", signal: abort.signal }));
    if (!response.body) return response;
    const reader: ReadableStreamDefaultReader<Uint8Array> = response.body.getReader();
    const body = new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          const { done, value } = await watch(reader.read());
          if (done) controller.close();
          else controller.enqueue(value);
        },
        cancel: (reason) => reader.cancel(reason),
      },
      { highWaterMark: 0 },
    );
    const { status, statusText, headers } = response;
    return new Response(body, { status, statusText, headers });
  };
}
