import { describe, expect, test } from "bun:test";
import { chmod } from "node:fs/promises";
import { join } from "node:path";
import { runProgram } from "../../../src/models/compatibility/gpus.ts";
import { type ProbeDependencies, probeMachine } from "../../../src/models/compatibility/machine.ts";
import { createTempFolder } from "../../support/temp-folder.ts";

const gib = 2 ** 30;

/** A Linux machine with these files, and whatever else is given. */
const machineOf = (files: Record<string, string>, changes: ProbeDependencies = {}) =>
  probeMachine("/models", {
    platform: "linux",
    architecture: "x64",
    cores: 8,
    readText: async (path) => files[path] ?? null,
    run: async () => null,
    getFreeBytes: async () => 100 * gib,
    getMemory: () => ({ totalBytes: 32 * gib, freeBytes: 20 * gib }),
    ...changes,
  });

const cpuInfo = (flags: string): string =>
  `processor\t: 0\nmodel name\t: Some CPU @ 3 GHz\nflags\t\t: fpu sse sse2 ${flags}\n\nprocessor\t: 1\n`;

describe("the processor", () => {
  test.each([
    ["", { avx: false, avx2: false, avx512: false, neon: false }],
    ["avx", { avx: true, avx2: false, avx512: false, neon: false }],
    ["avx2", { avx: true, avx2: true, avx512: false, neon: false }],
    ["avx avx2 avx512f avx512vl", { avx: true, avx2: true, avx512: true, neon: false }],
    ["avx512f", { avx: true, avx2: true, avx512: true, neon: false }],
    ["avx512_vnni avx_vnni", { avx: false, avx2: false, avx512: false, neon: false }],
  ])("with the flags %p has what they mean", async (flags, features) => {
    const { cpu } = await machineOf({ "/proc/cpuinfo": cpuInfo(flags) });
    expect(cpu).toEqual({ model: "Some CPU @ 3 GHz", features, cores: 8 });
  });

  test("of 64-bit ARM has NEON, that of 32-bit ARM where it says so", async () => {
    const neon = async (architecture: string, features: string) =>
      (await machineOf({ "/proc/cpuinfo": `Features\t: ${features}\n` }, { architecture })).cpu.features.neon;
    expect(await neon("arm64", "fp asimd")).toBe(true);
    expect(await neon("arm", "half thumb neon vfpv4")).toBe(true);
    expect(await neon("arm", "half thumb")).toBe(false);
  });

  test("of a Mac is asked of sysctl", async () => {
    const intel = await machineOf(
      {},
      {
        platform: "darwin",
        run: async (name) => (name === "sysctl" ? "Intel i9\nFPU AVX1.0\nAVX2 BMI2\n" : null),
      },
    );
    expect(intel.cpu).toMatchObject({
      model: "Intel i9",
      features: { avx: true, avx2: true, avx512: false, neon: false },
    });
    const apple = await machineOf(
      {},
      {
        platform: "darwin",
        architecture: "arm64",
        run: async (name, args) => (name === "sysctl" && args.length === 2 ? "Apple M3\n" : null),
      },
    );
    expect(apple.cpu).toMatchObject({ model: "Apple M3", features: { neon: true, avx: false } });
  });

  test("of a system that cannot be asked is not guessed", async () => {
    const { cpu } = await machineOf({}, { platform: "win32" });
    expect(cpu.features).toEqual({ avx: null, avx2: null, avx512: null, neon: null });
  });
});

