import { expect, test } from "bun:test";
import { createLimiter } from "../../src/server/limits.ts";
import type { HttpError } from "../../src/server/http-error.ts";
import { createManualClock } from "../support/manual-clock.ts";

const refusalOf = (act: () => unknown): HttpError | undefined => {
  try {
    act();
    return undefined;
  } catch (error) {
    return error as HttpError;
  }
};

test("places are counted for each caller by itself", () => {
  const limiter = createLimiter({ concurrentRequests: 2 });
  limiter.enter("a");
  limiter.enter("a");
  limiter.enter("b");
  expect(refusalOf(() => limiter.enter("a"))).toMatchObject({ code: "E_QUOTA", status: 429 });
  expect(refusalOf(() => limiter.enter("b"))).toBeUndefined();
});

test("a place that is given back twice counts once", () => {
  const limiter = createLimiter({ concurrentRequests: 2 });
  const place = limiter.enter("a");
  limiter.enter("a");
  place[Symbol.dispose]();
  place[Symbol.dispose]();
  limiter.enter("a");
  expect(refusalOf(() => limiter.enter("a"))).toBeDefined();
});

test("requests per minute come back with time, and the wait is named", () => {
  const clock = createManualClock();
  const limiter = createLimiter({ requestsPerMinute: 6 }, clock);
  for (let i = 0; i < 6; i++) limiter.enter("a")[Symbol.dispose]();
  expect(refusalOf(() => limiter.enter("a"))).toMatchObject({ status: 429, retryAfterSeconds: 10 });
  clock.advance(10_000);
  limiter.enter("a")[Symbol.dispose]();
  expect(refusalOf(() => limiter.enter("a"))).toBeDefined();
  expect(refusalOf(() => limiter.enter("b"))).toBeUndefined();
});
