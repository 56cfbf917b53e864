// The line in which files wait to be evaluated: in cells of their own when they are few, in batches when they are many.
// Whoever makes trouble goes to the end, alone, and nobody waits for one who hangs.
import { availableParallelism } from "node:os";
import type { CellPool } from "./cell-pool.ts";
import { describeFailure, evaluateInCell, type Job, observe, settleJob } from "./evaluate-in-cell.ts";
import { runBatch } from "./evaluation-batch.ts";
import type { CharacterSource, EvaluationOutcome, HostIncident, HostOptions } from "./host-protocol.ts";
import { createLingeringCells } from "./lingering-cells.ts";
import { isSuspicion } from "./memory-guard.ts";
import { openTenancy, type Tenancy } from "./tenancy.ts";

/** More waiting files than this are evaluated in batches. */
const aloneLimit = 48;
const maxBatch = 128;
/** Files beyond their slice that may go on at once: each may be a busy loop. */
const maxSlow = 4;
/** The same for files that only wait, which costs no processor. */
const maxIdle = 64;

export interface EvaluationLine {
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
  /** Groups that share a cell with nobody else, one file mostly. They come after the others. */
  const aside: Job[][] = [];
  /** Those that were busy for too long while others were, too. */
  const postponed: Job[] = [];
  let laneUse = 0;
  let slowUse = 0;
  let idleUse = 0;

  const start = (): void => {
    while (laneUse < laneCount && waiting.length + aside.length > 0) {
      laneUse += 1;
      void runGroup(dropCancelled(takeGroup())).finally(() => {
        laneUse -= 1;
        start();
      });
    }
    while (slowUse < maxSlow && postponed.length > 0) {
      const job = postponed.shift();
      if (job) void countSlow(runAlone(job, open(false)));
    }
  };

  const takeGroup = (): Job[] => {
    if (waiting.length === 0) return aside.shift() ?? [];
    const isCrowd = waiting.length > aloneLimit;
    return waiting.splice(0, isCrowd ? Math.min(maxBatch, Math.ceil(waiting.length / laneCount)) : 1);
  };
  /** Whoever wanted these has newer wishes. */
  const dropCancelled = (jobs: Job[]): Job[] =>
    jobs.filter((job) => {
      if (job.signal.aborted) job.settle(cancelled(job.source));
      return !job.signal.aborted;
    });

  const open = (isShared: boolean): Tenancy => openTenancy(pool, { report, onUnclear: halve }, { isShared });

  /** One of these failed late, and nothing tells which: each half by itself will tell more. */
  const halve = (sources: readonly CharacterSource[]): void => {
    const middle = Math.ceil(sources.length / 2);
    watchAgain(sources.slice(0, middle));
    watchAgain(sources.slice(middle));
    start();
  };
  /** Evaluates once more what is settled, for what fails late. However long its turn takes to come, nobody calls it off. */
  const watchAgain = (sources: readonly CharacterSource[]): void => {
    const { signal } = new AbortController();
    if (sources.length > 0)
      aside.push(sources.map((source) => ({ source, signal, settle: () => undefined })));
  };

  const runGroup = async (group: Job[]): Promise<void> => {
    const [first] = group;
    if (!first) return;
    if (group.length === 1) return runInLane(first);
    const tenancy = open(true);
    const remains = await runBatch(tenancy, group, options);
    aside.push(...remains.alone.map((job) => [job]));
    waiting.unshift(...remains.waiting);
    watchAgain(remains.unwatched);
    if (remains.isWhole) linger(tenancy);
    else void pool.discard(tenancy.cell);
  };

  /** Frees the lane after a slice, whatever the file does. */
  const runInLane = async (job: Job): Promise<void> => {
    const tenancy = open(false);
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
    const { cell } = tenancy;
    try {
      settleJob(job, await evaluateInCell(tenancy, job, options), options);
      linger(tenancy);
    } catch (error) {
      // Of a cell that did not come up the file knows nothing.
      if (isSuspicion(error) || !cell.hasStarted) job.settle("suspect");
      else {
        const problem = describeFailure(job.source, cell, error, options);
        job.settle({ ok: false, problem, companions: {} });
      }
      void pool.discard(cell);
    }
  };

  const linger = ({ cell, sources }: Tenancy): void => {
    lingering.add(
      cell,
      sources.map(({ file }) => file),
    );
  };

  return {
    evaluate(source, isAlone, signal) {
      return new Promise((settle) => {
        const job = { source, signal, settle };
        if (isAlone) aside.push([job]);
        else waiting.push(job);
        start();
      });
    },
  };
}

function cancelled({ file, companions }: CharacterSource): EvaluationOutcome {
  const problem = { file, stage: "evaluate", error_type: "Timeout", message: "called off" } as const;
  return { ok: false, problem, companions };
}
