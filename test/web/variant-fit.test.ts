import { describe, expect, test } from "bun:test";
import type { Fit } from "../../src/web/hub-api.ts";
import { judgeVariants, selectVariant } from "../../src/web/variant-fit.ts";

const variants = [1, 2, 4, 8].map((size) => ({
  name: `Q${size}`,
  size: size * 100,
  files: [`q${size}.gguf`],
}));
const fit = (total: number, available: number, free: number): Fit => ({
  system: { memory: { total, available }, disk: { free } },
  // GGUF: 1.2 times its size of memory, 1.1 times of disk.
  model_requirements: { size: 100, ram: 120, disk: 110 },
  compatibility: "ok",
  warnings: [],
  recommendations: [],
});

describe("the sizes of a model", () => {
  test("fit, are tight, or are too large, by memory and by disk", () => {
    expect(judgeVariants(variants, fit(500, 250, 10_000))).toEqual({
      Q1: "ok",
      Q2: "ok",
      Q4: "warn",
      Q8: "no",
    });
    expect(judgeVariants(variants, fit(10_000, 10_000, 230))).toEqual({
      Q1: "ok",
      Q2: "ok",
      Q4: "no",
      Q8: "no",
    });
  });

  test("are not judged by a verdict on nothing", () => {
    expect(judgeVariants(variants, { ...fit(1, 1, 1), model_requirements: null })).toEqual({});
    expect(
      judgeVariants(variants, { ...fit(1, 1, 1), model_requirements: { size: 0, ram: 0, disk: 0 } }),
    ).toEqual({});
  });

  test("are chosen from: the largest that fits, else the largest that runs, else the smallest", () => {
    const choose = (fits: Record<string, "ok" | "warn" | "no">) => selectVariant(variants, fits)?.name;
    expect(choose({ Q1: "ok", Q2: "ok", Q4: "warn", Q8: "no" })).toBe("Q2");
    expect(choose({ Q1: "warn", Q2: "warn", Q4: "no", Q8: "no" })).toBe("Q2");
    expect(choose({ Q1: "no", Q2: "no", Q4: "no", Q8: "no" })).toBe("Q1");
    expect(choose({})).toBe("Q1");
    expect(selectVariant([], {})).toBeUndefined();
  });
});
