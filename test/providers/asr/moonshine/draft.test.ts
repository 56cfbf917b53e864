import { expect, test } from "bun:test";
import { findContinuation } from "../../../../src/providers/asr/moonshine/draft.ts";

test("two tokens in a row lead back into the draft", () => {
  expect(findContinuation([1, 2, 3, 4, 5, 6], [1, 9, 3, 4])).toEqual([5, 6]);
});

test("of several places the nearest to where we are counts", () => {
  expect(findContinuation([7, 8, 1, 2, 3, 7, 8, 4], [9, 9, 9, 9, 7, 8])).toEqual([4]);
  expect(findContinuation([7, 8, 1, 2, 3, 7, 8, 4], [7, 8])).toEqual([1, 2, 3, 7, 8, 4]);
});

test("nothing in common leads nowhere", () => {
  expect(findContinuation([1, 2, 3], [3, 2])).toEqual([]);
  expect(findContinuation([1, 2, 3], [1])).toEqual([]);
  expect(findContinuation([], [1, 2])).toEqual([]);
  expect(findContinuation([1, 2], [1, 2])).toEqual([]);
});
