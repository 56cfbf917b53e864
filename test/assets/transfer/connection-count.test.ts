import { expect, test } from "bun:test";
import {
  type ConnectionCount,
  createConnectionCount,
} from "../../../src/assets/transfer/connection-count.ts";

const MiB = 1 << 20;

/** Lets it find its number on a link that gives `rateOf` that many connections. */
function settle(count: ConnectionCount, rateOf: (connections: number) => number, intervals = 200): number[] {
  const seen: number[] = [];
  for (let i = 0; i < intervals; i++) {
    count.observe(rateOf(count.target), count.target);
    seen.push(count.target);
  }
  return seen;
}

test("a fast link keeps the two that it began with", () => {
  const count = createConnectionCount(4);
  expect(count.target).toBe(2);
  expect(new Set(settle(count, () => 500 * MiB, 40))).toEqual(new Set([2]));
});

test("a slow one gets the usual number at the first look", () => {
  const count = createConnectionCount(4);
  count.observe(MiB, 2);
  expect(count.target).toBe(4);
});

test("it grows as long as each connection brings its share, up to twice the usual", () => {
  const count = createConnectionCount(4);
  expect(Math.max(...settle(count, (connections) => connections * MiB))).toBe(8);
  expect(count.target).toBeGreaterThanOrEqual(7);
});

test("it stays where a further connection brings nothing, and drops those that are not missed", () => {
  const count = createConnectionCount(4);
  const seen = settle(count, () => 5 * MiB, 400);
  expect(Math.max(...seen)).toBe(5);
  expect(seen.at(-1)).toBeLessThan(4);
});

test("what a server refuses is not tried again", () => {
  const count = createConnectionCount(4);
  count.observe(MiB, 2);
  count.limit(3);
  expect(count.target).toBe(3);
  expect(Math.max(...settle(count, (connections) => connections * MiB))).toBe(3);
});

test("a failure halves it, and one is the least", () => {
  const count = createConnectionCount(4);
  count.observe(MiB, 2);
  count.halve();
  expect(count.target).toBe(2);
  count.halve();
  count.halve();
  expect(count.target).toBe(1);
});

test("who allows one connection has one", () => {
  const count = createConnectionCount(1);
  expect(new Set(settle(count, (connections) => connections * MiB))).toEqual(new Set([1]));
});

test("the end of a file, when fewer are at work than could be, tells nothing", () => {
  const count = createConnectionCount(4);
  count.observe(MiB, 2);
  for (let i = 0; i < 50; i++) count.observe(0, 1);
  expect(count.target).toBe(4);
});
