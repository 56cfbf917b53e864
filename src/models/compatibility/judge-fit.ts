// Does a model run here? "no" where it cannot, "warn" where it will be slow or tight, and in both cases what would fit.
import { formatBytes } from "../../assets/free-space.ts";
import { escapePattern } from "../download/select-files.ts";
import type { HubFile, HubModel } from "../hub/port.ts";
import { listCommonFiles, listVariants, type ModelVariant } from "../variants.ts";
import { type Machine, probeMachine } from "./machine.ts";
import { computeNeeds, type ModelNeeds } from "./needs.ts";

export interface Fit {
  compatibility: "ok" | "warn" | "no";
  /** Whatever keeps it from being "ok". */
  warnings: readonly string[];
  recommendations: readonly string[];
  needs: ModelNeeds;
}

/**
 * `chosen` are the files that would be here; `all` those of the whole repository, out of which a smaller variant is
 * recommended.
 */
export function judgeFit(
  machine: Machine,
  chosen: readonly HubFile[],
  all: readonly HubFile[] = chosen,
): Fit {
  const needs = computeNeeds(chosen);
  const concerns = weigh(machine, needs);
  const compatibility = rank(concerns);
  return {
    compatibility,
    warnings: [...concerns.obstacles, ...concerns.doubts],
    recommendations: compatibility === "ok" ? [] : recommend(machine, { needs, compatibility }, all),
    needs,
  };
}

/** The largest that runs here without a doubt, else the largest that runs at all; null when none does. */
export function selectFittingVariant(machine: Machine, files: readonly HubFile[]): ModelVariant | null {
  return selectCandidate(machine, files)?.variant ?? null;
}

interface Candidate {
  variant: ModelVariant;
  compatibility: Fit["compatibility"];
}

function selectCandidate(machine: Machine, files: readonly HubFile[]): Candidate | null {
  const variants = listVariants(files);
  const common = listCommonFiles(files, variants);
  const candidates = variants.map((variant): Candidate => {
    const concerns = weigh(machine, computeNeeds([...variant.files, ...common]));
    return { variant, compatibility: rank(concerns) };
  });
  const findLast = (wanted: Fit["compatibility"]): Candidate | undefined =>
    candidates.findLast(({ compatibility }) => compatibility === wanted);
  return findLast("ok") ?? findLast("warn") ?? null;
}

interface Concerns {
  /** With these it does not run. */
  obstacles: string[];
  doubts: string[];
}

const rank = ({ obstacles, doubts }: Concerns): Fit["compatibility"] =>
  obstacles.length > 0 ? "no" : doubts.length > 0 ? "warn" : "ok";

function weigh(machine: Machine, needs: ModelNeeds): Concerns {
  const { memory, disk, gpus, cpu } = machine;
  const obstacles: string[] = [];
  const doubts: string[] = [];
  if (memory.totalBytes < needs.ramBytes) {
    const whose = memory.limitBytes === null ? "this machine has" : "the control group allows";
    obstacles.push(
      `it needs ${formatBytes(needs.ramBytes)} of memory, ${whose} ${formatBytes(memory.totalBytes)}`,
    );
  } else if (memory.availableBytes < needs.ramBytes) {
    doubts.push(
      `it needs ${formatBytes(needs.ramBytes)} of memory, ${formatBytes(memory.availableBytes)} are free now`,
    );
  }
  if (disk.freeBytes < needs.diskBytes) {
    obstacles.push(
      `it needs ${formatBytes(needs.diskBytes)} of disk, ${disk.path} has ${formatBytes(disk.freeBytes)} left`,
    );
  }
  const gpuBytes = Math.max(0, ...gpus.map((gpu) => gpu.memoryBytes));
  if (gpus.length === 0 && needs.isGpuRecommended) {
    doubts.push("a graphics card is recommended for a model of this size, and none was found");
  } else if (gpus.length > 0 && needs.vramBytes !== null && gpuBytes < needs.vramBytes) {
    doubts.push(
      `on a graphics card it needs ${formatBytes(needs.vramBytes)} of memory, the largest here has ${formatBytes(gpuBytes)}`,
    );
  }
  if (cpu.features.avx === false && machine.architecture === "x64") {
    doubts.push("the processor has no AVX, for which the engines are built");
  } else if (cpu.features.avx2 === false && machine.architecture === "x64") {
    doubts.push("the processor has no AVX2, so it will be slow");
  }
  return { obstacles, doubts };
}

function recommend(
  machine: Machine,
  { needs, compatibility }: Pick<Fit, "needs" | "compatibility">,
  all: readonly HubFile[],
): string[] {
  const candidate = selectCandidate(machine, all);
  // Only what runs better than what was chosen is worth naming.
  if (candidate && (candidate.compatibility === "ok" || compatibility === "no")) {
    const { name, sizeBytes } = candidate.variant;
    const includes = listPatterns(candidate.variant).map((pattern) => `--include '${pattern}'`);
    return [`take ${name} (${formatBytes(sizeBytes)}), which fits: ${includes.join(" ")}`];
  }
  const advice: string[] = [];
  if (machine.memory.totalBytes < needs.ramBytes) {
    advice.push(`look for a smaller model, or use a machine with ${formatBytes(needs.ramBytes)} of memory`);
  } else if (machine.memory.availableBytes < needs.ramBytes) advice.push("end other programs first");
  if (machine.disk.freeBytes < needs.diskBytes) {
    advice.push(
      `free ${formatBytes(needs.diskBytes - machine.disk.freeBytes)} of disk; troupe models gc removes what was used least`,
    );
  }
  return advice;
}

/** Globs of the hub that let exactly the variant's files through; its own signs stand for themselves. */
export const listPatterns = (variant: Pick<ModelVariant, "files">): string[] =>
  variant.files.map(({ path }) => escapePattern(path));

/** As `judgeFit`, of this machine: for those who are about to download `chosen` of `model` to `place`. */
export async function judgeModelFit(
  model: Pick<HubModel, "files">,
  chosen: readonly HubFile[],
  place: string,
): Promise<Fit> {
  return judgeFit(await probeMachine(place), chosen, model.files);
}
