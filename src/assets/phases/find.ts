// The phases before anything is fetched: is it here already, may we touch it, is there room?
import { rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { withFileErrors } from "../../base/atomic-file.ts";
import { ensureFolder } from "../../base/ensure-folder.ts";
import { AppError } from "../../base/errors.ts";
import {
  type AssetInfo,
  buildAssetInfo,
  isHit,
  isOfAsset,
  loadAssetInfo,
  writeAssetInfo,
} from "../asset-info.ts";
import { type AssetJob, listMissing } from "../asset-job.ts";
import { encodeSource, resultPath } from "../asset-layout.ts";
import type { Asset, AssetFile, AssetSource } from "../asset-schema.ts";
import { sha256OfFile } from "../checksum.ts";
import { requireTokens } from "../credentials.ts";
import { requireSpace } from "../free-space.ts";
import { recoverFolder } from "../replace-folder.ts";
import { countKeptBytes, dropPlacedParts, removeParts } from "./parts.ts";
import type { PhaseDependencies } from "./phase-dependencies.ts";
import { requireQuota, requireRoom } from "./room.ts";

/** Beside the staging folder, whose end it must survive: for an instant it is the only place of the old asset. */
export const asideFolderOf = (job: AssetJob): string => `${job.places.stagingFolder}@replaced`;

/** A hit ends the run here: no lock, no network, no hashing, nothing written. */
export async function resolve(job: AssetJob, dependencies: PhaseDependencies): Promise<void> {
  if (!job.isForced) await takeHit(job);
  if (!job.result && dependencies.isStrict) await requireTokens(job.asset, dependencies.tokens);
}

const cure =
  "give this user the right to write there, or choose another folder; `troupe doctor` says where each is set";

/** E_PERM for a root that cannot be made, unless what lies there proves right: a read-only cache can be hit. */
export async function lock(job: AssetJob, dependencies: PhaseDependencies): Promise<void> {
  try {
    await takeLock(job, dependencies);
  } catch (error) {
    const isReadOnly = error instanceof AppError && error.code === "E_PERM";
    const proved = isReadOnly && !job.isForced ? await findProved(job) : null;
    if (!proved) throw error;
    takeAsHit(job, proved);
  }
}

async function takeLock(job: AssetJob, dependencies: PhaseDependencies): Promise<void> {
  await ensureFolder(dirname(job.places.lockFile), { what: "the folder of locks", cure });
  const lease = await dependencies.locker.lock(job.places.lockFile, {
    timeoutMs: dependencies.lockTimeoutMs,
    signal: job.signal,
    onWait: (holderPid) =>
      job.emit({
        type: "asset-warning",
        asset: job.asset.name,
        code: "E_BUSY",
        message: `process ${holderPid ?? "(unknown)"} is bringing ${job.asset.name}; waiting for it`,
      }),
  });
  job.held.use(lease);
  job.isLocked = true;
  job.held.defer(() => rm(job.places.stagingFolder, { recursive: true, force: true }));
}

/** Alone now: what another process brought meanwhile, or what lies there unregistered but right, is taken as it is. */
export async function recheck(job: AssetJob, dependencies: PhaseDependencies): Promise<void> {
  const { places } = job;
  await withFileErrors(places.folder, async () => {
    await recoverFolder(places.target, asideFolderOf(job));
    await rm(places.stagingFolder, { recursive: true, force: true }); // left by a run that was killed
    await dropPlacedParts(places);
    if (job.startsOver) await removeParts(places);
  });
  if (job.isForced) return;
  await takeHit(job);
  if (!job.result) await adopt(job, dependencies);
}

/** E_QUOTA before the first byte, as far as the manifest tells; what a source announces is asked for when it does. */
export async function quota(job: AssetJob): Promise<void> {
  await requireQuota(job, countManifestBytes(job));
}

/** The same for E_DISK. */
export async function space(job: AssetJob, dependencies: PhaseDependencies): Promise<void> {
  const { cacheRoot, getFreeBytes } = dependencies;
  const { root } = job.places;
  for (const folder of [root, cacheRoot]) {
    await ensureFolder(folder, { what: "the folder", cure });
  }
  await dependencies.registrar?.requireWritable();
  job.held.defer(() => dependencies.reservations.release(job.places));
  const placedBytes = countManifestBytes(job);
  const incomingBytes = Math.max(0, placedBytes - (await countKeptBytes(job.places)));
  if (job.asset.files) return requireRoom(job, dependencies, { incomingBytes, placedBytes });
  // Not known yet; but a disk without any room is told at once.
  for (const folder of [root, cacheRoot]) await requireSpace(getFreeBytes, folder, 0, job.asset.name);
}

const countManifestBytes = (job: AssetJob): number =>
  (listMissing(job) ?? []).reduce((sum, file) => sum + file.sizeBytes, 0);

async function takeHit(job: AssetJob): Promise<void> {
  const info = await loadAssetInfo(job.places);
  if (!info || !(await isHit(job.asset, job.places, info))) return;
  takeAsHit(job, {
    files: info.files,
    source: info.source,
    isFolder: info.is_folder,
    destination: info.destination,
  });
}

interface Found {
  files: readonly { path: string }[];
  source: AssetSource;
  isFolder: boolean;
  destination: string | null;
}

function takeAsHit(job: AssetJob, found: Found): void {
  job.result = {
    name: job.asset.name,
    path: resultPath(job.places, found.files, found),
    fromCache: true,
    downloadedBytes: 0,
    resumedBytes: 0,
    sourceType: found.source.type,
  };
}

/** Files that are as they should be need no network, however they came here: only their record is renewed. */
async function adopt(job: AssetJob, dependencies: PhaseDependencies): Promise<void> {
  const proved = await findProved(job);
  if (!proved) return;
  const { asset, places } = job;
  const { destination, ...placed } = proved;
  const info = await buildAssetInfo(asset, places, {
    ...placed,
    ...(destination !== null && { destination }),
    installedAt: dependencies.clock.wallTime(),
  });
  await removeParts(places);
  await writeAssetInfo(places, info);
  await takeHit(job);
}

/** By their digests: those of the manifest, else the recorded ones. Null where one is missing or differs. */
async function findProved({
  asset,
  places,
  signal,
}: AssetJob): Promise<(Found & { files: readonly AssetFile[] }) | null> {
  const info = await loadAssetInfo(places);
  const files = asset.files ?? listRecorded(asset, info);
  if (!files || files.every((file) => file.sizeBytes === 0)) return null;
  for (const file of files) {
    const seen = await stat(places.filePath(file.path)).catch(() => null);
    if (!seen?.isFile() || seen.size !== file.sizeBytes) return null;
  }
  for (const file of files) {
    if ((await sha256OfFile(places.filePath(file.path), signal)) !== file.sha256) return null;
  }
  const earlier = info?.source;
  const source =
    asset.sources.find((declared) => earlier && encodeSource(declared) === encodeSource(earlier)) ??
    asset.sources[0];
  return {
    files,
    source: source as AssetSource, // the schema wants at least one
    isFolder: info?.is_folder ?? files.length > 1,
    destination: info?.destination ?? null,
  };
}

/** Of an asset without a manifest, what was found when it came: a copied cache has other times, and the same bytes. */
function listRecorded(asset: Asset, info: AssetInfo | null): AssetFile[] | null {
  if (!info || !isOfAsset(asset, info)) return null;
  return info.files.map(({ path, size_bytes, sha256 }) => ({ path, sizeBytes: size_bytes, sha256 }));
}
