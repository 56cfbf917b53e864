// One file in one cell: the call, what may be made of its failure, and the outcome.
import { AppError } from "../../base/errors.ts";
import type { LoadProblem } from "../port.ts";
import { describeLateEvaluation, problemOfOffence } from "./describe-problem.ts";
import type { CellEvaluation, CharacterSource, EvaluationOutcome, HostLimits } from "./host-protocol.ts";
import type { Cell, CellOffence } from "./open-cell.ts";
import type { Tenancy } from "./tenancy.ts";
import { validateExports } from "./validate-exports.ts";

/** A file that takes longer, and waits for something, no longer holds up those behind it. */
const waitSliceMs = 10;
/** The same for one that is busy, or has no processor. */
const busySliceMs = 100;

/** A file that is to be evaluated. */
export interface Job {
  source: CharacterSource;
  signal: AbortSignal;
  settle(outcome: EvaluationOutcome | "suspect"): void;
}

/** Rejects when the cell dies, or its deadline passes. */
export async function evaluateInCell(
  tenancy: Tenancy,
  { source, signal }: Job,
  { evaluateTimeoutMs }: HostLimits,
): Promise<CellEvaluation> {
  const { cell } = tenancy;
  const end = tenancy.enter(source);
  let offence: CellOffence | undefined;
  let answer: CellEvaluation;
  try {
    await cell.ready;
    const limits = { timeoutMs: evaluateTimeoutMs, signal };
    answer = (await cell.call("evaluate", source, limits)) as CellEvaluation;
  } finally {
    offence = end();
  }
  if (!offence) return answer;
  return {
    ok: false,
    problem: problemOfOffence(source, "evaluate", offence),
    companions: answer.companions,
  };
}

/** What an evaluation that was rejected says of its file, if it was alone in its cell. */
export function describeFailure(
  source: CharacterSource,
  { offence }: Cell,
  error: unknown,
  { evaluateTimeoutMs }: HostLimits,
): LoadProblem {
  const of = (type: CellOffence["type"], message: string): LoadProblem =>
    problemOfOffence(source, "evaluate", { type, message, stack: "" });
  if (offence) return problemOfOffence(source, "evaluate", offence);
  if (error instanceof AppError && error.code === "E_BUSY") {
    return of("Timeout", describeLateEvaluation(evaluateTimeoutMs));
  }
  return of("Crashed", error instanceof Error ? error.message : "its cell failed");
}

export function settleJob(job: Job, answer: CellEvaluation, { toolTimeoutMs }: HostLimits): void {
  const { companions } = answer;
  if (!answer.ok) {
    job.settle({ ok: false, problem: answer.problem, companions });
    return;
  }
  const checked = validateExports(answer.exportsJson, job.source, toolTimeoutMs);
  job.settle(
    "record" in checked
      ? { ok: true, record: checked.record, companions }
      : { ok: false, problem: checked.problem, companions },
  );
}

/** Gives the result if it comes within the slice; else whether the cell is busy with it, or free while it waits. */
export async function observe<T>(running: Promise<T>, cell: Cell): Promise<T | "waits" | "busy"> {
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
