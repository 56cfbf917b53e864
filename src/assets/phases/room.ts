// Is there room for what comes: under the quota, and on the disks that it comes to? What is found is reserved, so that
// others who ask meanwhile do not find the same room.
import { stat } from "node:fs/promises";
import type { AssetJob } from "../asset-job.ts";
import { countPlacedBytes } from "../folder-size.ts";
import { requireSpace } from "../free-space.ts";
import type { ReservedRoom, SpokenFor } from "../reservations.ts";
import type { PhaseDependencies } from "./phase-dependencies.ts";

export interface NeededRoom {
  /** Still to be fetched into the downloads folder. */
  incomingBytes: number;
  /** What the asset will take when it is in place. */
  placedBytes: number;
}

/** E_QUOTA; E_DISK. Both folders are there. `what` tells apart what is asked for piece by piece. */
export async function requireRoom(
  job: AssetJob,
  dependencies: PhaseDependencies,
  room: NeededRoom,
  what = "all",
): Promise<void> {
  if (what === "all") job.rooms.clear();
  job.rooms.set(what, room);
  const { getFreeBytes, reservations } = dependencies;
  const name = job.asset.name;
  const [placedBytes, incomingBytes] = [sumRooms(job, "placedBytes"), sumRooms(job, "incomingBytes")];
  const freedBytes = job.quota.isLimited ? await countPlacedBytes(job.places.target) : 0;
  const disks = await listDisks(job, dependencies, { incomingBytes, placedBytes });
  const quotaBytes = Math.max(0, placedBytes - freedBytes);
  const check = async (others: SpokenFor): Promise<void> => {
    await job.quota.require(placedBytes, freedBytes, name, others.quotaBytes);
    for (const { folder, bytes } of disks) {
      await requireSpace(getFreeBytes, folder, bytes, name, await others.bytesOn(folder));
    }
  };
  await reservations.reserve(job.places, { quotaBytes, disks }, check, job.signal);
}

const sumRooms = ({ rooms }: AssetJob, field: keyof NeededRoom): number =>
  [...rooms.values()].reduce((sum, room) => sum + room[field], 0);

async function listDisks(
  job: AssetJob,
  { cacheRoot }: PhaseDependencies,
  { incomingBytes, placedBytes }: NeededRoom,
): Promise<ReservedRoom["disks"]> {
  const { root } = job.places;
  const [assets, cache] = await Promise.all([stat(root), stat(cacheRoot)]);
  if (assets.dev !== cache.dev) {
    return [
      { folder: cacheRoot, bytes: incomingBytes },
      { folder: root, bytes: placedBytes },
    ];
  }
  // On one disk a part becomes the file by a second name; what is unpacked stands beside its archive for a while.
  return [{ folder: root, bytes: job.asset.unpack ? incomingBytes + placedBytes : incomingBytes }];
}

/** What has been unpacked is known to the byte: E_QUOTA, unless it fits. */
export async function requireQuota(job: AssetJob, placedBytes: number): Promise<void> {
  if (!job.quota.isLimited) return;
  const freedBytes = await countPlacedBytes(job.places.target);
  await job.quota.require(placedBytes, freedBytes, job.asset.name);
}
