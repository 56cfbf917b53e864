// What a download would do, before anything is touched: the same for the dry run and the real one.
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { countPlacedBytes } from "../../assets/folder-size.ts";
import { isInside, locate } from "../../assets/registry/locate.ts";
import type { RegistryFile, RegistryRecords } from "../../assets/registry/record.ts";
import { AppError } from "../../base/errors.ts";
import { requireSpace } from "../../assets/free-space.ts";
import { createQuota } from "../../assets/quota.ts";
import type { HubFile, HubModel } from "../hub/port.ts";
import { libraries, type Library, resolveInstallRoot } from "../install-place.ts";
import { type ModelWorld, rootsOf } from "../world.ts";
import { type FileFilters, selectFiles } from "./select-files.ts";

export interface DownloadChoice extends FileFilters {
  dest?: string | undefined;
  library?: string | undefined;
}

export interface DownloadPlan {
  model: HubModel;
  installPath: string;
  library: Library;
  /** Everything that will be there, by path: what was chosen, and what is there of the same commit already. */
  files: readonly HubFile[];
  totalBytes: number;
  /** Of those, what is not there yet. */
  missing: readonly HubFile[];
  missingBytes: number;
}

/** E_ARGS, E_VERIFY, E_NOT_FOUND. Touches nothing. */
export async function planDownload(
  { modelsRoot }: Pick<ModelWorld, "modelsRoot">,
  model: HubModel,
  records: RegistryRecords,
  choice: DownloadChoice,
): Promise<DownloadPlan> {
  const record = records.get(model.modelId);
  const chosen = selectFiles(model.modelId, model.files, choice);
  const usual = resolveInstallRoot({ modelsRoot, modelId: model.modelId, files: model.files, ...choice });
  if (choice.dest !== undefined) await requireOwnPlace(usual.path, model.modelId, modelsRoot, records);
  const located = record ? await locate(record, modelsRoot) : null;
  const isFree = choice.dest === undefined && choice.library === undefined;
  // Without a wish, an install that is there already is where it goes on.
  const installPath = isFree && located && !located.isFile ? located.path : usual.path;
  const library =
    isFree && (record?.library === "llama-cpp" || record?.library === "transformers")
      ? record.library
      : usual.library;
  const recorded = located?.path === installPath ? (record?.files ?? []) : [];
  const isSameCommit = record?.commit === model.commit;
  const kept = isSameCommit ? new Set(recorded.map((file) => file.path)) : new Set<string>();
  const names = new Set(chosen.map((file) => file.path));
  const files = model.files.filter((file) => names.has(file.path) || kept.has(file.path));
  const missing: HubFile[] = [];
  for (const file of files) {
    const known = recorded.find((candidate) => candidate.path === file.path);
    if (!(await isThere(installPath, file, known, isSameCommit))) missing.push(file);
  }
  return {
    model,
    installPath,
    library,
    files: files.toSorted((a, b) => (a.path < b.path ? -1 : 1)),
    totalBytes: sum(files),
    missing,
    missingBytes: sum(missing),
  };
}

/** E_ARGS for a folder that is another model's, or that holds one, or a level of the models root's own. */
async function requireOwnPlace(
  path: string,
  modelId: string,
  modelsRoot: string,
  records: RegistryRecords,
): Promise<void> {
  const refuse = (why: string): AppError =>
    new AppError("E_ARGS", `--dest ${path} ${why}; choose a folder of its own`, {
      dest: path,
      model_id: modelId,
    });
  const levels = [modelsRoot, ...[...libraries, "configs"].map((name) => join(modelsRoot, name))];
  if (levels.includes(path)) throw refuse("is a folder of the models root itself");
  for (const [id, record] of records) {
    const other = id === modelId ? null : await locate(record, modelsRoot);
    if (!other) continue;
    const isOneInOther = isInside(path, [other.path]) || isInside(other.path, [path]) || path === other.path;
    if (isOneInOther) throw refuse(`and the place of ${id} (${other.path}) lie within one another`);
  }
}

/** E_QUOTA, then E_DISK. */
export async function requireRoomFor(
  world: Pick<ModelWorld, "modelsRoot" | "assetsDir" | "cacheRoot" | "getFreeBytes" | "quotaBytes">,
  plan: DownloadPlan,
  quotaBytes: number | null = world.quotaBytes,
): Promise<void> {
  const id = plan.model.modelId;
  const quota = createQuota({ limitBytes: quotaBytes, folders: rootsOf(world) });
  if (plan.missingBytes > 0 && quota.isLimited) {
    // What stays of the folder is in the total, so all of it counts as freed.
    await quota.require(plan.totalBytes, await countPlacedBytes(plan.installPath), id);
  }
  for (const folder of [plan.installPath, world.cacheRoot]) {
    await requireSpace(world.getFreeBytes, folder, plan.missingBytes, id);
  }
}

/** By size, and by the digest that was recorded; the hub tells none of small files, whose commit then says it. */
async function isThere(
  folder: string,
  file: HubFile,
  known: RegistryFile | undefined,
  isSameCommit: boolean,
): Promise<boolean> {
  const seen = await stat(join(folder, ...file.path.split("/"))).catch(() => null);
  if (!seen?.isFile() || seen.size !== file.sizeBytes || !known) return false;
  return file.sha256 === null ? isSameCommit : known.sha256 === file.sha256;
}

const sum = (files: readonly HubFile[]): number => files.reduce((total, file) => total + file.sizeBytes, 0);
