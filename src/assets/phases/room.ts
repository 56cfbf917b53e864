// Is there room for what comes: under the quota, and on the disks that it comes to?
import { stat } from "node:fs/promises";
import type { AssetJob } from "../asset-job.ts";
import { countPlacedBytes } from "../folder-size.ts";
import { requireSpace } from "../free-space.ts";
import type { PhaseDependencies } from "./phase-dependencies.ts";

export interface NeededRoom {
  /** Still to be fetched into the downloads folder. */
  incomingBytes: number;
  /** What the asset will take when it is in place. */
  placedBytes: number;
}

/** E_QUOTA; E_DISK. Both folders are there. */
export async function requireRoom(
  job: AssetJob,
  dependencies: PhaseDependencies,
  { incomingBytes, placedBytes }: NeededRoom,
): Promise<void> {
  await requireQuota(job, placedBytes);
  const { cacheRoot, getFreeBytes } = dependencies;
  const { root } = job.places;
  const [assets, cache] = await Promise.all([stat(root), stat(cacheRoot)]);
  const name = job.asset.name;
  if (assets.dev !== cache.dev) {
    await requireSpace(getFreeBytes, cacheRoot, incomingBytes, name);
    await requireSpace(getFreeBytes, root, placedBytes, name);
    return;
  }
  // On one disk a part becomes the file by a second name; what is unpacked stands beside its archive for a while.
  const neededBytes = job.asset.unpack ? incomingBytes + placedBytes : incomingBytes;
  await requireSpace(getFreeBytes, root, neededBytes, name);
}

export async function requireQuota(job: AssetJob, placedBytes: number): Promise<void> {
  if (!job.quota.isLimited) return;
  const freedBytes = await countPlacedBytes(job.places.target);
  await job.quota.require(placedBytes, freedBytes, job.asset.name);
}
