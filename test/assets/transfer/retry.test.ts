import { expect, test } from "bun:test";
import {
  isPassing,
  isPassingStatus,
  parseRetryAfterMs,
  retryPassing,
  selectRetryDelayMs,
  sleep,
} from "../../../src/assets/transfer/retry.ts";
import { AppError } from "../../../src/base/errors.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { failureOf } from "../../support/failure-of.ts";

const net = (details: Record<string, unknown> = {}) => new AppError("E_NET", "no", details);

test("the delay doubles, is jittered between half and whole, and ends at a minute", () => {
  const delays = (random: number) =>
    [0, 1, 2, 10].map((attempt) =>
      selectRetryDelayMs(net(), attempt, { baseMs: 1000, random: () => random }),
    );
  expect(delays(0)).toEqual([500, 1000, 2000, 30_000]);
  expect(delays(0.999_999).map(Math.round)).toEqual([1000, 2000, 4000, 60_000]);
});

test("what the server asked for wins, up to five minutes", () => {
  const backoff = { baseMs: 1, random: () => 0 };
  expect(selectRetryDelayMs(net({ retry_after_ms: 300_000 }), 0, backoff)).toBe(300_000);
  expect(() => selectRetryDelayMs(net({ retry_after_ms: 300_001 }), 0, backoff)).toThrow("6 minutes");
});

test("Retry-After is read as seconds and as a date, RateLimit as the hub writes it", () => {
  const now = new Date("2026-01-05T10:00:00Z");
  const parse = (headers: Record<string, string>) => parseRetryAfterMs(new Headers(headers), now);
  expect(parse({ "retry-after": "12" })).toBe(12_000);
  expect(parse({ "retry-after": "Mon, 05 Jan 2026 10:01:00 GMT" })).toBe(60_000);
  expect(parse({ "retry-after": "Mon, 05 Jan 2026 09:00:00 GMT" })).toBe(0);
  expect(parse({ ratelimit: '"resolvers";r=0;t=55' })).toBe(55_000);
  expect(parse({ ratelimit: '"resolvers";r=7;t=55' })).toBe(null);
  expect(parse({ "retry-after": "soon" })).toBe(null);
  expect(parse({})).toBe(null);
});

test("only what can pass is tried again", () => {
  expect([408, 425, 429, 500, 503].every(isPassingStatus)).toBe(true);
  expect([400, 401, 403, 404, 416].some(isPassingStatus)).toBe(false);
  expect(isPassing(net())).toBe(true);
  expect(isPassing(net({ is_final: true }))).toBe(false);
  expect(isPassing(new AppError("E_DISK", "full"))).toBe(false);
  expect(isPassing(new Error("bug"))).toBe(false);
});

test("N retries are N + 1 attempts", async () => {
  let attempts = 0;
  const options = {
    clock: { ...createManualClock(), schedule: (callback: () => void) => (queueMicrotask(callback), stay) },
    signal: new AbortController().signal,
    retries: () => 3,
    baseMs: 1,
    random: () => 0,
  };
  const work = () => {
    attempts += 1;
    return Promise.reject(net());
  };
  expect(await failureOf(retryPassing(work, options))).toMatchObject({ code: "E_NET" });
  expect(attempts).toBe(4);
});
const stay: Disposable = { [Symbol.dispose]: () => undefined };

test("a pause ends with its signal, and leaves no timer", async () => {
  const clock = createManualClock();
  const abort = new AbortController();
  const pause = sleep(clock, 1000, abort.signal);
  abort.abort();
  expect(await failureOf(pause)).toMatchObject({ code: "E_INTERRUPTED" });
  expect(clock.scheduledCount).toBe(0);
  expect(await failureOf(sleep(clock, 1000, abort.signal))).toMatchObject({ code: "E_INTERRUPTED" });
});
