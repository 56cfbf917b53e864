// One model of the hub, brought at one commit: asked, judged, planned, and handed to the engine, whose phases do the rest.
import type { AssetDefinition } from "../../assets/asset-schema.ts";
import type { AssetHooks, AssetProgress } from "../../assets/port.ts";
import { locate } from "../../assets/registry/locate.ts";
import type { RegistryRecord } from "../../assets/registry/record.ts";
import { selectByPatterns } from "../../assets/sources/name-pattern.ts";
import { AppError } from "../../base/errors.ts";
import type { HubModel } from "../hub/port.ts";
import { requireAccepted } from "../licenses/licenses.ts";
import { formatModelId, parseOwnerRepo } from "../model-id.ts";
import type { CompatibilityVerdict, ModelWorld } from "../world.ts";
import { copySharedConfigs } from "./mirror-configs.ts";
import { type DownloadChoice, type DownloadPlan, planDownload, requireRoomFor } from "./plan-download.ts";
import { escapePattern } from "./select-files.ts";

export interface DownloadRequest extends DownloadChoice {
  modelId: string;
  /** Branch, tag or commit; default "main". */
  revision?: string | undefined;
  /** Files at once; default 8. */
  maxWorkers?: number | undefined;
  /** False throws away what an unfinished run left. */
  resume?: boolean | undefined;
  /** Instead of the configured quota. */
  maxQuotaBytes?: number | undefined;
  /** Warnings of the machine's fit are E_COMPAT. */
  forceCompat?: boolean | undefined;
  dryRun?: boolean | undefined;
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: AssetProgress) => void) | undefined;
  /** Is told of the machine's warnings before anything is fetched; rejects to stop. */
  onWarnings?: ((verdict: CompatibilityVerdict) => Promise<void>) | undefined;
}

export interface DownloadOutcome {
  modelId: string;
  installPath: string;
  library: string;
  revision: string;
  commit: string | null;
  totalBytes: number;
  fileCount: number;
  resumedBytes: number;
  downloadedBytes: number;
  isDryRun: boolean;
  /** Of a dry run: what would be fetched. */
  missingBytes: number;
  files: readonly { path: string; sizeBytes: number; isHere: boolean }[];
  /** The hub could not be asked, and what is installed is taken as it is. */
  isUnchecked: boolean;
  warnings: readonly string[];
}

const defaultWorkers = 8;

/**
 * E_ARGS, E_NOT_FOUND, E_NET, E_LICENSE, E_COMPAT, E_QUOTA, E_DISK, E_VERIFY, E_PERM, E_SCHEMA (a damaged registry),
 * E_BUSY, E_INTERRUPTED (the part stays, unless the abort says otherwise).
 */
export async function downloadSnapshot(
  world: ModelWorld,
  request: DownloadRequest,
): Promise<DownloadOutcome> {
  const modelId = formatModelId(parseOwnerRepo(request.modelId));
  const records = await world.registry.load();
  let model: HubModel;
  try {
    model = await world.hub.getModel(modelId, { revision: request.revision, signal: request.signal });
  } catch (error) {
    const installed = await takeInstalled(world, modelId, records.get(modelId), request, error);
    if (installed) return installed;
    throw error;
  }
  const plan = await planDownload(world, model, records, request);
  const warnings: string[] = [];
  const hooks = createHooks(world, plan, request, warnings);
  if (request.dryRun === true) {
    const signal = request.signal ?? new AbortController().signal;
    const asset = world.store.open(defineSnapshot(plan)).asset;
    await hooks.requireLicence?.(asset, signal);
    await hooks.requireCompatible?.(asset, signal);
    await requireRoomFor(world, plan, request.maxQuotaBytes);
    return { ...describePlan(plan, request), isDryRun: true, warnings };
  }
  const result = await world.store.open(defineSnapshot(plan)).ensure({
    signal: request.signal,
    onProgress: request.onProgress,
    hooks,
    quotaBytes: request.maxQuotaBytes,
    filesAtOnce: request.maxWorkers ?? defaultWorkers,
    startsOver: request.resume === false,
  });
  if (result.fromCache) await noteRevision(world, model);
  return {
    ...describePlan(plan, request),
    resumedBytes: result.resumedBytes,
    downloadedBytes: result.downloadedBytes,
    warnings,
  };
}

