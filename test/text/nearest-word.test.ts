import { expect, test } from "bun:test";
import { editDistance, selectNearest } from "../../src/text/nearest-word.ts";

test("a misspelt verb finds its neighbour, a foreign one none", () => {
  expect(selectNearest("trnascribe", ["serve", "say", "transcribe"])).toBe("transcribe");
  expect(selectNearest("SERVE", ["serve"])).toBe("serve");
  expect(selectNearest("xyzzy", ["serve", "say"])).toBeUndefined();
});

test("edit distance counts insertions, deletions and substitutions", () => {
  expect(editDistance("", "abc")).toBe(3);
  expect(editDistance("kitten", "sitting")).toBe(3);
  expect(editDistance("same", "same")).toBe(0);
});
