import { expect, test } from "bun:test";
import { createSharedRuns } from "../../src/assets/shared-run.ts";
import { AppError } from "../../src/base/errors.ts";
import { failureOf } from "../support/failure-of.ts";

/** Work that ends when told to, or with its signal. */
function createWork() {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let starts = 0;
  let reason: unknown;
  return {
    work: (signal: AbortSignal) => {
      starts += 1;
      signal.addEventListener("abort", () => {
        reason = signal.reason;
        reject(signal.reason);
      });
      return promise;
    },
    resolve,
    starts: () => starts,
    reason: () => reason,
  };
}

test("who comes while it runs joins it, who comes after begins anew", async () => {
  const runs = createSharedRuns<string>();
  const first = createWork();
  const both = [runs.join("a", first.work), runs.join("a", first.work)];
  first.resolve("done");
  expect(await Promise.all(both)).toEqual(["done", "done"]);
  const second = createWork();
  second.resolve("again");
  expect(await runs.join("a", second.work)).toBe("again");
  expect([first.starts(), second.starts()]).toEqual([1, 1]);
});

test("the last one to leave takes the run along, with the reason", async () => {
  const runs = createSharedRuns<string>();
  const { work, reason } = createWork();
  const [one, two] = [new AbortController(), new AbortController()];
  const waits = [runs.join("a", work, one.signal), runs.join("a", work, two.signal)];
  const failures = waits.map(failureOf);
  one.abort(new AppError("E_INTERRUPTED", "first"));
  expect((await failures[0])?.message).toBe("first");
  expect(reason()).toBeUndefined();
  two.abort(new AppError("E_INTERRUPTED", "second"));
  expect((await failures[1])?.message).toBe("second");
  expect(reason()).toMatchObject({ message: "second" });
});

test("who comes while a run is being stopped gets one of their own", async () => {
  const runs = createSharedRuns<string>();
  const stopping = createWork();
  const abort = new AbortController();
  const leaving = failureOf(runs.join("a", stopping.work, abort.signal));
  abort.abort();
  const fresh = createWork();
  const joined = runs.join("a", fresh.work);
  fresh.resolve("fresh");
  expect(await joined).toBe("fresh");
  expect(await leaving).toMatchObject({ code: "E_INTERRUPTED" });
});

test("cancel ends one run for all who wait, waits for its end, and says whether there was one", async () => {
  const runs = createSharedRuns<string>();
  const [doomed, other] = [createWork(), createWork()];
  const failures = [runs.join("a", doomed.work), runs.join("a", doomed.work)].map(failureOf);
  const staying = runs.join("b", other.work);
  expect(await runs.cancel("a", new AppError("E_INTERRUPTED", "enough"))).toBe(true);
  expect((await Promise.all(failures)).map(({ message }) => message)).toEqual(["enough", "enough"]);
  expect(await runs.cancel("a", new AppError("E_INTERRUPTED", "enough"))).toBe(false);
  other.resolve("done");
  expect(await staying).toBe("done");
});

test("stop aborts everything and waits for it", async () => {
  const runs = createSharedRuns<string>();
  const { work } = createWork();
  const failure = failureOf(runs.join("a", work));
  await runs.stop(new AppError("E_INTERRUPTED", "closing"));
  expect((await failure).message).toBe("closing");
});
