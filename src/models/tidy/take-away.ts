// Takes one install off the registry and the disk, in that order: whoever is killed in between leaves files without a
// record, and never a record of half a model.
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { removeAsset } from "../../assets/remove-asset.ts";
import { withdrawRecord } from "../../assets/registry/keep-registered.ts";
import type { AssetPlaces } from "../../assets/asset-layout.ts";
import { countPlacedBytes } from "../../assets/folder-size.ts";
import { isInside, listFiles, type Located, locate } from "../../assets/registry/locate.ts";
import type { RegistryRecord } from "../../assets/registry/record.ts";
import { AppError } from "../../base/errors.ts";
import { parseOwnerRepo } from "../model-id.ts";
import type { ModelWorld } from "../world.ts";
import { placesAnywhere, placesOfRecord } from "./places-of-record.ts";

export interface TakenAway {
  freedBytes: number;
  /** Where its files were; null when they were gone already. */
  path: string | null;
  /** Its files are outside of the roots and stay. */
  isLeftOnDisk: boolean;
}

/** How long another process may go on bringing the very model. */
const lockTimeoutMs = 10_000;

/**
 * E_NOT_FOUND when it is not installed (any more); E_BUSY when it is in use or being brought. `isStillWanted` is asked
 * under the locks, with the record as it is then.
 */
export async function takeAway(
  world: ModelWorld,
  id: string,
  isStillWanted: (record: { pinned?: boolean | null | undefined }) => boolean = () => true,
): Promise<TakenAway | null> {
  const taken = await takeUnused(world, id, isStillWanted);
  if (taken) world.emit?.({ type: "asset-remove-end", asset: id, freedBytes: taken.freedBytes });
  return taken;
}

async function takeUnused(
  world: ModelWorld,
  id: string,
  isStillWanted: (record: { pinned?: boolean | null | undefined }) => boolean,
): Promise<TakenAway | null> {
  const { registry, useLocks, locker, modelsRoot } = world;
  const record = (await registry.load()).get(id);
  const located = record ? await locate(record, modelsRoot) : null;
  if (!record || (!located && !record.install_path && !record.relative_path)) {
    throw new AppError("E_NOT_FOUND", `${id} is not installed; \`troupe models scan\` lists what is`, {
      model_id: id,
    });
  }
  await using unused = await useLocks.requireUnused(id);
  void unused;
  const places = located ? placesOfRecord(world, id, record, located) : null;
  await using lease = places ? await locker.lock(places.lockFile, { timeoutMs: lockTimeoutMs }) : null;
  void lease;
  const current = (await registry.load()).get(id);
  if (!current || !isStillWanted(current)) return null;
  const config = located ? await readFile(join(located.path, "config.json"), "utf8").catch(() => null) : null;
  await withdrawRecord(registry, id);
  if (config !== null) await removeMirroredConfig(world, id, config);
  if (!located) return { freedBytes: 0, path: null, isLeftOnDisk: false };
  if (!places) {
    // Out of the engine's own record a registry that is rebuilt would have it back.
    const infoFile = placesAnywhere(world, id, record, located)?.infoFile;
    if (infoFile !== undefined && isInside(infoFile, [modelsRoot])) await rm(infoFile, { force: true });
    return { freedBytes: 0, path: located.path, isLeftOnDisk: true };
  }
  if (await holdsAnother(world, id, located.path)) {
    return {
      freedBytes: await removeListed(record, located, places),
      path: located.path,
      isLeftOnDisk: false,
    };
  }
  return { freedBytes: await removeAsset(places), path: located.path, isLeftOnDisk: false };
}

/** A plain id's folder may be an owner's too. */
async function holdsAnother(
  { registry, modelsRoot }: ModelWorld,
  id: string,
  path: string,
): Promise<boolean> {
  for (const [other, record] of await registry.load()) {
    const place = other === id ? null : await locate(record, modelsRoot);
    if (place && isInside(place.path, [path])) return true;
  }
  return false;
}

/** File by file: what is another's stays. */
async function removeListed(record: RegistryRecord, located: Located, places: AssetPlaces): Promise<number> {
  let freedBytes = 0;
  await rm(places.infoFile, { force: true });
  for (const { absolute } of listFiles(record, located)) {
    freedBytes += await countPlacedBytes(absolute);
    await rm(absolute, { force: true });
  }
  return freedBytes;
}

/** Only a copy that is still this model's own. */
async function removeMirroredConfig({ modelsRoot }: ModelWorld, id: string, config: string): Promise<void> {
  let names: string[];
  try {
    const { owner, repo } = parseOwnerRepo(id);
    names = owner === null ? [repo] : [repo, `${owner}--${repo}`];
  } catch {
    return;
  }
  for (const name of names) {
    const path = join(modelsRoot, "configs", `${name}.json`);
    if ((await readFile(path, "utf8").catch(() => null)) === config) await rm(path, { force: true });
  }
}
