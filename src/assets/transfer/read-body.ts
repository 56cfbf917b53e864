// A response's body in pieces, given up when nothing comes for a while.
import type { Clock } from "../../base/clock.ts";
import { AppError } from "../../base/errors.ts";
import { type OpenResponse, translateFetchError } from "./http-request.ts";

export interface ReadBodyOptions {
  clock: Clock;
  label: string;
  /** Longest silence. */
  stallMs: number;
  signal: AbortSignal;
}

/** Ends with the body; leaving early closes the connection. E_NET for a silence or a broken connection. */
export async function* readBody(
  opened: OpenResponse,
  options: ReadBodyOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { clock, label, stallMs, signal } = options;
  const reader = opened.response.body?.getReader();
  if (!reader) return;
  let isStalled = false;
  const stalled = Promise.withResolvers<never>();
  // It may reject when nobody is looking any more.
  stalled.promise.catch(() => undefined);
  try {
    for (;;) {
      using timer = clock.schedule(() => {
        isStalled = true;
        opened.abort();
        stalled.reject(new Error("stalled"));
      }, stallMs);
      void timer;
      const piece = await Promise.race([reader.read(), stalled.promise]);
      if (piece.done) return;
      yield piece.value;
    }
  } catch (error) {
    if (isStalled) {
      throw new AppError("E_NET", `${label} sent nothing for ${stallMs / 1000} s; try again later`, {
        source: label,
      });
    }
    throw translateFetchError(error, label, signal);
  } finally {
    opened.abort();
  }
}
