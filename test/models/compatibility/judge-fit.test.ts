import { describe, expect, test } from "bun:test";
import { judgeFit, listPatterns, selectFittingVariant } from "../../../src/models/compatibility/judge-fit.ts";
import type { Machine } from "../../../src/models/compatibility/machine.ts";
import { computeNeeds } from "../../../src/models/compatibility/needs.ts";
import { matchesPattern } from "../../../src/assets/sources/name-pattern.ts";
import type { HubFile } from "../../../src/models/hub/port.ts";

const gib = 2 ** 30;
const file = (path: string, sizeGib: number): HubFile => ({ path, sizeBytes: sizeGib * gib, sha256: null });

interface Changes {
  ram?: number;
  free?: number;
  disk?: number;
  vram?: number;
  avx?: boolean;
  avx2?: boolean;
  limit?: number;
}

function machineWith({
  ram = 64,
  free = ram,
  disk = 1000,
  vram,
  avx = true,
  avx2 = avx,
  limit,
}: Changes): Machine {
  return {
    platform: "linux",
    architecture: "x64",
    cpu: { model: "x", cores: 8, features: { avx, avx2, avx512: false, neon: false } },
    memory: {
      totalBytes: ram * gib,
      availableBytes: free * gib,
      limitBytes: limit === undefined ? null : limit * gib,
    },
    disk: { path: "/models", freeBytes: disk * gib },
    gpus:
      vram === undefined
        ? []
        : [{ name: "gpu", memoryBytes: vram * gib, freeMemoryBytes: vram * gib, driver: null }],
  };
}

describe("needs", () => {
  test("of GGUF are 1.2 times its size of memory and 1.1 times of disk", () => {
    expect(computeNeeds([file("m.Q4_K_M.GGUF", 10)])).toEqual({
      format: "gguf",
      sizeBytes: 10 * gib,
      loadedBytes: 10 * gib,
      ramBytes: 12 * gib,
      diskBytes: 11 * gib,
      vramBytes: null,
      isGpuRecommended: false,
    });
  });

  test("of others are twice of memory, 1.2 of disk, and a graphics card's from a certain size on", () => {
    const needs = (size: number) => computeNeeds([file("model.safetensors", size)]);
    expect(needs(1)).toMatchObject({ ramBytes: 2 * gib, diskBytes: Math.ceil(1.2 * gib), vramBytes: null });
    expect(needs(2)).toMatchObject({ vramBytes: 3 * gib, isGpuRecommended: false });
    expect(needs(3)).toMatchObject({ ramBytes: 6 * gib, vramBytes: 4.5 * gib, isGpuRecommended: true });
  });

  test("of several variants are those of the largest in memory, and those of all on disk", () => {
    const files = [file("m.Q2_K.gguf", 2), file("m.Q8_0.gguf", 8), file("tokenizer.json", 1)];
    expect(computeNeeds(files)).toMatchObject({
      sizeBytes: 11 * gib,
      loadedBytes: 9 * gib,
      diskBytes: Math.ceil(12.1 * gib),
    });
  });
});

describe("the verdict", () => {
  const q4 = [file("m.Q4_K_M.gguf", 10)];
  const weights = [file("model.safetensors", 3)];

  test.each<[string, Changes, HubFile[], "ok" | "warn" | "no", string]>([
    ["room enough", { ram: 12, disk: 11 }, q4, "ok", ""],
    ["too little memory", { ram: 11.9 }, q4, "no", "12.0 GiB of memory"],
    ["a limit that is too low", { ram: 8, limit: 8 }, q4, "no", "the control group allows 8.0 GiB"],
    ["memory that is taken now", { ram: 64, free: 5 }, q4, "warn", "5.0 GiB are free now"],
    ["too little disk", { disk: 10.9 }, q4, "no", "/models has 10.9 GiB left"],
    ["no AVX", { avx: false }, q4, "warn", "no AVX"],
    ["no AVX2", { avx2: false }, q4, "warn", "AVX2"],
    ["no graphics card for what is large", {}, weights, "warn", "graphics card is recommended"],
    [
      "a graphics card that is too small",
      { vram: 4 },
      weights,
      "warn",
      "4.5 GiB of memory, the largest here has 4.0 GiB",
    ],
    ["a graphics card that is large enough", { vram: 5 }, weights, "ok", ""],
  ])("with %s", (_, changes, files, compatibility, hint) => {
    const fit = judgeFit(machineWith(changes), files);
    expect(fit.compatibility).toBe(compatibility);
    if (hint === "") expect([fit.warnings, fit.recommendations]).toEqual([[], []]);
    else expect(fit.warnings.join("\n")).toContain(hint);
  });

  const repository = [
    file("m.Q2_K.gguf", 3),
    file("m.Q4_K_M.gguf", 5),
    file("m.Q8_0-00001-of-00002.gguf", 8),
    file("m.Q8_0-00002-of-00002.gguf", 4),
    file("README.md", 0.001),
  ];

  test("names the largest variant of the repository that fits", () => {
    const machine = machineWith({ ram: 8 });
    const [advice, ...others] = judgeFit(machine, repository).recommendations;
    expect(advice).toBe("take Q4_K_M (5.0 GiB), which fits: --include 'm.Q4_K_M.gguf'");
    expect(others).toEqual([]);
    expect(judgeFit(machine, [repository[2]!, repository[3]!], repository).recommendations).toEqual([
      advice!,
    ]);
    expect(selectFittingVariant(machine, repository)?.name).toBe("Q4_K_M");
    expect(selectFittingVariant(machineWith({ ram: 16 }), repository)?.name).toBe("Q8_0");
  });

  test("prefers what fits now, and names nothing that is no better than what was chosen", () => {
    const tight = machineWith({ ram: 8, free: 4 });
    expect(judgeFit(tight, [repository[1]!], repository).recommendations.join()).toContain("Q2_K");
    const slow = judgeFit(machineWith({ avx2: false }), [repository[1]!], repository);
    expect([slow.compatibility, slow.recommendations]).toEqual(["warn", []]);
  });

  test("where nothing fits says what is missing", () => {
    const fit = judgeFit(machineWith({ ram: 2, disk: 1 }), repository);
    expect(fit.recommendations[0]).toContain("14.4 GiB of memory");
    expect(fit.recommendations[1]).toContain("troupe models gc");
    expect(selectFittingVariant(machineWith({ ram: 2 }), repository)).toBeNull();
  });
});

test("patterns let exactly the variant's files through", () => {
  const files = [file("a[1]/m*.gguf", 1)];
  const [pattern = ""] = listPatterns({ files });
  expect(matchesPattern("a[1]/m*.gguf", pattern)).toBe(true);
  for (const other of ["a1/m*.gguf", "a[1]/mm.gguf"]) expect(matchesPattern(other, pattern)).toBe(false);
});
