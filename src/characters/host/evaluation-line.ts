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
import { isSuspicion } from "./memory-guard.ts";
import type { Cell, CellOffence } from "./open-cell.ts";
import { openTenancy, type Tenancy } from "./tenancy.ts";
import { validateExports } from "./validate-exports.ts";

/** More waiting files than this are evaluated in batches. */
const aloneLimit = 48;
const maxBatch = 128;
/** Files of a batch between two looks at the built-ins that they share. */
const verifyEvery = 16;
const verifyTimeoutMs = 1000;
/** A file that takes longer, and waits for something, no longer holds up those behind it. */
const waitSliceMs = 10;
/** The same for one that is busy, or has no processor. */
const busySliceMs = 100;
/** Files beyond their slice that may go on at once: each may be a busy loop. */
const maxSlow = 4;
/** The same for files that only wait, which costs no processor. */
const maxIdle = 64;

interface Job {
  source: CharacterSource;
  signal: AbortSignal;
  settle(outcome: EvaluationOutcome | "suspect"): void;
}

export interface EvaluationLine extends Disposable {
  /**
   * Never rejects: whatever happens is the file's outcome. `suspect`: to be tried in a process of its own. `isAlone`: it
   * shares its cell with no other file.
   */
  evaluate(
    source: CharacterSource,
    isAlone: boolean,
    signal: AbortSignal,
  ): Promise<EvaluationOutcome | "suspect">;
}

export function createEvaluationLine(
  dependencies: { pool: CellPool; report: (incident: HostIncident) => void },
  options: HostOptions,
): EvaluationLine {
  const { pool, report } = dependencies;
  const laneCount = Math.max(2, Math.min(4, availableParallelism()));
  const lingering = createLingeringCells(pool, options.promptTimeoutMs);
  const waiting: Job[] = [];
  /** Those that are to run alone: after the others. */
  const aside: Job[] = [];
  /** Those that were busy for too long while others were, too. */
  const postponed: Job[] = [];
  let laneUse = 0;
  let slowUse = 0;
  let idleUse = 0;
  let isDisposed = false;

  const start = (): void => {
    while (!isDisposed && laneUse < laneCount && waiting.length + aside.length > 0) {
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
    if (waiting.length === 0) return aside.splice(0, 1);
    const isCrowd = waiting.length > aloneLimit;
    return waiting.splice(0, isCrowd ? Math.min(maxBatch, Math.ceil(waiting.length / laneCount)) : 1);
  };

  const open = (isShared = false): Tenancy => {
    const listener = {
      report,
      onUnclear(sources: readonly CharacterSource[]) {
        // For what each one's late failure tells: their outcomes are known already.
        const signal = AbortSignal.timeout(options.evaluateTimeoutMs);
        for (const source of sources) aside.push({ source, signal, settle: () => undefined });
        start();
      },
    };
    return openTenancy(pool, listener, { isShared });
  };

  /** Frees the lane after a slice, whatever the file does. */
  const runInLane = async (job: Job): Promise<void> => {
    const tenancy = open();
    const running = runAlone(job, tenancy).then(() => "done" as const);
    const state = await observe(running, tenancy.cell);
    if (state === "done") return;
    if (state === "waits" && idleUse < maxIdle) {
      idleUse += 1;
      void running.finally(() => {
        idleUse -= 1;
      });
    } else if (slowUse < maxSlow) {
      void countSlow(running);
    } else {
      // It starts anew when one of the slow ones has ended.
      postponed.push({ ...job });
      job.settle = () => undefined;
      void pool.discard(tenancy.cell);
    }
  };

  const countSlow = async (running: Promise<unknown>): Promise<void> => {
    slowUse += 1;
    await running;
    slowUse -= 1;
    start();
  };

  const runAlone = async (job: Job, tenancy: Tenancy): Promise<void> => {
    try {
      settle(job, await evaluateIn(tenancy, job));
      linger(tenancy);
    } catch (error) {
      if (isSuspicion(error)) job.settle("suspect");
      else job.settle({ ok: false, problem: problemOfFailure(job.source, tenancy, error), companions: {} });
      void pool.discard(tenancy.cell);
    }
  };

  /** An outcome counts only once the built-ins have been seen to be whole. */
  const runBatch = async (batch: Job[]): Promise<void> => {
    const tenancy = open(true);
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
      const running = evaluateIn(tenancy, job).catch(() => "lost" as const);
      const answer = await observe(running, cell);
      if (typeof answer === "object") unverified.push({ job, answer });
      else aside.push(job);
      if (answer === "lost" || answer === "busy") return retreat([...jobs(), ...batch]);
      if (unverified.length < verifyEvery && batch.length > 0) continue;
      if (!(await areBuiltInsWhole())) {
        // One of these changed them; alone, each harms nobody.
        aside.push(...jobs());
        return retreat(batch);
      }
      for (const { job, answer } of unverified) settle(job, answer);
      unverified = [];
    }
    linger(tenancy);
  };

  const evaluateIn = async (tenancy: Tenancy, job: Job): Promise<CellEvaluation> => {
    const { source, signal } = job;
    const { cell } = tenancy;
    const timeoutMs = options.evaluateTimeoutMs;
    const end = tenancy.enter(source);
    let offence: CellOffence | undefined;
    let answer: CellEvaluation;
    try {
      await cell.ready;
      answer = (await cell.call("evaluate", source, { timeoutMs, signal })) as CellEvaluation;
    } finally {
      offence = end();
    }
    if (!offence) return answer;
    const problem = problemOfOffence(source, "evaluate", offence);
    return { ok: false, problem, companions: answer.companions };
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
        (isAlone ? aside : waiting).push({ source, signal, settle });
        start();
      });
    },
    [Symbol.dispose]() {
      isDisposed = true;
      lingering[Symbol.dispose]();
    },
  };
}

/** Gives the result if it comes within the slice; else whether the cell is busy with it, or free while it waits. */
async function observe<T>(running: Promise<T>, cell: Cell): Promise<T | "waits" | "busy"> {
  const early = await withinSlice(running, waitSliceMs);
  if (early !== undefined) return early;
  // A cell answers in order: what has no answer by then is not being computed.
  const isFree = await cell.pulse(busySliceMs).then(
    () => true,
    () => false,
  );
  const settled = await withinSlice(running, 0);
  return settled ?? (isFree ? "waits" : "busy");
}

/** Undefined when it takes longer; it goes on then. */
async function withinSlice<T>(running: Promise<T>, sliceMs: number): Promise<T | undefined> {
  const slice = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => slice.resolve(undefined), sliceMs);
  try {
    return await Promise.race([running, slice.promise]);
  } finally {
    clearTimeout(timer);
  }
}