describe("memory", () => {
  const info = "MemTotal:       16777216 kB\nMemFree:  1 kB\nMemAvailable:    8388608 kB\n";

  test("is what Linux says is available, not merely free", async () => {
    const { memory } = await machineOf({ "/proc/meminfo": info });
    expect(memory).toEqual({ totalBytes: 16 * gib, availableBytes: 8 * gib, limitBytes: null });
    const bare = await machineOf({});
    expect(bare.memory).toEqual({ totalBytes: 32 * gib, availableBytes: 20 * gib, limitBytes: null });
  });

  test("is no more than any control group above allows", async () => {
    const { memory } = await machineOf({
      "/proc/meminfo": info,
      "/proc/self/cgroup": "0::/user.slice/app.scope\n",
      "/sys/fs/cgroup/user.slice/app.scope/memory.max": "max\n",
      "/sys/fs/cgroup/user.slice/memory.max": String(4 * gib),
      "/sys/fs/cgroup/user.slice/memory.current": String(3 * gib),
      "/sys/fs/cgroup/user.slice/memory.stat": `anon 5\ninactive_file ${2 * gib}\n`,
      "/sys/fs/cgroup/memory.max": "max\n",
    });
    expect(memory).toEqual({ totalBytes: 4 * gib, availableBytes: 3 * gib, limitBytes: 4 * gib });
  });

  test("in a container is limited at the root that it sees", async () => {
    const { memory } = await machineOf({
      "/proc/meminfo": info,
      "/proc/self/cgroup": "0::/\n",
      "/sys/fs/cgroup/memory.max": String(2 * gib),
      "/sys/fs/cgroup/memory.current": String(gib),
    });
    expect(memory).toEqual({ totalBytes: 2 * gib, availableBytes: gib, limitBytes: 2 * gib });
  });

  test("of a first-generation control group counts too, unless it is without limit", async () => {
    const files = (limit: string): Record<string, string> => ({
      "/proc/meminfo": info,
      "/proc/self/cgroup": "12:cpu,cpuacct:/x\n5:memory:/docker/abc\n",
      "/sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes": limit,
      "/sys/fs/cgroup/memory/docker/abc/memory.usage_in_bytes": String(gib),
      "/sys/fs/cgroup/memory/docker/abc/memory.stat": `total_inactive_file ${gib / 2}\n`,
    });
    expect((await machineOf(files(String(2 * gib)))).memory).toEqual({
      totalBytes: 2 * gib,
      availableBytes: 1.5 * gib,
      limitBytes: 2 * gib,
    });
    expect((await machineOf(files("9223372036854771712"))).memory.limitBytes).toBeNull();
  });

  test("of a limit beyond the machine is the machine's", async () => {
    const { memory } = await machineOf({
      "/proc/meminfo": info,
      "/sys/fs/cgroup/memory.max": String(64 * gib),
    });
    expect(memory).toEqual({ totalBytes: 16 * gib, availableBytes: 8 * gib, limitBytes: null });
  });
});

describe("graphics cards", () => {
  test("are those that nvidia-smi lists", async () => {
    const run: ProbeDependencies["run"] = async (name, args) =>
      name === "nvidia-smi" && args.join(" ").includes("memory.total")
        ? "NVIDIA GeForce RTX 3060, 12288, 11909, 550.54.14\nNVIDIA A100, 40GB, 40960, 40000, \nFailed\n"
        : null;
    const { gpus } = await machineOf({}, { run });
    expect(gpus).toEqual([
      {
        name: "NVIDIA GeForce RTX 3060",
        memoryBytes: 12 * gib,
        freeMemoryBytes: 11_909 * 2 ** 20,
        driver: "550.54.14",
      },
      { name: "NVIDIA A100, 40GB", memoryBytes: 40 * gib, freeMemoryBytes: 40_000 * 2 ** 20, driver: null },
    ]);
    expect((await machineOf({})).gpus).toEqual([]);
  });

  test("a program is run for what it prints; one that fails or is not there has printed nothing", async () => {
    await using folder = await createTempFolder();
    const path = await folder.write("tool", '#!/bin/sh\necho "$1 ${HOME:-none}"\nexit "$2"\n');
    await chmod(path, 0o755);
    expect(await runProgram(path, ["hello", "0"])).toBe("hello none\n");
    expect(await runProgram(path, ["hello", "3"])).toBeNull();
    expect(await runProgram(join(folder.path, "nope"), [])).toBeNull();
  });
});

test("this machine can be asked", async () => {
  const machine = await probeMachine("/a/folder/that/is/not/there");
  expect(machine.memory.totalBytes).toBeGreaterThan(2 ** 28);
  expect(machine.memory.availableBytes).toBeLessThanOrEqual(machine.memory.totalBytes);
  expect(machine.cpu.cores).toBeGreaterThan(0);
  expect(machine.disk.freeBytes).toBeGreaterThan(0);
  if (machine.cpu.features.avx2 === true) expect(machine.cpu.features.avx).toBe(true);
});
