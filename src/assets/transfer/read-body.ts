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
  /** Null while the bytes are being taken care of: that time is not the server's silence. */
  let waitsSinceMs: number | null = null;
  // One timer that is set again when it finds that something came meanwhile: a fast body has thousands of pieces.
  const watch = (delayMs: number): Disposable =>
    clock.schedule(() => {
      const leftMs = (waitsSinceMs ?? clock.nowMs()) + stallMs - clock.nowMs();
      if (leftMs > 0) {
        timer = watch(leftMs);
        return;
      }
      isStalled = true;
      opened.abort();
      // Ends a read that is under way, also where the abort does not.
      reader.cancel().catch(() => undefined);
    }, delayMs);
  let timer = watch(stallMs);
  const silence = (): AppError =>
    new AppError("E_NET", `${label} sent nothing for ${stallMs / 1000} s; try again later`, {
      source: label,
    });
  try {
    for (;;) {
      waitsSinceMs = clock.nowMs();
      const piece = await reader.read();
      if (isStalled) throw silence();
      if (piece.done) return;
      waitsSinceMs = null;
      yield piece.value;
    }
  } catch (error) {
    throw isStalled ? silence() : translateFetchError(error, label, signal);
  } finally {
    timer[Symbol.dispose]();
    opened.abort();
  }
}
