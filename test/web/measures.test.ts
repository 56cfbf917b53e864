import { expect, test } from "bun:test";
import { formatBytes, formatCount, formatSeconds } from "../../src/web/measures.ts";

test("sizes are read at a glance, and never as 1024 of anything", () => {
  const shown = [0, 1023, 1024, 12_600, 2 ** 20, 88 * 2 ** 20, 1023.9 * 2 ** 20, 1.4 * 2 ** 30, 2 ** 43];
  expect(shown.map(formatBytes)).toEqual([
    "0 B",
    "1023 B",
    "1 KiB",
    "12 KiB",
    "1.0 MiB",
    "88 MiB",
    "1.0 GiB",
    "1.4 GiB",
    "8.0 TiB",
  ]);
});

test("times grow coarser as they grow", () => {
  expect([0, 0.2, 89, 90, 600, 5400, 9000].map(formatSeconds)).toEqual([
    "0 s",
    "1 s",
    "89 s",
    "2 min",
    "10 min",
    "1.5 h",
    "2.5 h",
  ]);
});

test("counts are short", () => {
  expect([0, 999, 1000, 1234, 12_345, 999_499, 999_500, 3_400_000].map(formatCount)).toEqual([
    "0",
    "999",
    "1k",
    "1.2k",
    "12k",
    "999k",
    "1M",
    "3.4M",
  ]);
});
