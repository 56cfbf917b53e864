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
