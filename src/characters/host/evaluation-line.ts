// Evaluates files in cells: each in a cell of its own when they are few, in batches when they are many, since a cell takes
// 3 ms to start and a file 0.3 ms to evaluate. Whatever goes wrong in a batch, the file concerned is evaluated again alone.
import { availableParallelism } from "node:os";
import { AppError } from "../../base/errors.ts";
import type { LoadProblem } from "../port.ts";
import type { CellPool } from "./cell-pool.ts";
import { problemOfOffence } from "./describe-problem.ts";
import type {
  CellEvaluation,
  CharacterSource,
  EvaluationOutcome,
  HostIncident,
  HostOptions,
} from "./host-protocol.ts";
import { createLingeringCells } from "./lingering-cells.ts";
import { openTenancy, type Tenancy } from "./tenancy.ts";
import { validateExports } from "./validate-exports.ts";

/** More waiting files than this are evaluated in batches. */
const aloneLimit = 48;
const maxBatch = 128;
/** Files of a batch between two looks at the built-ins that they share. */
const verifyEvery = 16;
const verifyTimeoutMs = 1000;
/** A file that takes longer no longer holds up those behind it. */
const sliceMs = 150;
/** Files beyond their slice that may go on at once: each may be a busy loop. */
const maxSlow = 4;

interface Job {
  source: CharacterSource;
  isAlone: boolean;
  signal: AbortSignal;
  settle(outcome: EvaluationOutcome): void;
}

export interface EvaluationLine extends Disposable {
  /** Never rejects: whatever happens is the file's outcome. `isAlone`: shares its cell with no other file. */
  evaluate(source: CharacterSource, isAlone: boolean, signal: AbortSignal): Promise<EvaluationOutcome>;
}

