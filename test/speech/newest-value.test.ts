import { expect, test } from "bun:test";
import { createNewestValue } from "../../src/speech/newest-value.ts";

test("a slow consumer gets the newest and then the end", async () => {
  const values = createNewestValue<number>();
  const seen: number[] = [];
  values.set(1);
  values.set(2);
  for await (const value of values) {
    seen.push(value);
    if (value === 2) {
      values.set(3);
      values.set(4);
    } else {
      values.close();
      values.set(5);
    }
  }
  expect(seen).toEqual([2, 4]);
});

test("a waiting consumer is woken by a value, and by the end", async () => {
  const values = createNewestValue<string>();
  const iterator = values[Symbol.asyncIterator]();
  const first = iterator.next();
  values.set("a");
  expect(await first).toEqual({ done: false, value: "a" });
  const second = iterator.next();
  values.close();
  expect(await second).toEqual({ done: true, value: undefined });
});

test("what was set before the end is still handed over", async () => {
  const values = createNewestValue<number>();
  values.set(7);
  values.close();
  expect(await Array.fromAsync(values)).toEqual([7]);
});

test("there is one consumer", async () => {
  const values = createNewestValue<number>();
  values.close();
  await Array.fromAsync(values);
  expect(Array.fromAsync(values)).rejects.toMatchObject({ code: "E_INTERNAL" });
});
