// Takes one asset off the disk, with everything that belongs to it. Its lock file stays: others may be waiting on it.
import { rename, rm, rmdir } from "node:fs/promises";
import { dirname } from "node:path";
import { withFileErrors } from "../base/atomic-file.ts";
import { loadAssetInfo } from "./asset-info.ts";
import type { AssetPlaces } from "./asset-layout.ts";
import { countPlacedBytes } from "./folder-size.ts";
import { removeParts } from "./phases/parts.ts";

/** Under the asset's lock. Returns the bytes of the asset's own folder; 0 when it was not there. */
export async function removeAsset(places: AssetPlaces): Promise<number> {
  const { target, tenure, infoFile } = places;
  return withFileErrors(target, async () => {
    if (tenure === "shared") return removeFromShared(places);
    const freedBytes = await countPlacedBytes(target);
    await removeParts(places);
    await rm(places.stagingFolder, { recursive: true, force: true });
    // Gone by name at once, also for those who look while the bytes are being freed.
    const doomed = `${places.stagingFolder}@removed`;
    await rm(doomed, { recursive: true, force: true });
    await rename(target, doomed).catch(ignoreMissing);
    await rm(doomed, { recursive: true, force: true });
    if (tenure !== "own") await rm(infoFile, { force: true });
    await removeEmptyParents(target, places.root);
    return freedBytes;
  });
}

/** In somebody else's folder only what the record names is the asset's. */
async function removeFromShared(places: AssetPlaces): Promise<number> {
  const info = await loadAssetInfo(places);
  let freedBytes = 0;
  await removeParts(places);
  await rm(places.stagingFolder, { recursive: true, force: true });
  await rm(places.infoFile, { force: true });
  for (const file of info?.files ?? []) {
    const path = places.filePath(file.path);
    freedBytes += await countPlacedBytes(path);
    await rm(path, { force: true });
    await removeEmptyParents(path, places.target);
  }
  return freedBytes;
}

async function removeEmptyParents(folder: string, root: string): Promise<void> {
  for (let parent = dirname(folder); parent !== root; parent = dirname(parent)) {
    const isGone = await rmdir(parent).then(
      () => true,
      () => false, // not empty, or not there
    );
    if (!isGone) return;
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
}
