import { expect, test } from "bun:test";
import { cutSequence } from "../../../../src/providers/llm/local/cut-sequence.ts";

test("each head keeps its first places, of whatever numbers", () => {
  // Two heads, three places, two numbers each: head, place, number.
  const places = [111, 112, 121, 122, 131, 132, 211, 212, 221, 222, 231, 232];
  const kept = [111, 112, 121, 122, 211, 212, 221, 222];
  expect(cutSequence(Float32Array.from(places), [1, 2, 3, 2], 2)).toEqual({
    data: Float32Array.from(kept),
    dims: [1, 2, 2, 2],
  });
  expect(cutSequence(Uint16Array.from(places), [2, 1, 3, 2], 2)).toEqual({
    data: Uint16Array.from(kept),
    dims: [2, 1, 2, 2],
  });
});

test("what is cut off does not keep the rest in memory", () => {
  const { data } = cutSequence(new Float32Array(1000), [1, 1, 100, 10], 1);
  expect(data.buffer.byteLength).toBe(40);
});
