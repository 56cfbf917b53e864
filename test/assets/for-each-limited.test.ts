import { expect, test } from "bun:test";
import { forEachLimited } from "../../src/assets/for-each-limited.ts";
import { failureOf } from "../support/failure-of.ts";

test("everything is worked on, never more than a few at once", async () => {
  let [running, most] = [0, 0];
  const done: number[] = [];
  await forEachLimited([1, 2, 3, 4, 5, 6, 7], 3, async (item) => {
    running += 1;
    most = Math.max(most, running);
    await Promise.resolve();
    running -= 1;
    done.push(item);
  });
  expect(new Set(done)).toEqual(new Set([1, 2, 3, 4, 5, 6, 7]));
  expect(most).toBe(3);
});

test("after a failure nothing further begins, and what runs is waited for", async () => {
  const begun: number[] = [];
  const ended: number[] = [];
  const work = forEachLimited([1, 2, 3, 4], 2, async (item) => {
    begun.push(item);
    if (item === 1) throw new Error("no");
    await Promise.resolve();
    ended.push(item);
  });
  expect((await failureOf(work)).message).toBe("no");
  expect(begun).toEqual([1, 2]);
  expect(ended).toEqual([2]);
});

test("an item that is turned away for the others beside it comes again, with fewer at once", async () => {
  let running = 0;
  const done: number[] = [];
  const seen: number[] = [];
  const work = async (item: number): Promise<void> => {
    running += 1;
    seen.push(running);
    const isTooMany = running > 2;
    await Promise.resolve();
    running -= 1;
    if (isTooMany) throw new Error("too many");
    done.push(item);
  };
  await forEachLimited([1, 2, 3, 4, 5, 6, 7, 8], 4, work, () => true);
  expect(done.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  expect(Math.max(...seen.slice(4))).toBeLessThanOrEqual(2);
});

test("one that is turned away alone fails", async () => {
  let tries = 0;
  const work = forEachLimited(
    [1],
    4,
    async () => {
      tries += 1;
      throw new Error("closed");
    },
    () => true,
  );
  expect((await failureOf(work)).message).toBe("closed");
  expect(tries).toBe(1);
});

test("one that is turned away whoever is beside it fails when it comes alone", async () => {
  const tries = new Map<number, number>();
  const work = forEachLimited(
    Array.from({ length: 30 }, (_, i) => i),
    16,
    async (item) => {
      tries.set(item, (tries.get(item) ?? 0) + 1);
      await Promise.resolve();
      if (item === 3) throw new Error("closed");
    },
    () => true,
  );
  expect((await failureOf(work)).message).toBe("closed");
  expect(tries.size).toBe(30);
  expect(tries.get(3)).toBeLessThan(5);
});

test("what runs beside a failure is told of it", async () => {
  const work = forEachLimited([1, 2], 2, async (item, failed) => {
    if (item === 1) throw new Error("no");
    await new Promise((resolve) => failed.addEventListener("abort", resolve));
  });
  expect((await failureOf(work)).message).toBe("no");
});
