import { expect, test } from "bun:test";
import { waitFor } from "../../src/base/deadline.ts";
import { AppError } from "../../src/base/errors.ts";

const codeOf = (promise: Promise<unknown>) => promise.catch((error: AppError) => error.code);
const never = () => new Promise<never>(() => undefined);

test("a promise that settles in time gives its value or its error", async () => {
  expect(await waitFor(Promise.resolve(1), { timeoutMs: 1000 })).toBe(1);
  expect(await codeOf(waitFor(Promise.reject(new AppError("E_DISK", "full")), {}))).toBe("E_DISK");
});

test("a passed deadline is E_BUSY, or what the caller makes of it", async () => {
  expect(await codeOf(waitFor(never(), { timeoutMs: 1 }))).toBe("E_BUSY");
  const onTimeout = () => new AppError("E_CHARACTER", "it hangs");
  expect(await codeOf(waitFor(never(), { timeoutMs: 1, onTimeout }))).toBe("E_CHARACTER");
});

test("an infinite deadline does not pass", async () => {
  const { promise, resolve } = Promise.withResolvers<string>();
  const waiting = waitFor(promise, { timeoutMs: Infinity });
  await new Promise((next) => setImmediate(next));
  resolve("late");
  expect(await waiting).toBe("late");
});

test("an abort is E_INTERRUPTED, before and during the wait", async () => {
  const abort = new AbortController();
  const waiting = codeOf(waitFor(never(), { signal: abort.signal }));
  abort.abort();
  expect(await waiting).toBe("E_INTERRUPTED");
  expect(await codeOf(waitFor(never(), { signal: abort.signal }))).toBe("E_INTERRUPTED");
});

test("an abort that carries a coded reason gives that reason", async () => {
  const signal = AbortSignal.abort(new AppError("E_QUOTA", "enough"));
  expect(await codeOf(waitFor(never(), { signal }))).toBe("E_QUOTA");
});
