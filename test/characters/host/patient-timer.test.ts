// Time in which the process could have heard nothing does not count.
import { expect, test } from "bun:test";
import { patientTimer } from "../../../src/characters/host/patient-timer.ts";
import { eventually } from "../../support/eventually.ts";

test("a timer comes after its time, and not when it is disposed of", async () => {
  const startMs = performance.now();
  const due = Promise.withResolvers<number>();
  let isCancelledDue = false;
  const cancelled = patientTimer.schedule(() => (isCancelledDue = true), 60);
  patientTimer.schedule(() => due.resolve(performance.now() - startMs), 120);
  cancelled[Symbol.dispose]();
  expect(await due.promise).toBeGreaterThan(110);
  expect(isCancelledDue).toBe(false);
});

test("a process that stood still has as much time as before, but for a step", async () => {
  let isDue = false;
  patientTimer.schedule(() => (isDue = true), 300);
  const endMs = performance.now() + 600;
  while (performance.now() < endMs);
  for (let turn = 0; turn < 3; turn++) await new Promise((next) => setImmediate(next));
  expect(isDue).toBe(false);
  await eventually("its time", () => isDue);
});
