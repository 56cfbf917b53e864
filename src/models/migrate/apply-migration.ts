// Does what the plan says, one thing after the other: whoever is killed in between leaves each file in its old place or
// in its new one, and the next run goes on.
import { constants, copyFile, mkdir, readdir, rename, rm, rmdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { relativeTo } from "../../assets/registry/locate.ts";
import { type Installation, withInstallation } from "../../assets/registry/record.ts";
import { isBare, isInstalled, withoutInstallation } from "../../assets/registry/record.ts";
import { syncFile, syncFolder, withFileErrors, writeFileAtomic } from "../../base/atomic-file.ts";
import { throwIfAborted } from "../../base/deadline.ts";
import type { ModelWorld } from "../world.ts";
import {
  hashFiles,
  type MigrationPlan,
  type Move,
  type FindOldModels,
  planMigration,
} from "./plan-migration.ts";

export interface Migration {
  moved: { from: string; to: string }[];
  removed: string[];
  /** Absolute paths of the copies. */
  mirrored: string[];
  conflicts: { from: string; to: string }[];
  isDryRun: boolean;
}

type MigrationWorld = Pick<ModelWorld, "registry" | "modelsRoot" | "locker" | "clock">;

export interface MigrateRequest {
  dryRun?: boolean | undefined;
  /** Null: only the models root is tidied. */
  findOldModels: FindOldModels | null;
  signal?: AbortSignal | undefined;
}

/** E_SCHEMA (a damaged registry), E_PERM, E_DISK, E_BUSY, E_INTERRUPTED. A second run finds nothing to do. */
export async function migrateModels(
  world: MigrationWorld,
  { dryRun: isDryRun = false, findOldModels, signal }: MigrateRequest,
): Promise<Migration> {
  if (isDryRun) return describe(await planMigration(world, findOldModels), true);
  await using lease = await world.locker.lock(join(world.modelsRoot, ".locks", "migrate.lock"), {
    timeoutMs: 60_000,
    signal,
  });
  void lease;
  const plan = await planMigration(world, findOldModels);
  for (const path of plan.removals) await rm(path, { force: true });
  for (const move of plan.moves) {
    throwIfAborted(signal);
    await apply(world, move);
  }
  for (const { modelId, path } of plan.unrecorded) await record(world, modelId, path);
  for (const { to, text } of plan.copies) await writeFileAtomic(to, text);
  return describe(plan, false);
}

function describe(plan: MigrationPlan, isDryRun: boolean): Migration {
  const shorten = ({ from, to }: Move): { from: string; to: string } => ({ from, to });
  return {
    moved: plan.moves.map(shorten),
    removed: [...plan.removals],
    mirrored: plan.copies.map(({ to }) => to),
    conflicts: plan.conflicts.map(shorten),
    isDryRun,
  };
}

async function apply(world: MigrationWorld, { from, to, modelId }: Move): Promise<void> {
  // The record that knows the old place goes first; with it nothing is lost but what the new one says again.
  if (modelId !== null) await withdraw(world, modelId, from);
  await withFileErrors(to, async () => {
    await mkdir(dirname(to), { recursive: true });
    try {
      await rename(from, to);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EXDEV") throw error;
      await carryOver(from, to);
    }
    await syncFolder(dirname(to));
    await removeEmptyFolders(dirname(from), world.modelsRoot);
  });
  if (modelId !== null) await record(world, modelId, dirname(to));
}

async function withdraw({ registry }: MigrationWorld, modelId: string, from: string): Promise<void> {
  await registry.update((records) => {
    const earlier = records.get(modelId);
    if (!earlier || !isInstalled(earlier)) return;
    const isOfFile = [from, dirname(from)].includes(earlier.install_path ?? "");
    if (!isOfFile) return;
    const rest = withoutInstallation(earlier);
    if (isBare(rest)) records.delete(modelId);
    else records.set(modelId, rest);
  });
}

async function record(
  { registry, modelsRoot, clock }: MigrationWorld,
  modelId: string,
  folder: string,
): Promise<void> {
  const files = await hashFiles(folder);
  await registry.update((records) => {
    const installation: Installation = {
      kind: "hub",
      library: "llama-cpp",
      revision: null,
      commit: null,
      installed_at: clock.wallTime().toISOString(),
      install_path: folder,
      relative_path: relativeTo(modelsRoot, folder),
      files,
    };
    records.set(modelId, withInstallation(modelId, records.get(modelId), installation));
  });
}

/** From another disk: copied whole under a name of its own, and then named; the old one goes last. */
async function carryOver(from: string, to: string): Promise<void> {
  const draft = join(dirname(to), `.${Bun.hash(from).toString(16)}.moving`);
  await rm(draft, { recursive: true, force: true });
  await copyTree(from, draft);
  await rename(draft, to);
  await rm(from, { recursive: true, force: true });
}

async function copyTree(from: string, to: string): Promise<void> {
  if ((await stat(from)).isDirectory()) {
    await mkdir(to);
    for (const name of await readdir(from)) await copyTree(join(from, name), join(to, name));
    await syncFolder(to);
  } else {
    await copyFile(from, to, constants.COPYFILE_FICLONE);
    await syncFile(to);
  }
}

async function removeEmptyFolders(folder: string, root: string): Promise<void> {
  for (let path = folder; path.startsWith(`${root}/`); path = dirname(path)) {
    const isGone = await rmdir(path).then(
      () => true,
      () => false,
    );
    if (!isGone) return;
  }
}
