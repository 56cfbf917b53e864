import { expect, test } from "bun:test";
import { createStateWaits } from "../../src/session/state-waits.ts";

test("a wait ends with the change after which its condition holds", async () => {
  const waits = createStateWaits();
  let count = 0;
  const seen: string[] = [];
  const note = (name: string) => () => seen.push(`${name} at ${count}`);
  const two = waits.until(() => count >= 2).then(note("two"));
  const three = waits.until(() => count >= 3).then(note("three"));
  for (count = 1; count <= 3; count++) {
    waits.notify();
    await Promise.resolve();
  }
  await Promise.all([two, three]);
  expect(seen).toEqual(["two at 2", "three at 3"]);
  await waits.until(() => true);
});

test("a signal ends a wait, before it begins too", async () => {
  const waits = createStateWaits();
  const stop = new AbortController();
  let looks = 0;
  const never = (): boolean => {
    looks += 1;
    return false;
  };
  const waiting = waits.until(never, stop.signal);
  stop.abort();
  await waiting;
  await waits.until(never, stop.signal);
  const before = looks;
  waits.notify();
  expect(looks).toBe(before);
});
