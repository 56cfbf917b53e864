// `gc`: looks at registry and disk, plans, and takes away what the plan says.
import { readdir, rm, stat, statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import { countPlacedBytes } from "../../assets/folder-size.ts";
import { isInstalled } from "../../assets/registry/record.ts";
import { isInside, locate } from "../../assets/registry/locate.ts";
import { loadPartState, removePart } from "../../assets/transfer/part-file.ts";
import { throwIfAborted } from "../../base/deadline.ts";
import { AppError } from "../../base/errors.ts";
import { type ModelWorld, rootsOf } from "../world.ts";
import {
  type Collectable,
  type CollectionGoal,
  type CollectionSnapshot,
  planCollection,
} from "./plan-collection.ts";
import { placesOfRecord } from "./places-of-record.ts";
import { scanDisk } from "./scan-disk.ts";
import { takeAway } from "./take-away.ts";

export interface CollectRequest extends CollectionGoal {
  dryRun?: boolean | undefined;
  signal?: AbortSignal | undefined;
}

export interface Collected {
  removed: { modelId: string; sizeBytes: number; path: string; note?: string }[];
  freedBytes: number;
  isDryRun: boolean;
}

/** A part that was written to more recently may be somebody's running download. */
const youngPartMs = 3_600_000;

const notes: Partial<Record<Collectable["kind"], string>> = {
  gone: "its files were gone already",
  part: "an unfinished download",
  remnant: "left by a run that was cut short",
  elsewhere: "only taken from the registry: its files are outside of the models root, and stay",
};

/** E_SCHEMA for a damaged registry, E_ARGS for a goal that is none. What cannot be removed right now is left. */
export async function collectGarbage(
  world: ModelWorld,
  { dryRun: isDryRun = false, signal, ...goal }: CollectRequest,
): Promise<Collected> {
  const plan = planCollection(await lookAround(world), goal);
  const removed: Collected["removed"] = [];
  for (const item of plan) {
    throwIfAborted(signal);
    const sizeBytes = isDryRun ? item.sizeBytes : await collect(world, item);
    if (sizeBytes === null) continue;
    const note = notes[item.kind];
    removed.push({
      modelId: item.modelId,
      sizeBytes,
      path: item.path,
      ...(note === undefined ? {} : { note }),
    });
  }
  return { removed, freedBytes: removed.reduce((sum, item) => sum + item.sizeBytes, 0), isDryRun };
}

/** Null when somebody has begun to use it, has pinned it or taken it away meanwhile. */
async function collect(world: ModelWorld, item: Collectable): Promise<number | null> {
  if (item.kind === "part") {
    await removePart(item.path);
    return item.sizeBytes;
  }
  if (item.kind === "remnant") {
    await rm(item.path, { recursive: true, force: true });
    return item.sizeBytes;
  }
  try {
    const taken = await takeAway(world, item.modelId, (record) => record.pinned !== true);
    return taken && taken.freedBytes;
  } catch (error) {
    if (error instanceof AppError && ["E_BUSY", "E_NOT_FOUND"].includes(error.code)) return null;
    throw error;
  }
}

export async function lookAround(world: ModelWorld): Promise<CollectionSnapshot> {
  const { registry, useLocks, modelsRoot } = world;
  const remnants = await listRemnants(world);
  const candidates: Collectable[] = [...(await listParts(world)), ...remnants];
  let installedBytes = 0;
  for (const [modelId, record] of await registry.load()) {
    if (!isInstalled(record)) continue;
    const located = await locate(record, modelsRoot);
    const usedAtMs = Date.parse(record.last_accessed ?? record.installed_at ?? "") || 0;
    const path = located?.path ?? record.install_path ?? record.relative_path ?? "";
    if (!located) {
      if (record.pinned !== true) candidates.push({ kind: "gone", modelId, path, sizeBytes: 0, usedAtMs });
      continue;
    }
    const isOurs = placesOfRecord(world, modelId, record, located) !== null;
    const sizeBytes = isOurs ? await countPlacedBytes(located.path) : 0;
    installedBytes += sizeBytes;
    if (record.pinned === true || (await useLocks.isInUse(modelId))) continue;
    candidates.push({ kind: isOurs ? "install" : "elsewhere", modelId, path, sizeBytes, usedAtMs });
  }
  // Models, and what cut-short runs left; not the few bytes of registry and locks, which nothing here would free.
  const counted = (await scanDisk(world)).items.filter(({ path }) => isInside(path, rootsOf(world)));
  const usedBytes = [...counted, ...remnants].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return { candidates, usedBytes, installedBytes, disk: await readDisk(modelsRoot) };
}

async function listParts({ cacheRoot, clock }: ModelWorld): Promise<Collectable[]> {
  const folder = join(cacheRoot, "downloads");
  const names = await readdir(folder).catch(() => []);
  const parts: Collectable[] = [];
  for (const name of names.filter((candidate) => candidate.endsWith(".part"))) {
    const path = join(folder, name);
    const seen = await stat(path).catch(() => null);
    if (!seen || clock.wallTime().getTime() - seen.mtimeMs < youngPartMs) continue;
    const state = await loadPartState(path);
    parts.push({
      kind: "part",
      modelId: state?.source ?? name,
      path,
      // What lies on the disk: a part has holes where nothing has come yet.
      sizeBytes: Math.min(seen.size, seen.blocks * 512),
      usedAtMs: seen.mtimeMs,
    });
  }
  return parts;
}

/**
 * What was taken away and not yet gone, and half-placed folders that nobody has touched for an hour. Not what was set aside
 * for the instant of an exchange: that may be the only one of its kind.
 */
async function listRemnants(world: ModelWorld): Promise<Collectable[]> {
  const remnants: Collectable[] = [];
  for (const folder of rootsOf(world).map((root) => join(root, ".staging"))) {
    for (const name of await readdir(folder).catch(() => [])) {
      const path = join(folder, name);
      const seen = await stat(path).catch(() => null);
      const isYoung = !seen || world.clock.wallTime().getTime() - seen.mtimeMs < youngPartMs;
      if (!seen || name.endsWith(".replaced") || (isYoung && !name.endsWith(".removed"))) continue;
      const sizeBytes = await countPlacedBytes(path);
      remnants.push({ kind: "remnant", modelId: name, path, sizeBytes, usedAtMs: seen.mtimeMs });
    }
  }
  return remnants;
}

/** Of the disk that the models root is on, or will be. */
async function readDisk(folder: string): Promise<CollectionSnapshot["disk"]> {
  for (let path = folder; ; path = dirname(path)) {
    const seen = await statfs(path).catch(() => null);
    if (seen) return { totalBytes: seen.blocks * seen.bsize, freeBytes: seen.bavail * seen.bsize };
    if (dirname(path) === path) return { totalBytes: 0, freeBytes: 0 };
  }
}
