// Many files in one cell, one after another: a cell takes 3 ms to start, a file 0.3 ms to evaluate. The batch ends at the
// first trouble, and says how its files are to go on.
import type { CellEvaluation, CharacterSource, HostLimits } from "./host-protocol.ts";
import { evaluateInCell, type Job, observe, settleJob } from "./evaluate-in-cell.ts";
import type { Tenancy } from "./tenancy.ts";

/** Files between two looks at the built-ins that they share. */
const verifyEvery = 16;
const verifyTimeoutMs = 1000;

export interface BatchRemains {
  /** The cell has come through; its late failures can be waited for. */
  isWhole: boolean;
  /** To be evaluated as before. */
  waiting: Job[];
  /** To be evaluated each in a cell of its own. */
  alone: Job[];
  /** Settled, but their late failures will not be seen: the cell is lost. */
  unwatched: CharacterSource[];
}

/** An outcome counts only once the built-ins have been seen to be whole. */
export async function runBatch(
  tenancy: Tenancy,
  batch: readonly Job[],
  limits: HostLimits,
): Promise<BatchRemains> {
  const { cell } = tenancy;
  const settled: CharacterSource[] = [];
  const alone: Job[] = [];
  let unverified: { job: Job; answer: CellEvaluation }[] = [];

  const areBuiltInsWhole = (): Promise<boolean> =>
    cell.call("verify", null, { timeoutMs: verifyTimeoutMs }).then(
      (patched) => patched === undefined,
      () => false,
    );
  const jobs = (): Job[] => unverified.map(({ job }) => job);
  const breakOff = (waiting: Job[]): BatchRemains => ({ isWhole: false, waiting, alone, unwatched: settled });

  // The first look is what later ones are compared with.
  await areBuiltInsWhole();
  for (const [index, job] of batch.entries()) {
    const rest = batch.slice(index + 1);
    const running = evaluateInCell(tenancy, job, limits).catch(() => "lost" as const);
    const answer = await observe(running, cell);
    if (typeof answer === "object") unverified.push({ job, answer });
    else alone.push(job);
    if (answer === "lost" || answer === "busy") return breakOff([...jobs(), ...rest]);
    if (unverified.length < verifyEvery && rest.length > 0) continue;
    if (!(await areBuiltInsWhole())) {
      // One of these changed them; alone, each harms nobody.
      alone.push(...jobs());
      return breakOff(rest);
    }
    for (const { job, answer } of unverified) {
      settleJob(job, answer, limits);
      settled.push(job.source);
    }
    unverified = [];
  }
  return { isWhole: true, waiting: [], alone, unwatched: [] };
}
