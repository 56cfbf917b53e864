// How much one caller may ask at a time and per minute, so that no single client takes the machine from the others.
import { type Clock, systemClock } from "../base/clock.ts";
import { HttpError } from "./http-error.ts";

export interface CallerLimits {
  /** Requests under way per caller, streamed answers until their last byte. Default 256. */
  concurrentRequests?: number | undefined;
  /** Default unlimited. */
  requestsPerMinute?: number | undefined;
}

export interface Limiter {
  /** Takes a place; dispose it when the request ends. Throws E_QUOTA (429) with the time to wait. */
  enter(caller: string): Disposable;
}

const defaultConcurrentRequests = 256;

/** Callers are the configured keys and `anonymous`: their number is bounded by the configuration. */
export function createLimiter(options: CallerLimits = {}, clock: Clock = systemClock): Limiter {
  const limit = options.concurrentRequests ?? defaultConcurrentRequests;
  const perMinute = options.requestsPerMinute;
  const running = new Map<string, number>();
  const buckets = new Map<string, { tokens: number; filledAtMs: number }>();

  const takeToken = (caller: string): void => {
    if (perMinute === undefined) return;
    const nowMs = clock.nowMs();
    const bucket = buckets.get(caller) ?? { tokens: perMinute, filledAtMs: nowMs };
    bucket.tokens = Math.min(perMinute, bucket.tokens + ((nowMs - bucket.filledAtMs) / 60_000) * perMinute);
    bucket.filledAtMs = nowMs;
    buckets.set(caller, bucket);
    if (bucket.tokens < 1) {
      const retryAfterSeconds = Math.ceil(((1 - bucket.tokens) / perMinute) * 60);
      throw refuse(`more than ${perMinute} requests in a minute`, retryAfterSeconds);
    }
    bucket.tokens -= 1;
  };

  return {
    enter(caller) {
      const count = running.get(caller) ?? 0;
      if (count >= limit) throw refuse(`${count} requests of this caller are under way already`, 1);
      takeToken(caller);
      running.set(caller, count + 1);
      let isHeld = true;
      return {
        [Symbol.dispose]() {
          if (!isHeld) return;
          isHeld = false;
          const left = (running.get(caller) ?? 1) - 1;
          if (left > 0) running.set(caller, left);
          else running.delete(caller);
        },
      };
    },
  };
}

const refuse = (what: string, retryAfterSeconds: number): HttpError =>
  new HttpError("E_QUOTA", `${what}; try again in ${retryAfterSeconds} s`, {
    status: 429,
    retryAfterSeconds,
    openAiCode: "rate_limit_exceeded",
    details: { retryAfterSeconds },
  });
