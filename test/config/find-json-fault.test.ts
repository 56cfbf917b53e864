import { expect, test } from "bun:test";
import { findJsonFault } from "../../src/config/find-json-fault.ts";

test.each([
  ['{"a": [1, -2.5e+3, true, null, "x\\u00e9\\n"], "b": {}, "c": []}'],
  ["[]"],
  [' "text" '],
  ["[[[{}]]]"],
])("%s has none", (text) => {
  expect(() => JSON.parse(text) as unknown).not.toThrow();
  expect(findJsonFault(text)).toBe(null);
});

test.each([
  ['{"a": 1,}', 8],
  ["[1, 2,]", 6],
  ['// a remark\n{"a": 1}', 0],
  ['{"a": 1} // a remark', 9],
  ["{a: 1}", 1],
  ["{'a': 1}", 1],
  ['{"a" 1}', 5],
  ['{"a": 1 "b": 2}', 8],
  ['{"a": 01}', 7],
  ['{"a": "tab\there"}', 6],
  ['{"a": [}', 7],
  ['{"a": 1]', 7],
  ['{"a": 1', 7],
  ["", 0],
  ["[1] [2]", 4],
  ["a: 1", 0],
  ["\u00a0[]", 0],
])("%j has one at %d", (text, offset) => {
  expect(() => JSON.parse(text) as unknown).toThrow();
  expect(findJsonFault(text)).toBe(offset);
});
