import { expect, test } from "bun:test";
import { findLoopCut } from "../../src/speech/find-loop.ts";

const repeat = (items: number[], times: number): number[] =>
  Array.from({ length: times }, () => items).flat();

test("a loop is cut after its first round", () => {
  expect(findLoopCut([5, 6, ...repeat([7], 16)])).toBe(3);
  expect(findLoopCut([5, 6, ...repeat([1, 2, 3, 4, 5], 4)])).toBe(7);
  expect(findLoopCut(repeat([1, 2, 3, 4, 5, 6, 7, 8], 4))).toBe(8);
});

test("words are as good as tokens", () => {
  expect(findLoopCut("and so on and so on and so on and so on and so on and so on".split(" "))).toBe(3);
});

test("what people say is no loop", () => {
  expect(findLoopCut(repeat([7], 8))).toBeUndefined();
  expect(findLoopCut(repeat([1, 2, 3, 4, 5], 3))).toBeUndefined();
  expect(findLoopCut([1, 2, 3, 4, 5, 6, 7, 8, 9])).toBeUndefined();
  expect(findLoopCut([])).toBeUndefined();
});
