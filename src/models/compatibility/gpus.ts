// Graphics cards, as their maker's own tool lists them.
export interface Gpu {
  name: string;
  memoryBytes: number;
  freeMemoryBytes: number;
  driver: string | null;
}

/** The program's stdout; null when it is not there, fails, or takes too long. */
export type RunProgram = (program: string, args: readonly string[]) => Promise<string | null>;

export async function probeGpus(run: RunProgram): Promise<Gpu[]> {
  const fields = "name,memory.total,memory.free,driver_version";
  const text = await run("nvidia-smi", [`--query-gpu=${fields}`, "--format=csv,noheader,nounits"]);
  return (text ?? "").split("\n").flatMap((line) => parseGpu(line) ?? []);
}

/** "NVIDIA GeForce RTX 3060, 12288, 11909, 550.54.14"; MiB. Names may have commas, so it is read from its end. */
function parseGpu(line: string): Gpu | null {
  const [, name, total, free, driver] = /^(.+),\s*(\d+),\s*(\d+),\s*([^,]*)$/.exec(line.trim()) ?? [];
  if (name === undefined || total === undefined || free === undefined) return null;
  return {
    name: name.trim(),
    memoryBytes: Number(total) * 2 ** 20,
    freeMemoryBytes: Number(free) * 2 ** 20,
    driver: driver?.trim() || null,
  };
}

const timeoutMs = 5000;
const maxOutputBytes = 64 << 10;

/** Without this process's environment: it holds what is nobody's business. */
export const runProgram: RunProgram = async (program, args) => {
  const path = Bun.which(program);
  if (path === null) return null;
  const child = Bun.spawn([path, ...args], {
    env: {},
    stdio: ["ignore", "pipe", "ignore"],
    timeout: timeoutMs,
    maxBuffer: maxOutputBytes,
  });
  const text = await new Response(child.stdout).text();
  return (await child.exited) === 0 ? text : null;
};
