// Evaluates files in cells: each in a cell of its own when they are few, in batches when they are many. A batch costs one
// cell for up to 128 files; what hangs, crashes or changes built-ins leaves it and is evaluated again alone.
import { availableParallelism } from "node:os";
import { AppError } from "../../base/errors.ts";
import type { LoadErrorType, LoadProblem } from "../port.ts";
import type { CellPool } from "./cell-pool.ts";
import { placeInStack } from "./describe-problem.ts";
import type {
  CellEvaluation,
  CharacterSource,
  EvaluationOutcome,
  HostIncident,
  HostOptions,
} from "./host-protocol.ts";
import { createLingeringCells } from "./lingering-cells.ts";
import type { Cell, CellOffence } from "./open-cell.ts";
import { validateExports } from "./validate-exports.ts";

/** More waiting files than this are evaluated in batches. Fewer cost a few milliseconds each, alone. */
const aloneLimit = 48;
const maxBatch = 128;
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

/** A cell and what was evaluated in it. */
interface Tenancy {
  readonly cell: Cell;
  readonly sources: CharacterSource[];
  current: CharacterSource | undefined;
}

/** `next`: the cell takes another file. `leave`: it does not; the job is settled or waits again. */
type Step = "next" | "leave";

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

  const startLanes = (): void => {
    while (!isDisposed && laneUse < laneCount && waiting.length > 0) {
      laneUse += 1;
      void runBatch(takeBatch()).finally(() => {
        laneUse -= 1;
        startLanes();
      });
    }
    while (!isDisposed && slowUse < maxSlow && postponed.length > 0) {
      const job = postponed.shift();
      if (!job) break;
      const tenancy = openTenancy();
      void runSlow(tenancy, runJob(tenancy, job, false));
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

  /** Evaluates a batch file after file; returns as soon as the lane is free for the next. */
  const runBatch = async (batch: Job[]): Promise<void> => {
    const tenancy = openTenancy();
    const isShared = batch.length > 1;
    for (let job = batch.shift(); job; job = batch.shift()) {
      const running = runJob(tenancy, job, isShared);
      const step = await withinSlice(running);
      if (step === "next") continue;
      waiting.unshift(...batch);
      if (step === "leave") return;
      if (slowUse < maxSlow) void runSlow(tenancy, running);
      else {
        // It starts anew when one of the slow ones has ended.
        postponed.push({ ...job });
        job.settle = () => undefined;
        void pool.discard(tenancy.cell);
      }
      return;
    }
    linger(tenancy);
  };

  const runSlow = async (tenancy: Tenancy, running: Promise<Step>): Promise<void> => {
    slowUse += 1;
    if ((await running) === "next") linger(tenancy);
    slowUse -= 1;
    startLanes();
  };

  const runJob = async (tenancy: Tenancy, job: Job, isShared: boolean): Promise<Step> => {
    const { source, signal } = job;
    const { cell } = tenancy;
    tenancy.sources.push(source);
    tenancy.current = source;
    try {
      await cell.ready;
      const { evaluateTimeoutMs: timeoutMs, folder } = options;
      const params = { source, folder, isShared };
      const answer = (await cell.call("evaluate", params, { timeoutMs, signal })) as CellEvaluation;
      // What a file does to the built-ins of its neighbours, it shall do alone.
      if (isShared && answer.patched !== undefined) return tryAlone(job, cell);
      settleAnswer(job, answer);
      return "next";
    } catch (error) {
      const { offence } = cell;
      if (offence && isShared && !placeInStack(offence.stack, source.path)) return tryAlone(job, cell);
      job.settle({ ok: false, problem: problemOfFailure(source, offence, error), companions: {} });
      void pool.discard(cell);
      return "leave";
    } finally {
      tenancy.current = undefined;
    }
  };

  const tryAlone = (job: Job, cell: Cell): Step => {
    void pool.discard(cell);
    waiting.unshift({ ...job, isAlone: true });
    return "leave";
  };

  const problemOfFailure = (
    source: CharacterSource,
    offence: CellOffence | undefined,
    error: unknown,
  ): LoadProblem => {
    if (offence) return problemOf(source, offence.type, offence.message, offence.stack);
    const code = error instanceof AppError ? error.code : undefined;
    if (code === "E_BUSY") {
      const message = `the file was not evaluated within ${options.evaluateTimeoutMs / 1000} s`;
      return problemOf(source, "Timeout", message);
    }
    return problemOf(source, "Crashed", error instanceof Error ? error.message : "its cell failed");
  };

  const settleAnswer = (job: Job, answer: CellEvaluation): void => {
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

  const openTenancy = (): Tenancy => {
    const cell = pool.take({
      onOffence: (offence) => judge(tenancy, offence),
      onDeath: (offence) => judge(tenancy, offence),
      onOutput(line) {
        const file = (tenancy.current ?? tenancy.sources.at(-1))?.file ?? "";
        report({ kind: "output", file, line });
      },
    });
    const tenancy: Tenancy = { cell, sources: [], current: undefined };
    return tenancy;
  };

  /** Whose doing it was: the one named in the stack, else the only one there; if neither, each is tried alone. */
  const judge = (tenancy: Tenancy, offence: CellOffence): void => {
    const { cell, sources, current } = tenancy;
    const culprit =
      sources.find(({ path }) => placeInStack(offence.stack, path) !== undefined) ??
      (sources.length === 1 ? sources[0] : undefined);
    if (current && (!culprit || culprit === current)) {
      // The job under way fails with it.
      cell.condemn(offence);
    } else if (culprit) {
      const problem = problemOf(culprit, offence.type, offence.message, offence.stack);
      report({ kind: "character", versionId: culprit.versionId, problem: { ...problem, stage: "run" } });
      if (!current) void pool.discard(cell);
    } else {
      void pool.discard(cell);
      for (const source of sources) {
        // For what its late failure tells: its outcome is known already.
        const signal = AbortSignal.timeout(options.evaluateTimeoutMs);
        waiting.push({ source, isAlone: true, signal, settle: () => undefined });
      }
      startLanes();
    }
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
        startLanes();
      });
    },
    [Symbol.dispose]() {
      isDisposed = true;
      lingering[Symbol.dispose]();
    },
  };
}

async function withinSlice(running: Promise<Step>): Promise<Step | "slow"> {
  const slice = Promise.withResolvers<"slow">();
  const timer = setTimeout(() => slice.resolve("slow"), sliceMs);
  try {
    return await Promise.race([running, slice.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function problemOf(source: CharacterSource, type: LoadErrorType, message: string, stack = ""): LoadProblem {
  const place = placeInStack(stack, source.path);
  return { file: source.file, stage: "evaluate", error_type: type, message, ...place };
}
