// What this machine has for a model to run on.
import { readFile } from "node:fs/promises";
import { arch, availableParallelism, freemem, platform, totalmem } from "node:os";
import { type GetFreeBytes, getFreeBytes } from "../../assets/free-space.ts";
import { type Cpu, parseCpuInfo, parseSysctl, unknownCpu } from "./cpu-features.ts";
import { type Gpu, probeGpus, runProgram, type RunProgram } from "./gpus.ts";
import { type Memory, readMemory, type ReadText } from "./memory-limits.ts";

export interface Machine {
  /** Node's names: "linux", "darwin", "win32"; "x64", "arm64". */
  platform: string;
  architecture: string;
  cpu: Cpu & { cores: number };
  memory: Memory;
  disk: { path: string; freeBytes: number };
  gpus: readonly Gpu[];
}

/** Everything has a default that is this machine; tests hand in another one. */
export interface ProbeDependencies {
  platform?: string;
  architecture?: string;
  cores?: number;
  /** Null for a file that is not there. */
  readText?: ReadText;
  run?: RunProgram;
  getFreeBytes?: GetFreeBytes;
  getMemory?: () => { totalBytes: number; freeBytes: number };
}

/** `folder` is where models would land; its disk counts. Takes some 30 ms, with graphics cards half a second. */
export async function probeMachine(folder: string, dependencies: ProbeDependencies = {}): Promise<Machine> {
  const {
    readText = async (path) => readFile(path, "utf8").catch(() => null),
    run = runProgram,
    getMemory = () => ({ totalBytes: totalmem(), freeBytes: freemem() }),
  } = dependencies;
  const system = { platform: platform(), architecture: arch(), ...dependencies };
  const [cpu, memory, freeBytes, gpus] = await Promise.all([
    readCpu(system, readText, run),
    readMemory(system.platform === "linux" ? readText : async () => null, getMemory()),
    (dependencies.getFreeBytes ?? getFreeBytes)(folder),
    probeGpus(run),
  ]);
  return {
    platform: system.platform,
    architecture: system.architecture,
    cpu: { ...cpu, cores: dependencies.cores ?? availableParallelism() },
    memory,
    disk: { path: folder, freeBytes },
    gpus,
  };
}

async function readCpu(
  system: { platform: string; architecture: string },
  read: ReadText,
  run: RunProgram,
): Promise<Cpu> {
  const { architecture } = system;
  if (system.platform === "linux") {
    const text = await read("/proc/cpuinfo");
    if (text !== null) return parseCpuInfo(text, architecture);
  }
  if (system.platform === "darwin") {
    const names = ["brand_string", "features", "leaf7_features"].map((name) => `machdep.cpu.${name}`);
    // Apple's own processors have the first of them alone; asked for all, it fails and still prints what it knows.
    const text = (await run("sysctl", ["-n", ...names])) ?? (await run("sysctl", ["-n", names[0] ?? ""]));
    if (text !== null) return parseSysctl(text, architecture);
  }
  return unknownCpu(architecture);
}