export function createEvaluationLine(
  dependencies: { pool: CellPool; report: (incident: HostIncident) => void },
  options: HostOptions,
): EvaluationLine {
  const { pool, report } = dependencies;
  const laneCount = Math.max(2, Math.min(4, availableParallelism()));
  const lingering = createLingeringCells(pool, options.promptTimeoutMs);
  const waiting: Job[] = [];
  const postponed: Job[] = [];
  let laneUse = 0;
  let slowUse = 0;
  let isDisposed = false;

  const start = (): void => {
    while (!isDisposed && laneUse < laneCount && waiting.length > 0) {
      laneUse += 1;
      const batch = takeBatch();
      const [first] = batch;
      const run = first && batch.length === 1 ? runInLane(first) : runBatch(batch);
      void run.finally(() => {
        laneUse -= 1;
        start();
      });
    }
    while (!isDisposed && slowUse < maxSlow && postponed.length > 0) {
      const job = postponed.shift();
      if (job) void countSlow(runAlone(job, open()));
    }
  };

  const takeBatch = (): Job[] => {
    const isCrowd = waiting.length > aloneLimit;
    const size = isCrowd ? Math.min(maxBatch, Math.ceil(waiting.length / laneCount)) : 1;
    const batch: Job[] = [];
    for (let job = waiting.shift(); job; job = waiting.shift()) {
      if (job.isAlone && batch.length > 0) {
        waiting.unshift(job);
        break;
      }
      batch.push(job);
      if (job.isAlone || batch.length >= size) break;
    }
    return batch;
  };

  const open = (): Tenancy =>
    openTenancy(pool, {
      report,
      onUnclear(sources) {
        // For what each one's late failure tells: their outcomes are known already.
        const signal = AbortSignal.timeout(options.evaluateTimeoutMs);
        for (const source of sources)
          waiting.push({ source, isAlone: true, signal, settle: () => undefined });
        start();
      },
    });

  /** Frees the lane after a slice, whatever the file does. */
  const runInLane = async (job: Job): Promise<void> => {
    const tenancy = open();
    const running = runAlone(job, tenancy);
    if (await isWithinSlice(running)) return;
    if (slowUse < maxSlow) void countSlow(running);
    else {
      // It starts anew when one of the slow ones has ended.
      postponed.push({ ...job });
      job.settle = () => undefined;
      void pool.discard(tenancy.cell);
    }
  };

  const countSlow = async (running: Promise<void>): Promise<void> => {
    slowUse += 1;
    await running;
    slowUse -= 1;
    start();
  };

  const runAlone = async (job: Job, tenancy: Tenancy): Promise<void> => {
    try {
      settle(job, await evaluateIn(tenancy, job, options.evaluateTimeoutMs));
      linger(tenancy);
    } catch (error) {
      job.settle({ ok: false, problem: problemOfFailure(job.source, tenancy, error), companions: {} });
      void pool.discard(tenancy.cell);
    }
  };

  /** An outcome counts only once the built-ins have been seen to be whole. */
  const runBatch = async (batch: Job[]): Promise<void> => {
    const tenancy = open();
    const { cell } = tenancy;
    const areBuiltInsWhole = (): Promise<boolean> =>
      cell.call("verify", null, { timeoutMs: verifyTimeoutMs }).then(
        (patched) => patched === undefined,
        () => false,
      );
    const retreat = (jobs: readonly Job[]): void => {
      void pool.discard(cell);
      waiting.unshift(...jobs);
    };
    let unverified: { job: Job; answer: CellEvaluation }[] = [];
    await areBuiltInsWhole();
    for (let job = batch.shift(); job; job = batch.shift()) {
      const jobs = (): Job[] => unverified.map((entry) => entry.job);
      try {
        unverified.push({ job, answer: await evaluateIn(tenancy, job, sliceMs) });
      } catch {
        job.isAlone = true;
        return retreat([...jobs(), job, ...batch]);
      }
      if (unverified.length < verifyEvery && batch.length > 0) continue;
      if (!(await areBuiltInsWhole())) {
        // One of these changed them; alone, each harms nobody.
        for (const { job } of unverified) job.isAlone = true;
        return retreat([...jobs(), ...batch]);
      }
      for (const { job, answer } of unverified) settle(job, answer);
      unverified = [];
    }
    linger(tenancy);
  };

  const evaluateIn = async (tenancy: Tenancy, job: Job, timeoutMs: number): Promise<CellEvaluation> => {
    const { source, signal } = job;
    const { cell } = tenancy;
    tenancy.enter(source);
    try {
      await cell.ready;
      return (await cell.call("evaluate", source, { timeoutMs, signal })) as CellEvaluation;
    } finally {
      tenancy.leave();
    }
  };

  const problemOfFailure = (source: CharacterSource, { cell }: Tenancy, error: unknown): LoadProblem => {
    const of = (type: "Timeout" | "Crashed", message: string, stack = ""): LoadProblem =>
      problemOfOffence(source, "evaluate", { type, message, stack });
    if (cell.offence) return problemOfOffence(source, "evaluate", cell.offence);
    if (error instanceof AppError && error.code === "E_BUSY") {
      return of("Timeout", `the file was not evaluated within ${options.evaluateTimeoutMs / 1000} s`);
    }
    return of("Crashed", error instanceof Error ? error.message : "its cell failed");
  };

  const settle = (job: Job, answer: CellEvaluation): void => {
    const { companions } = answer;
    if (!answer.ok) {
      job.settle({ ok: false, problem: answer.problem, companions });
      return;
    }
    const checked = validateExports(answer.exportsJson, job.source, options.toolTimeoutMs);
    job.settle(
      "record" in checked
        ? { ok: true, record: checked.record, companions }
        : { ok: false, problem: checked.problem, companions },
    );
  };

  const linger = ({ cell, sources }: Tenancy): void =>
    lingering.add(
      cell,
      sources.map(({ file }) => file),
    );

  return {
    evaluate(source, isAlone, signal) {
      return new Promise((settle) => {
        waiting.push({ source, isAlone, signal, settle });
        start();
      });
    },
    [Symbol.dispose]() {
      isDisposed = true;
      lingering[Symbol.dispose]();
    },
  };
}

async function isWithinSlice(running: Promise<void>): Promise<boolean> {
  const slice = Promise.withResolvers<false>();
  const timer = setTimeout(() => slice.resolve(false), sliceMs);
  try {
    return await Promise.race([running.then(() => true), slice.promise]);
  } finally {
    clearTimeout(timer);
  }
}
