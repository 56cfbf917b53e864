import { expect, test } from "bun:test";
import type { Engine, EngineOptions } from "../../src/speech/engine.ts";
import { idleUnloadMinutesSchema, startEngine } from "../../src/speech/start-engine.ts";

function createFixture(load: () => Promise<void>) {
  const seen: { options?: EngineOptions; isDisposed: boolean } = { isDisposed: false };
  const createEngine = (options: EngineOptions): Engine => {
    seen.options = options;
    return {
      state: "ready",
      pid: 1,
      start: load,
      run: () => Promise.resolve(),
      [Symbol.asyncDispose]: () => Promise.resolve(void (seen.isDisposed = true)),
    };
  };
  return { seen, createEngine };
}
const options = { title: "the engine", id: "e", entry: "engine.ts", loadParams: null };

test("minutes without work become the engine's milliseconds, and none stay none", async () => {
  const f = createFixture(() => Promise.resolve());
  await startEngine(f, { ...options, idleUnloadMinutes: 1.5 });
  expect(f.seen).toMatchObject({ options: { ...options, idleUnloadMs: 90_000 }, isDisposed: false });
  await startEngine(f, { ...options, idleUnloadMinutes: 0 });
  expect(f.seen.options?.idleUnloadMs).toBeUndefined();
  await startEngine(f, options);
  expect(f.seen.options?.idleUnloadMs).toBeUndefined();
});

test("an engine that cannot be loaded is let go of", async () => {
  const f = createFixture(() => Promise.reject(new Error("no such graph")));
  const failing = startEngine(f, options).catch((error: Error) => error.message);
  expect(await failing).toBe("no such graph");
  expect(f.seen.isDisposed).toBe(true);
});

test("no time is taken that a timer would make none of", () => {
  const longestMs = 2 ** 31 - 1;
  expect(idleUnloadMinutesSchema.safeParse(longestMs / 60_000 + 1).success).toBe(false);
  expect(idleUnloadMinutesSchema.parse(10_000) * 60_000).toBeLessThan(longestMs);
  expect(idleUnloadMinutesSchema.parse(undefined)).toBe(0);
});
