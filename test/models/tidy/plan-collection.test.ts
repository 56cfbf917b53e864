import { describe, expect, test } from "bun:test";
import {
  type Collectable,
  type CollectionSnapshot,
  planCollection,
} from "../../../src/models/tidy/plan-collection.ts";

const install = (
  modelId: string,
  sizeBytes: number,
  usedAtMs: number,
  kind: Collectable["kind"] = "install",
) => ({
  kind,
  modelId,
  path: `/m/${modelId}`,
  sizeBytes,
  usedAtMs,
});

const snapshot = (candidates: Collectable[], more: Partial<CollectionSnapshot> = {}): CollectionSnapshot => ({
  candidates,
  usedBytes: 100,
  installedBytes: 100,
  disk: { totalBytes: 1000, freeBytes: 900 },
  ...more,
});

const names = (candidates: Collectable[], goal: object, more: Partial<CollectionSnapshot> = {}): string[] =>
  planCollection(snapshot(candidates, more), goal).map(({ modelId }) => modelId);

const three = [install("young", 40, 3), install("old", 30, 1), install("middle", 30, 2)];

describe("a collection", () => {
  test("takes the least recently used first, until the target is freed", () => {
    expect(names(three, { targetBytes: 30 })).toEqual(["old"]);
    expect(names(three, { targetBytes: 31 })).toEqual(["old", "middle"]);
    expect(names(three, { targetBytes: 1000 })).toEqual(["old", "middle", "young"]);
    expect(names(three, { targetBytes: 0 })).toEqual([]);
  });

  test("goes down to a quota, and does nothing under it", () => {
    expect(names(three, { quotaBytes: 100 })).toEqual([]);
    expect(names(three, { quotaBytes: 99 })).toEqual(["old"]);
    expect(names(three, { quotaBytes: 40 })).toEqual(["old", "middle"]);
  });

  test("with both goals reaches both", () => {
    expect(names(three, { quotaBytes: 90, targetBytes: 60 })).toEqual(["old", "middle"]);
  });

  test("without a goal acts on a disk that is more than 85 % full, and frees a fifth of what is installed", () => {
    const disk = (freeBytes: number) => ({ disk: { totalBytes: 1000, freeBytes } });
    expect(names(three, {}, disk(150))).toEqual([]);
    expect(names(three, {}, disk(149))).toEqual(["old"]);
    expect(names(three, {}, { ...disk(149), installedBytes: 200 })).toEqual(["old", "middle"]);
  });

  test("takes records of nothing before all, and unfinished downloads before installs", () => {
    const all = [
      ...three,
      install("part", 5, 9, "part"),
      install("gone", 0, 9, "gone"),
      install("void", 0, 8, "gone"),
    ];
    expect(names(all, { targetBytes: 10 })).toEqual(["void", "gone", "part", "old"]);
    // Nothing to be done is nothing at all.
    expect(names(all, { quotaBytes: 100 })).toEqual([]);
  });

  test("for a quota leaves unfinished downloads, which no quota counts", () => {
    expect(names([install("part", 5, 0, "part"), ...three], { quotaBytes: 80 })).toEqual(["old"]);
  });

  test("of the same age takes them by name, so that two runs choose alike", () => {
    const same = [install("b", 10, 1), install("a", 10, 1), install("c", 10, 1)];
    expect(names(same, { targetBytes: 15 })).toEqual(["a", "b"]);
  });
});
