import { expect, test } from "bun:test";
import type { AssetEvent } from "../../src/assets/port.ts";
import { createProgressMeter } from "../../src/assets/progress-meter.ts";
import { createEventRecorder } from "../support/event-recorder.ts";
import { createManualClock } from "../support/manual-clock.ts";

function createMeter() {
  const clock = createManualClock();
  const events = createEventRecorder<AssetEvent>();
  const meter = createProgressMeter({ name: "voice", progressIntervalMb: 2 }, clock, events.emit);
  return { clock, meter, seen: () => events.ofType("asset-progress") };
}

test("many steps are at most ten events a second, and the last one is never lost", () => {
  const { clock, meter, seen } = createMeter();
  meter.begin("download", 1000);
  for (let i = 1; i <= 1000; i++) {
    meter.set("a", i);
    clock.advance(1);
  }
  meter.flush();
  expect(seen().length).toBeLessThanOrEqual(11);
  expect(seen().at(-1)).toMatchObject({
    doneBytes: 1000,
    totalBytes: 1000,
    phase: "download",
    asset: "voice",
  });
});

test("a step that came too soon is told when its time has come, once, and never after the end", () => {
  const { clock, meter, seen } = createMeter();
  meter.begin("download", 1000);
  meter.set("a", 1);
  meter.set("a", 2);
  meter.set("a", 3);
  expect(seen().map(({ doneBytes }) => doneBytes)).toEqual([1]);
  clock.advance(100);
  clock.advance(1000);
  expect(seen().map(({ doneBytes }) => doneBytes)).toEqual([1, 3]);
  meter.set("a", 4);
  meter.set("a", 5);
  meter.begin("download", 50);
  clock.advance(1000);
  meter.set("a", 6);
  meter.set("a", 7);
  meter[Symbol.dispose]();
  clock.advance(1000);
  expect(seen().map(({ doneBytes }) => doneBytes)).toEqual([1, 3, 4, 6]);
});

test("the rate is that of the last seconds", () => {
  const { clock, meter, seen } = createMeter();
  meter.begin("download", null);
  for (let second = 1; second <= 10; second++) {
    clock.advance(1000);
    meter.set("a", second <= 5 ? 0 : (second - 5) * 2000);
  }
  expect(seen().at(-1)?.bytesPerSecond).toBe(2000);
});

test("pieces add up; a total is known when it was announced, or as far as the pieces know theirs", () => {
  const { clock, meter, seen } = createMeter();
  meter.begin("download", null);
  meter.set("a", 10);
  expect(seen().at(-1)).toMatchObject({ doneBytes: 10, totalBytes: null });
  clock.advance(100);
  meter.set("b", 5, 50);
  expect(seen().at(-1)).toMatchObject({ doneBytes: 15, totalBytes: 50 });
});

test("the next source begins at nothing", () => {
  const { meter, seen } = createMeter();
  meter.begin("download", 100);
  meter.set("a", 90);
  meter.begin("download", 80);
  meter.set("b", 1);
  expect(seen().at(-1)).toMatchObject({ doneBytes: 1, totalBytes: 80, bytesPerSecond: 0 });
});

test("a phase without bytes says nothing", () => {
  const { meter, seen } = createMeter();
  meter.begin("download", 100);
  meter.flush();
  expect(seen()).toEqual([]);
});
