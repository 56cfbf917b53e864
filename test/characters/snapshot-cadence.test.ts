// When a book is published while outcomes come in.
import { describe, expect, test } from "bun:test";
import { createSnapshotCadence } from "../../src/characters/snapshot-cadence.ts";
import { createManualClock } from "../support/manual-clock.ts";

function start(isOpening: boolean) {
  const clock = createManualClock();
  const publishedAtMs: number[] = [];
  const cadence = createSnapshotCadence(() => publishedAtMs.push(clock.nowMs()), { clock, isOpening });
  return { clock, publishedAtMs, cadence };
}

describe("a stage that opens", () => {
  test("shows what it has 250 ms after the first outcome, and the rest as it comes", () => {
    const { clock, publishedAtMs, cadence } = start(true);
    clock.advance(100);
    for (let outcome = 0; outcome < 50; outcome++) {
      cadence.outcome(0);
      clock.advance(10);
    }
    cadence.complete();
    expect(publishedAtMs).toEqual([350, 600, 600]);
    expect(clock.scheduledCount).toBe(0);
  });

  test("opens empty when nothing comes for a second", () => {
    const { clock, publishedAtMs } = start(true);
    clock.advance(1500);
    expect(publishedAtMs).toEqual([1000]);
  });

  test("opens at once when everything is in", () => {
    const { clock, publishedAtMs, cadence } = start(true);
    cadence.outcome(0);
    clock.advance(5);
    cadence.complete();
    clock.advance(5000);
    expect(publishedAtMs).toEqual([5]);
  });
});

describe("a reload", () => {
  test("is one snapshot as long as its files keep coming", () => {
    const { clock, publishedAtMs, cadence } = start(false);
    for (let outcome = 0; outcome < 10; outcome++) {
      cadence.outcome(0);
      clock.advance(150);
    }
    cadence.complete();
    expect(publishedAtMs).toEqual([1500]);
  });

  test("does not wait for what is slow, nor longer than two seconds", () => {
    const { clock, publishedAtMs, cadence } = start(false);
    cadence.outcome(0);
    clock.advance(1000);
    expect(publishedAtMs).toEqual([250]);
    for (let outcome = 0; outcome < 20; outcome++) {
      cadence.outcome(0);
      clock.advance(200);
    }
    expect(publishedAtMs).toEqual([250, 3000, 5000]);
  });

  test("of many files is patient: a machine that is busy leaves gaps between them", () => {
    const { clock, publishedAtMs, cadence } = start(false);
    for (let underWay = 200; underWay > 100; underWay -= 10) {
      cadence.outcome(underWay);
      clock.advance(700);
    }
    // Two seconds, and 5 ms for each that was missing at first: then what is there is seen as it is.
    expect(publishedAtMs).toEqual([3000, 6250]);
    cadence.complete();

    const few = start(false);
    few.cadence.outcome(2);
    few.clock.advance(700);
    expect(few.publishedAtMs).toEqual([260]);

    // The last of many are no slower than the others were.
    const last = start(false);
    last.cadence.outcome(100);
    last.cadence.outcome(1);
    last.clock.advance(700);
    expect(last.publishedAtMs).toEqual([]);
    last.clock.advance(100);
    expect(last.publishedAtMs).toEqual([750]);
    // That was another burst.
    last.cadence.outcome(1);
    last.clock.advance(700);
    expect(last.publishedAtMs).toEqual([750, 1055]);
  });

  test("that is called off publishes nothing", () => {
    const { clock, publishedAtMs, cadence } = start(false);
    cadence.outcome(0);
    cadence[Symbol.dispose]();
    clock.advance(5000);
    // Nor when outcomes come in after that.
    cadence.outcome(0);
    cadence.complete();
    expect(clock.scheduledCount).toBe(0);
    expect(publishedAtMs).toEqual([]);
  });
});
