// Characters: a cold start with many files, a save until it stands, pauses while everything reloads, memory over thousands
// of reloads. Alone: bun scripts/benchmarks/characters.ts [--files 1000] [--saves 200] [--reloads 10000] [--broken]
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createCharacterStage, type LiveCharacterStage } from "../../src/characters/character-stage.ts";
import { measurePingedReload, type PingedReload } from "./reload-under-ping.ts";

const fileBytes = 6000;
const bytesPerMb = 1024 * 1024;

export interface CharacterFigures {
  files: number;
  /** Beyond an empty folder; until every file has its outcome. */
  coldMs: { median: number; runs: number };
  /** The same with a fifth of the files broken (syntax, imports, throws, exits, endless waits): until the good ones stand. */
  coldWithBrokenMs: number | null;
  saveToStageMs: { median: number; p99: number; saves: number; files: number };
  /** Beyond 5 ms, as a timer in the serving process sees it while every file is evaluated again. */
  longestPauseMs: number;
  pinged: PingedReload;
  firstPromptMs: number;
  nextPromptMs: number;
  /** Resident memory, MiB; `trial` and `talk` are the two character hosts. */
  emptyHostMb: { trial: number; talk: number };
  memoryMb: {
    reloads: number;
    serving: { after100: number; afterAll: number };
    trial: { after100: number; afterAll: number };
    talk: { after100: number; afterAll: number };
  };
}

const quantile = (values: readonly number[], share: number): number => {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
};

function fileText(index: number, mark = 0): string {
  const head = `// Character ${index}, as the benchmark writes it.
export const CHARACTER_NAME: string = "Character ${index}";
export const VOICE_SOURCE = { source_type: "kokoro", voice: "af_heart" } as const;
export const INSTRUCTIONS = { type: "smalltalk", language: "en" } as const;
export const METADATA = { good: true, mark: ${mark} };
interface Context { now: Date; random: () => number; userName?: string }
export class PromptGenerator {
  private readonly instructions: typeof INSTRUCTIONS;
  constructor(instructions: typeof INSTRUCTIONS) { this.instructions = instructions; }
  makeSystemPrompt(context: Context): string {
    return \`You speak \${this.instructions.language}. \${LINES[Math.floor(context.random() * LINES.length)]}\`;
  }
  *reply(): Iterable<string> { yield LINES[0] ?? ""; }
}
const LINES: readonly string[] = [
`;
  const lines: string[] = [];
  let size = head.length + 3;
  for (let line = 0; size < fileBytes; line++) {
    lines.push(
      `  "Line ${line} of what character ${index} has to say about the weather, the sea and the town.",\n`,
    );
    size += lines[line]?.length ?? 0;
  }
  return `${head}${lines.join("")}];\n`;
}

const breakages = [
  "let x = ;\n",
  'import { gone } from "./gone.ts"; export { gone };\n',
  'throw new Error("broken");\n',
  "process.exit(1);\n",
  "await new Promise(() => {});\n",
];

async function writeCast(folder: string, count: number, isFifthBroken = false): Promise<void> {
  for (let index = 0; index < count; index++) {
    const breakage =
      isFifthBroken && index % 5 === 4 ? (breakages[((index / 5) % breakages.length) | 0] ?? "") : "";
    await Bun.write(join(folder, `c${String(index).padStart(4, "0")}.ts`), breakage + fileText(index));
  }
}

async function withFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "troupe-bench-"));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const open = (folder: string, watch: boolean): Promise<LiveCharacterStage> =>
  createCharacterStage({ emit: () => undefined }, { folder, watch, evaluateTimeoutMs: 2000 });

async function timeColdStart(folder: string): Promise<number> {
  const startMs = performance.now();
  await using stage = await open(folder, false);
  await stage.settled();
  return performance.now() - startMs;
}

async function timeUntilGoodStand(folder: string, count: number): Promise<number> {
  const startMs = performance.now();
  await using stage = await open(folder, false);
  const { promise, resolve } = Promise.withResolvers<void>();
  const check = (): void => {
    if (stage.book.characters.length === count) resolve();
  };
  using _subscription = stage.onChange(check);
  check();
  await promise;
  return performance.now() - startMs;
}

async function measureCold(files: number, runs: number): Promise<number[]> {
  return withFolder(async (folder) => {
    const emptyMs = await timeColdStart(folder);
    await writeCast(folder, files);
    const times: number[] = [];
    for (let run = 0; run < runs; run++) times.push((await timeColdStart(folder)) - emptyMs);
    return times;
  });
}

/** Until the book holds what was saved. */
async function measureSaves(stage: LiveCharacterStage, folder: string, saves: number): Promise<number[]> {
  const times: number[] = [];
  for (let save = 1; save <= saves; save++) {
    const { promise, resolve } = Promise.withResolvers<void>();
    using _subscription = stage.onChange((book) => {
      if (book.find("Character 0")?.metadata["mark"] === save) resolve();
    });
    const startMs = performance.now();
    await Bun.write(join(folder, "c0000.ts"), fileText(0, save));
    await promise;
    times.push(performance.now() - startMs);
  }
  return times;
}

async function measureLongestPause(run: () => Promise<unknown>): Promise<number> {
  const everyMs = 5;
  let longestMs = 0;
  let lastMs = performance.now();
  const timer = setInterval(() => {
    const nowMs = performance.now();
    longestMs = Math.max(longestMs, nowMs - lastMs - everyMs);
    lastMs = nowMs;
  }, everyMs);
  await run();
  clearInterval(timer);
  return longestMs;
}

/** The two hosts, trial first: they are started in that order. Linux. */
function childMemoryMb(): number[] {
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, "utf8").trim().split(" ");
  return children.filter(Boolean).map((pid) => {
    const pages = Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]);
    return (pages * 4096) / bytesPerMb;
  });
}

