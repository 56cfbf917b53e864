import { expect, test } from "bun:test";
import { createRequestOrder } from "../../src/session/request-order.ts";

function createFixture(limit = 10) {
  const ran: string[] = [];
  let overflows = 0;
  const order = createRequestOrder({ limit, onFull: () => (overflows += 1) });
  /** A request that is looked into until `found` is told. */
  const ask = (name: string): PromiseWithResolvers<string> => {
    const found = Promise.withResolvers<string>();
    order.run(() => order.hold(found.promise, (value) => ran.push(`${name} ${value}`)));
    return found;
  };
  const run = (name: string): void => order.run(() => ran.push(name));
  return { order, ran, ask, run, overflows: () => overflows };
}

test("what needs no look runs at once, and what comes during a look runs after it", async () => {
  const f = createFixture();
  f.run("a");
  const look = f.ask("b");
  f.run("c");
  expect(f.ran).toEqual(["a"]);
  look.resolve("found");
  await look.promise;
  expect(f.ran).toEqual(["a", "b found", "c"]);
  f.run("d");
  expect(f.ran.at(-1)).toBe("d");
});

test("one that waited may be looked into as well, and those behind it go on waiting", async () => {
  const f = createFixture();
  const first = f.ask("a");
  const second = f.ask("b");
  f.run("c");
  first.resolve("1");
  await first.promise;
  f.run("d");
  expect(f.ran).toEqual(["a 1"]);
  second.resolve("2");
  await second.promise;
  expect(f.ran).toEqual(["a 1", "b 2", "c", "d"]);
});

test("more than may wait are told and dropped, and after the end nothing runs", async () => {
  const f = createFixture(1);
  const look = f.ask("a");
  f.run("b");
  f.run("c");
  expect(f.overflows()).toBe(1);
  f.order.close();
  look.resolve("late");
  await look.promise;
  f.run("d");
  expect(f.ran).toEqual([]);
});
