import { expect, test } from "bun:test";
import { createBoundedQueue } from "../../src/base/bounded-queue.ts";

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

test("items come out in order, and a closed queue still gives what it holds", async () => {
  const queue = createBoundedQueue<number>(4);
  for (const n of [1, 2, 3]) queue.push(n);
  queue.close();
  expect(queue.push(4)).toBe(false);
  expect(await collect(queue)).toEqual([1, 2, 3]);
});

test("a full queue refuses, and takes again once something has left", async () => {
  const queue = createBoundedQueue<number>(1);
  expect([queue.push(1), queue.push(2)]).toEqual([true, false]);
  const iterator = queue[Symbol.asyncIterator]();
  expect(await iterator.next()).toEqual({ value: 1, done: false });
  expect(queue.push(3)).toBe(true);
});

test("a failure comes after what was queued before it", async () => {
  const queue = createBoundedQueue<number>(4);
  queue.push(1);
  queue.fail(new Error("broken"));
  const seen: number[] = [];
  const reading = (async () => {
    for await (const n of queue) seen.push(n);
  })();
  expect(await reading.catch((error: Error) => error.message)).toBe("broken");
  expect(seen).toEqual([1]);
});

test("a waiting consumer wakes for an item, and ends when the queue is cleared", async () => {
  const queue = createBoundedQueue<string>(4);
  const iterator = queue[Symbol.asyncIterator]();
  const next = iterator.next();
  queue.push("x");
  expect(await next).toEqual({ value: "x", done: false });
  const last = iterator.next();
  queue.clear();
  expect((await last).done).toBe(true);
});

test("a consumer that leaves closes the queue behind it", async () => {
  const queue = createBoundedQueue<number>(4);
  queue.push(1);
  for await (const _ of queue) break;
  expect(queue.push(2)).toBe(false);
});
