// Drives the list of phases, and the sources within it: the same list gives the order, the events and their times.
import type { Clock } from "../base/clock.ts";
import { throwIfAborted } from "../base/deadline.ts";
import { AppError, type ErrorCode } from "../base/errors.ts";
import { type AssetJob, type Delivery, isComplete, listMissing, type PhaseStep } from "./asset-job.ts";
import { type AssetSource, describeSource } from "./asset-schema.ts";
import type { AssetResult } from "./port.ts";
import type { Reachability } from "./reachability.ts";
import { removePart } from "./transfer/part-file.ts";

export interface RunDependencies {
  phases: readonly PhaseStep[];
  clock: Clock;
  isOffline: boolean;
  reachability: Reachability;
}

type SourceStep = Extract<PhaseStep, { per: "source" }>;

interface SourceFailure {
  source: AssetSource;
  error: AppError;
}

export async function runPhases(dependencies: RunDependencies, job: AssetJob): Promise<AssetResult> {
  const { phases } = dependencies;
  for (let index = 0; index < phases.length && job.result?.fromCache !== true; ) {
    throwIfAborted(job.signal);
    const phase = phases[index];
    if (phase?.per === "asset") {
      await runTimed(dependencies, job, phase.name, () => phase.run(job));
      index += 1;
    } else {
      const steps = takeSourceSteps(phases, index);
      await runSources(dependencies, job, steps);
      index += steps.length;
    }
  }
  if (!job.result) throw new AppError("E_INTERNAL", `the phases of ${job.asset.name} ended without a result`);
  return job.result;
}

function takeSourceSteps(phases: readonly PhaseStep[], from: number): SourceStep[] {
  const steps: SourceStep[] = [];
  for (const phase of phases.slice(from)) {
    if (phase.per !== "source") break;
    steps.push(phase);
  }
  return steps;
}

async function runTimed(
  { clock }: RunDependencies,
  { asset: { name: asset }, emit }: AssetJob,
  phase: PhaseStep["name"],
  work: () => Promise<void>,
): Promise<void> {
  const startMs = clock.nowMs();
  let outcome: "ok" | "error" = "error";
  emit({ type: "asset-phase-start", asset, phase });
  try {
    await work();
    outcome = "ok";
  } finally {
    emit({ type: "asset-phase-end", asset, phase, durationMs: clock.nowMs() - startMs, outcome });
  }
}

/** Source after source, until every file is in stock. */
async function runSources(dependencies: RunDependencies, job: AssetJob, steps: SourceStep[]): Promise<void> {
  const { isOffline, reachability } = dependencies;
  const sources = job.asset.sources.filter((source) => !isOffline || source.type === "local");
  const failures: SourceFailure[] = [];
  for (const [index, source] of sources.entries()) {
    if (isComplete(job)) return;
    if (!hasAnyMissing(source, job)) continue;
    const isBacked = index < sources.length - 1;
    if (isBacked && reachability.isKnownUnreachable(source)) {
      failures.push({ source, error: describeSkipped(source) });
      continue;
    }
    const failure = await runSource(dependencies, job, steps, { source, isBacked });
    if (!failure) continue;
    failures.push({ source, error: failure });
    job.emit({ type: "asset-source-fail", asset: job.asset.name, sourceType: source.type, error: failure });
  }
  if (!isComplete(job)) throw explainFailures(job, failures, isOffline);
}

/** Null when the source gave what it has of the missing files; its failure when another source may do better. */
async function runSource(
  dependencies: RunDependencies,
  job: AssetJob,
  steps: SourceStep[],
  turn: Pick<Delivery, "source" | "isBacked">,
): Promise<AppError | null> {
  for (let round = 0; ; round++) {
    const delivery: Delivery = { ...turn, hasAnswered: false, fetched: [] };
    try {
      for (const step of steps) {
        throwIfAborted(job.signal);
        await runTimed(dependencies, job, step.name, () => step.run(job, delivery));
      }
      return null;
    } catch (error) {
      if (!isSourceFailure(error)) throw error;
      // Half of what this source has is nothing, unless a manifest says which half.
      if (!job.asset.files) job.stock.clear();
      if (error.code === "E_NET" && !delivery.hasAnswered) dependencies.reachability.mark(turn.source);
      if (error.code !== "E_VERIFY") return error;
      // Wrong bytes are fetched afresh, once: the wrong ones must not be resumed.
      await discardUnverified(job, delivery);
      if (round > 0 || error.details?.["is_final"] === true) return error;
    }
  }
}

function describeSkipped(source: AssetSource): AppError {
  const label = describeSource(source);
  return new AppError("E_NET", `${label} could not be reached a moment ago`, { source: label });
}

/** Sources mark what they throw; a full disk or a bug of ours is no reason to try another source. */
function isSourceFailure(error: unknown): error is AppError {
  const codes: ErrorCode[] = ["E_NET", "E_VERIFY", "E_NOT_FOUND", "E_PERM", "E_LICENSE", "E_SCHEMA"];
  return error instanceof AppError && codes.includes(error.code) && error.details?.["source"] !== undefined;
}

function hasAnyMissing(source: AssetSource, job: AssetJob): boolean {
  const missing = listMissing(job);
  return !missing || !source.files || missing.some((file) => source.files?.[file.path] !== undefined);
}

async function discardUnverified(job: AssetJob, delivery: Delivery): Promise<void> {
  const verified = new Set([...job.stock.values()].map((file) => file.from));
  for (const piece of delivery.plan?.pieces ?? []) {
    const partPath = job.places.partPath(delivery.source, piece.key);
    if (!verified.has(partPath)) await removePart(partPath);
  }
}

function explainFailures(
  { asset, places }: AssetJob,
  failures: readonly SourceFailure[],
  isOffline: boolean,
): AppError {
  const attempts = failures.map(({ source, error }) => ({
    source_type: source.type,
    source: describeSource(source),
    error_code: error.code,
    message: error.message,
  }));
  const last = failures.at(-1);
  if (isOffline) {
    return new AppError(
      "E_NET",
      `${asset.name} is not on disk and offline mode forbids fetching it: run \`troupe assets download ${asset.name}\` with a network, or copy its files to ${places.folder}`,
      { asset: asset.name, path: places.folder, offline: true, attempts },
    );
  }
  if (!last) {
    return new AppError("E_SCHEMA", `${asset.name}: no source has all of its files`, { asset: asset.name });
  }
  const list = failures.map(({ error }) => error.message).join("; ");
  const what = failures.length === 1 ? asset.name : `${asset.name} cannot be had from any of its sources`;
  return new AppError(
    last.error.code,
    `${what}: ${list}`,
    { ...last.error.details, asset: asset.name, source_type: last.source.type, attempts },
    last.error,
  );
}