/** What is here already may have been asked for by another name of the same commit. */
async function noteRevision(
  { registry }: ModelWorld,
  { modelId, revision, commit }: HubModel,
): Promise<void> {
  await registry.update((records) => {
    const record = records.get(modelId);
    if (record?.commit === commit) records.set(modelId, { ...record, revision });
  });
}

function defineSnapshot({ model, files, installPath, library }: DownloadPlan): AssetDefinition {
  const isWhole = files.length === model.files.length;
  return {
    name: model.modelId,
    place: { path: installPath, kind: "hub", library, revision: model.revision, commit: model.commit },
    sources: [
      {
        type: "hf",
        repoId: model.modelId,
        // The commit, not the branch: what is fetched now and what is resumed tomorrow are of one state.
        revision: model.commit,
        ...(isWhole ? {} : { allowPatterns: files.map((file) => escapePattern(file.path)) }),
      },
    ],
    retries: 3,
    retryDelaySeconds: 1,
  };
}

function createHooks(
  world: ModelWorld,
  plan: DownloadPlan,
  request: DownloadRequest,
  warnings: string[],
): AssetHooks {
  const { model, files, installPath } = plan;
  return {
    async requireLicence() {
      requireAccepted(model, (await world.registry.load()).get(model.modelId));
    },
    async requireCompatible() {
      if (!world.judgeFit) return;
      const verdict = await world.judgeFit(model, files, installPath);
      warnings.push(...verdict.warnings);
      if (verdict.compatibility === "ok") return;
      if (request.forceCompat === true) throw incompatible(model.modelId, verdict);
      await request.onWarnings?.(verdict);
    },
    async mirrorConfig() {
      await copySharedConfigs(world.modelsRoot, await world.registry.load({ goesOn: true }));
    },
  };
}

function incompatible(
  modelId: string,
  { compatibility, warnings, recommendations }: CompatibilityVerdict,
): AppError {
  const advice = recommendations.length === 0 ? "" : `; ${recommendations.join("; ")}`;
  return new AppError(
    "E_COMPAT",
    `${modelId} does not fit this machine: ${warnings.join("; ")}${advice}; without --force-compat these are warnings`,
    { model_id: modelId, compatibility, warnings, recommendations },
  );
}

function describePlan(plan: DownloadPlan, request: DownloadRequest): DownloadOutcome {
  const { model, installPath, library, files, totalBytes, missing, missingBytes } = plan;
  return {
    modelId: model.modelId,
    installPath,
    library,
    revision: request.revision ?? "main",
    commit: model.commit,
    totalBytes,
    fileCount: files.length,
    resumedBytes: 0,
    downloadedBytes: 0,
    isDryRun: false,
    missingBytes,
    files: files.map(({ path, sizeBytes }) => ({
      path,
      sizeBytes,
      isHere: !missing.some((file) => file.path === path),
    })),
    isUnchecked: false,
    warnings: [],
  };
}

/** Null unless the hub could not be reached, and what is asked for is here as far as the registry tells. */
async function takeInstalled(
  { modelsRoot }: ModelWorld,
  modelId: string,
  record: RegistryRecord | undefined,
  { revision = "main", include, exclude, dryRun = false }: DownloadRequest,
  error: unknown,
): Promise<DownloadOutcome | null> {
  if (!(error instanceof AppError) || error.code !== "E_NET" || !record) return null;
  const located = await locate(record, modelsRoot);
  const isSameRevision = (record.revision ?? "main") === revision || record.commit === revision;
  const files = record.files ?? [];
  const allow = include && include.length > 0 ? include : undefined;
  const chosen = selectByPatterns([...files], (file) => file.path, { allow, ignore: exclude });
  if (!located || !isSameRevision || chosen.length === 0) return null;
  return {
    modelId,
    installPath: located.path,
    library: record.library ?? "",
    revision,
    commit: record.commit ?? null,
    totalBytes: record.total_size ?? files.reduce((sum, file) => sum + (file.size ?? 0), 0),
    fileCount: files.length,
    resumedBytes: 0,
    downloadedBytes: 0,
    isDryRun: dryRun,
    missingBytes: 0,
    files: files.map((file) => ({ path: file.path, sizeBytes: file.size ?? 0, isHere: true })),
    isUnchecked: true,
    warnings: [],
  };
}
