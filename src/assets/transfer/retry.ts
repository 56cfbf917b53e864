// Which failures another attempt can help, and how long to wait before it.
import type { Clock } from "../../base/clock.ts";
import { abortReason } from "../../base/deadline.ts";
import { AppError } from "../../base/errors.ts";

const longestDelayMs = 60_000;
/** Nobody sits out a longer one: the message says when to come again. */
export const longestRetryAfterMs = 5 * 60_000;

/** 408 timeout, 425 too early, 429 too many, 5xx: the same request may succeed later. */
export function isPassingStatus(status: number): boolean {
  return status === 408 || status === 425 || status === 429 || status >= 500;
}

/** Network failures pass, unless the thrower marked them `is_final`. */
export function isPassing(error: unknown): error is AppError {
  return error instanceof AppError && error.code === "E_NET" && error.details?.["is_final"] !== true;
}

export interface Backoff {
  /** Before the first retry; doubles with each further one. */
  baseMs: number;
  /** 0 to below 1 */
  random: () => number;
}

/**
 * Milliseconds to wait after failed attempt number `attempt` (from 0). What the server asked for wins; more than five
 * minutes of that is thrown as E_NET.
 */
export function selectRetryDelayMs(error: AppError, attempt: number, backoff: Backoff): number {
  const asked = error.details?.["retry_after_ms"];
  if (typeof asked === "number") {
    if (asked <= longestRetryAfterMs) return asked;
    throw new AppError(
      "E_NET",
      `${error.message}; the server asks to come again in ${Math.ceil(asked / 60_000)} minutes`,
      { ...error.details, is_final: true },
      error,
    );
  }
  const delayMs = Math.min(backoff.baseMs * 2 ** attempt, longestDelayMs);
  return delayMs * (0.5 + backoff.random() / 2);
}

/** From `Retry-After` (seconds or a date), else from the hub's `RateLimit: "api";r=0;t=55`. Null when not said. */
export function parseRetryAfterMs(headers: Headers, now: Date): number | null {
  const after = headers.get("retry-after")?.trim();
  if (after && /^\d+$/.test(after)) return Number(after) * 1000;
  const date = after ? Date.parse(after) : Number.NaN;
  if (!Number.isNaN(date)) return Math.max(0, date - now.getTime());
  const limit = headers.get("ratelimit");
  const left = /\br=(\d+)/.exec(limit ?? "")?.[1];
  const resetSeconds = /\bt=(\d+)/.exec(limit ?? "")?.[1];
  return left === "0" && resetSeconds !== undefined ? Number(resetSeconds) * 1000 : null;
}

/** Rejects with the signal's reason when it aborts. */
export function sleep(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(abortReason(signal));
    const onAbort = (): void => {
      timer[Symbol.dispose]();
      reject(abortReason(signal));
    };
    const timer = clock.schedule(() => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    }, delayMs);
    signal.addEventListener("abort", onAbort, { once: true });
  });
}

export interface RetryOptions extends Backoff {
  clock: Clock;
  signal: AbortSignal;
  /** Further attempts; asked at each failure. */
  retries: () => number;
  /** Called before each wait, with what made the last attempt fail. */
  onWait?: ((delayMs: number, failure: AppError) => void) | undefined;
}

/** Runs `work` until it does not fail with something that passes, or the attempts are used up. */
export async function retryPassing<T>(work: () => Promise<T>, options: RetryOptions): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!isPassing(error) || attempt >= options.retries()) throw error;
      const delayMs = selectRetryDelayMs(error, attempt, options);
      options.onWait?.(delayMs, error);
      await sleep(options.clock, delayMs, options.signal);
    }
  }
}
