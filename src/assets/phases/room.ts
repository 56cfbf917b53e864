// Is there room for what comes: under the quota, and on the disks that it comes to? What is found is reserved, so that
// others who ask meanwhile do not find the same room.
import { stat } from "node:fs/promises";
import { AppError } from "../../base/errors.ts";
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

/** E_QUOTA; E_DISK, of all that the asset needs. Both folders are there. */
export async function requireRoom(
  job: AssetJob,
  dependencies: PhaseDependencies,
  room: NeededRoom,
): Promise<void> {
  clearRooms(job);
  job.rooms.set(wholeAsset, room);
  await reserveRooms(job, dependencies, 0);
}

/** Of one of so many pieces, beside those that have room already; not needed when the whole was asked for. */
export async function requirePieceRoom(
  job: AssetJob,
  dependencies: PhaseDependencies,
  room: NeededRoom,
  piece: { key: string; count: number },
): Promise<void> {
  if (job.rooms.has(wholeAsset)) return;
  // One after the other: of two at once, the one that knows nothing of the other might be written down last.
  const turn = job.roomTurn.then(() => takePieceRoom(job, dependencies, room, piece));
  job.roomTurn = turn.catch(() => undefined);
  await turn;
}

async function takePieceRoom(
  job: AssetJob,
  dependencies: PhaseDependencies,
  room: NeededRoom,
  { key, count }: { key: string; count: number },
): Promise<void> {
  job.rooms.set(key, room);
  if (room.placedBytes <= job.spareBytes) {
    job.spareBytes -= room.placedBytes;
    return;
  }
  job.spareBytes = 0;
  // For nobody, nothing is kept from others.
  const moreBytes = job.rooms.size < count ? aheadBytes : 0;
  try {
    await reserveRooms(job, dependencies, moreBytes);
    job.spareBytes = moreBytes;
  } catch (error) {
    if (moreBytes === 0 || !isTooMuch(error)) throw error;
    await reserveRooms(job, dependencies, 0);
  }
}

/** To ask is to look at every part and every reservation: of many small pieces, not each asks. */
const aheadBytes = 16 << 20;

const isTooMuch = (error: unknown): boolean =>
  error instanceof AppError && (error.code === "E_QUOTA" || error.code === "E_DISK");

export function clearRooms(job: AssetJob): void {
  job.rooms.clear();
  job.spareBytes = 0;
}

/** What has been written of a piece needs no room any more. */
export function takeRoom({ rooms }: AssetJob, pieceKey: string, missingBytes: number): void {
  const room = rooms.get(pieceKey);
  if (room) rooms.set(pieceKey, { ...room, incomingBytes: missingBytes });
}

/** Key of the room for all of an asset; no piece has it. */
const wholeAsset = "";

async function reserveRooms(
  job: AssetJob,
  dependencies: PhaseDependencies,
  moreBytes: number,
): Promise<void> {
  const { getFreeBytes, reservations } = dependencies;
  const name = job.asset.name;
  const select = async (others: SpokenFor): Promise<ReservedRoom> => {
    const placedBytes = sumRooms(job, "placedBytes") + moreBytes;
    const incomingBytes = sumRooms(job, "incomingBytes") + moreBytes;
    const freedBytes = job.quota.isLimited ? await countPlacedBytes(job.places.target) : 0;
    const disks = await listDisks(job, dependencies, { incomingBytes, placedBytes });
    await job.quota.require(placedBytes, freedBytes, name, others.quotaBytes);
    for (const { folder, bytes } of disks) {
      await requireSpace(getFreeBytes, folder, bytes, name, await others.bytesOn(folder));
    }
    return { quotaBytes: Math.max(0, placedBytes - freedBytes), disks };
  };
  await reservations.reserve(job.places, select, job.signal);
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