async function measureEmptyHosts(): Promise<CharacterFigures["emptyHostMb"]> {
  return withFolder(async (folder) => {
    await using stage = await open(folder, false);
    await stage.reload();
    // Both have started and made their spare cells by then.
    await Bun.sleep(500);
    const [trial = 0, talk = 0] = childMemoryMb();
    return { trial, talk };
  });
}

async function measureMemory(reloads: number): Promise<CharacterFigures["memoryMb"]> {
  return withFolder(async (folder) => {
    await writeCast(folder, 1);
    await using stage = await open(folder, false);
    const sample = (): [number, number, number] => {
      Bun.gc(true);
      const [trial = 0, talk = 0] = childMemoryMb();
      return [process.memoryUsage.rss() / bytesPerMb, trial, talk];
    };
    let after100 = sample();
    for (let reload = 1; reload <= reloads; reload++) {
      await Bun.write(join(folder, "c0000.ts"), fileText(0, reload));
      await stage.reload();
      await stage.book.find("Character 0")?.makeSystemPrompt({});
      if (reload === 100) after100 = sample();
    }
    const afterAll = sample();
    const [serving, trial, talk] = after100.map((mb, index) => ({
      after100: mb,
      afterAll: afterAll[index] ?? 0,
    }));
    const none = { after100: 0, afterAll: 0 };
    return { reloads, serving: serving ?? none, trial: trial ?? none, talk: talk ?? none };
  });
}

export async function measureCharacters(options: {
  files: number;
  saves: number;
  reloads: number;
  withBroken: boolean;
}): Promise<CharacterFigures> {
  const { files, saves, reloads, withBroken } = options;
  const cold = await measureCold(files, 3);
  const coldWithBrokenMs = withBroken
    ? await withFolder(async (folder) => {
        const emptyMs = await timeColdStart(folder);
        await writeCast(folder, files, true);
        return (await timeUntilGoodStand(folder, files - Math.floor(files / 5))) - emptyMs;
      })
    : null;
  const running = await withFolder(async (folder) => {
    await writeCast(folder, files);
    await using stage = await open(folder, true);
    await stage.settled();
    const savesMs = await measureSaves(stage, folder, saves);
    const longestPauseMs = await measureLongestPause(async () => {
      for (let round = 0; round < 3; round++) await stage.reload();
    });
    const character = stage.book.find("Character 1");
    const promptMs: number[] = [];
    for (let call = 0; call < 21; call++) {
      const startMs = performance.now();
      await character?.makeSystemPrompt({});
      promptMs.push(performance.now() - startMs);
    }
    return {
      saveToStageMs: { median: quantile(savesMs, 0.5), p99: quantile(savesMs, 0.99), saves, files },
      longestPauseMs,
      firstPromptMs: promptMs[0] ?? 0,
      nextPromptMs: quantile(promptMs.slice(1), 0.5),
    };
  });
  return {
    files,
    coldMs: { median: quantile(cold, 0.5), runs: cold.length },
    coldWithBrokenMs,
    ...running,
    pinged: await withFolder((folder) => measurePingedReload(folder, (cast) => writeCast(cast, files))),
    emptyHostMb: await measureEmptyHosts(),
    memoryMb: await measureMemory(reloads),
  };
}

export function describeCharacters(figures: CharacterFigures): [what: string, value: string][] {
  const { saveToStageMs, memoryMb, pinged } = figures;
  const ms = (value: number): string => `${value < 10 ? value.toFixed(1) : value.toFixed(0)} ms`;
  const growth = (name: "serving" | "trial" | "talk"): string => {
    const { after100, afterAll } = memoryMb[name];
    return `${name} ${after100.toFixed(0)} → ${afterAll.toFixed(0)} MiB`;
  };
  return [
    [`${figures.files} files of 6 kB, cold, beyond an empty cast`, ms(figures.coldMs.median)],
    ...(figures.coldWithBrokenMs === null
      ? []
      : [
          ["the same with a fifth broken, until the others stand", ms(figures.coldWithBrokenMs)] as [
            string,
            string,
          ],
        ]),
    [
      `save to stage among ${saveToStageMs.files} files, median / p99`,
      `${ms(saveToStageMs.median)} / ${ms(saveToStageMs.p99)}`,
    ],
    [`longest pause of the serving process while ${figures.files} files reload`, ms(figures.longestPauseMs)],
    [
      "slowest answer to an HTTP ping every 5 ms meanwhile, and 99th percentile; of an idle server",
      `${ms(pinged.longestMs)}, ${ms(pinged.p99Ms)}; ${ms(pinged.idle.longestMs)}, ${ms(pinged.idle.p99Ms)}`,
    ],
    [
      "a character's first prompt / the next ones",
      `${ms(figures.firstPromptMs)} / ${ms(figures.nextPromptMs)}`,
    ],
    [
      "resident memory of an empty host, for trials / for talks",
      `${figures.emptyHostMb.trial.toFixed(0)} / ${figures.emptyHostMb.talk.toFixed(0)} MiB`,
    ],
    [
      `resident memory after 100 and after ${memoryMb.reloads} reloads of one file`,
      [growth("serving"), growth("trial"), growth("talk")].join(", "),
    ],
  ];
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      files: { type: "string", default: "1000" },
      saves: { type: "string", default: "200" },
      reloads: { type: "string", default: "10000" },
      broken: { type: "boolean", default: false },
    },
  });
  const figures = await measureCharacters({
    files: Number(values.files),
    saves: Number(values.saves),
    reloads: Number(values.reloads),
    withBroken: values.broken,
  });
  for (const [what, value] of describeCharacters(figures)) console.log(`${what}: ${value}`);
}
