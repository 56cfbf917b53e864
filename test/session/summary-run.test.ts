import { expect, test } from "bun:test";
import type { Condense } from "../../src/session/condenser.ts";
import type { Memory } from "../../src/session/memory.ts";
import { startSummary } from "../../src/session/summary-run.ts";

const plan = { itemIds: ["a", "b"], messages: [] };

function start(condense: Condense | undefined) {
  const ended = Promise.withResolvers<Memory | null>();
  const faults: unknown[] = [];
  const run = startSummary({ condense, onEnd: ended.resolve, onFault: (error) => faults.push(error) }, plan);
  return { run, faults, ended: ended.promise };
}

test("a summary stands for the items of its plan", async () => {
  const { ended } = start(() => Promise.resolve("They met."));
  expect(await ended).toEqual({ summary: "They met.", itemIds: ["a", "b"] });
});

test("nothing comes of it where nobody writes summaries, and where that fails, which is told", async () => {
  expect(await start(undefined).ended).toBeNull();
  expect(await start(() => Promise.resolve(null)).ended).toBeNull();
  const failing = start(() => Promise.reject(new Error("out of words")));
  expect(await failing.ended).toBeNull();
  expect(failing.faults).toMatchObject([{ message: "out of words" }]);
});

test("one that is stopped is no fault", async () => {
  const { run, faults, ended } = start(
    (_, { signal }) =>
      new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
  );
  run.stop("a turn goes before a summary");
  expect(await ended).toBeNull();
  expect(faults).toEqual([]);
});
