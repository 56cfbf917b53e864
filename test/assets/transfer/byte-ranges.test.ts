import { expect, test } from "bun:test";
import { array, assert, integer, nat, property, tuple } from "fast-check";
import {
  addRange,
  type ByteRange,
  countBytes,
  parseContentRange,
  planGaps,
} from "../../../src/assets/transfer/byte-ranges.ts";

const seed = Date.now() % 2 ** 31;
const sizeBytes = 200;
const range = tuple(nat(sizeBytes), nat(sizeBytes)).map(
  ([a, b]): ByteRange => [Math.min(a, b), Math.max(a, b)],
);

const mark = (ranges: readonly ByteRange[]): boolean[] => {
  const marks = Array.from({ length: sizeBytes }, () => false);
  for (const [start, end] of ranges) marks.fill(true, start, end);
  return marks;
};

test(`added ranges are the union, sorted and joined (seed ${seed})`, () => {
  assert(
    property(array(range, { maxLength: 12 }), (added) => {
      const result = added.reduce<ByteRange[]>(addRange, []);
      expect(mark(result)).toEqual(mark(added));
      expect(countBytes(result)).toBe(mark(added).filter(Boolean).length);
      for (const [i, [start, end]] of result.entries()) {
        expect(start).toBeLessThan(end);
        expect(start).toBeGreaterThan(result[i - 1]?.[1] ?? -1); // joined ones do not touch
      }
    }),
    { seed },
  );
});

test(`gaps are exactly what is missing, in small enough pieces (seed ${seed})`, () => {
  assert(
    property(array(range, { maxLength: 8 }), integer({ min: 1, max: 90 }), (added, pieceBytes) => {
      const done = added.reduce<ByteRange[]>(addRange, []);
      const gaps = planGaps(done, sizeBytes, pieceBytes);
      expect(mark(gaps)).toEqual(mark(done).map((is) => !is));
      expect(countBytes(gaps)).toBe(sizeBytes - countBytes(done)); // no two overlap
      for (const [start, end] of gaps) {
        expect(end - start).toBeGreaterThan(0);
        expect(end - start).toBeLessThanOrEqual(pieceBytes);
      }
    }),
    { seed },
  );
});

test("Content-Range is read in its three forms", () => {
  expect(parseContentRange("bytes 0-99/1234")).toEqual({ range: [0, 100], totalBytes: 1234 });
  expect(parseContentRange("bytes 5-9/*")).toEqual({ range: [5, 10], totalBytes: null });
  expect(parseContentRange("bytes */1234")).toEqual({ range: null, totalBytes: 1234 });
  expect(parseContentRange("items 0-9/10")).toBe(null);
  expect(parseContentRange(null)).toBe(null);
});
