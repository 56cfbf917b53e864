// Who takes the processor while nobody asks anything.
import { expect, test } from "bun:test";
import { createIdleMeter, type IdleReading } from "../../../src/characters/host/idle-meter.ts";

const at = (seconds: number, cpuMs: number, calls: Partial<IdleReading> = {}): IdleReading => ({
  atMs: seconds * 1000,
  cpuMs,
  callsMade: 1,
  callsUnderWay: 0,
  ...calls,
});
const seconds = 10;

test("a cell that takes much while it is idle is found at the end of the time, and not before", () => {
  const isHog = createIdleMeter({ windowMs: seconds * 1000, maxShare: 0.2 });
  const found = Array.from({ length: seconds + 1 }, (_, second) => isHog(at(second, second * 900)));
  expect(found.indexOf(true)).toBe(seconds);
});

test("what a cell took before the first reading, and little beyond it, are no offence", () => {
  const isHog = createIdleMeter({ windowMs: seconds * 1000, maxShare: 0.2 });
  const found = Array.from({ length: 100 }, (_, second) => isHog(at(second, 60_000 + second * 1000 * 0.2)));
  expect(found).not.toContain(true);
});

test("the time in which a call runs, or has run, does not count", () => {
  const isHog = createIdleMeter({ windowMs: seconds * 1000, maxShare: 0.2 });
  for (let second = 0; second < 60; second++) {
    expect(isHog(at(second, second * 1000, { callsUnderWay: 1 }))).toBe(false);
  }
  for (let second = 60; second < 120; second++) {
    expect(isHog(at(second, second * 1000, { callsMade: second }))).toBe(false);
  }
});

test("calls in between do not hide what is taken without them", () => {
  const isHog = createIdleMeter({ windowMs: seconds * 1000, maxShare: 0.2 });
  const found = Array.from({ length: 3 * seconds }, (_, second) =>
    isHog(at(second, second * 900, { callsMade: Math.floor(second / 3) })),
  );
  expect(found).toContain(true);
});
