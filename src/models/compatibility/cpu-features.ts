// Which vector instructions the processor has; the engines are built for them.
export interface CpuFeatures {
  /** Null where the system does not say. */
  avx: boolean | null;
  avx2: boolean | null;
  avx512: boolean | null;
  neon: boolean | null;
}

export interface Cpu {
  model: string | null;
  features: CpuFeatures;
}

/** Linux: `/proc/cpuinfo`, whose words are those of the kernel (arch/x86/include/asm/cpufeatures.h). */
export function parseCpuInfo(text: string, architecture: string): Cpu {
  const words = new Set(/^(?:flags|Features)\s*:(.*)$/m.exec(text)?.[1]?.trim().toLowerCase().split(/\s+/));
  const model = /^(?:model name|Model)\s*:\s*(.+)$/m.exec(text)?.[1]?.trim() ?? null;
  return { model, features: buildFeatures(words, architecture) };
}

/** macOS: what `sysctl` says of machdep.cpu.brand_string, .features and .leaf7_features, a line each. */
export function parseSysctl(text: string, architecture: string): Cpu {
  const [model = "", ...lines] = text.split("\n");
  const words = new Set(lines.join(" ").toLowerCase().replace("avx1.0", "avx").split(/\s+/));
  return { model: model.trim() || null, features: buildFeatures(words, architecture) };
}

function buildFeatures(words: ReadonlySet<string>, architecture: string): CpuFeatures {
  // Every 64-bit ARM has it (Armv8-A, "Advanced SIMD"), whatever the system calls it.
  if (architecture === "arm64") return { avx: false, avx2: false, avx512: false, neon: true };
  const neon = words.has("neon") || words.has("asimd");
  if (architecture !== "x64" && architecture !== "ia32") {
    return { avx: false, avx2: false, avx512: false, neon };
  }
  const avx512 = words.has("avx512f");
  const avx2 = words.has("avx2") || avx512;
  return { avx: words.has("avx") || avx2, avx2, avx512, neon: false };
}

/** Of a system that nobody has taught us to ask. */
export const unknownCpu = (architecture: string): Cpu =>
  architecture === "arm64"
    ? { model: null, features: buildFeatures(new Set(), architecture) }
    : { model: null, features: { avx: null, avx2: null, avx512: null, neon: null } };
