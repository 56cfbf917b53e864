// Takes one asset off the disk, with everything that belongs to it. Its lock file stays: others may be waiting on it.
import { rename, rm, rmdir } from "node:fs/promises";
import { dirname } from "node:path";
import { withFileErrors } from "../base/atomic-file.ts";
import type { AssetPlaces } from "./asset-layout.ts";
import { countFolderBytes } from "./folder-size.ts";
import { removeParts } from "./phases/parts.ts";

/** Under the asset's lock. Returns the bytes of the asset's own folder; 0 when it was not there. */
export async function removeAsset(places: AssetPlaces, assetsDir: string): Promise<number> {
  return withFileErrors(places.folder, async () => {
    const freedBytes = await countFolderBytes(places.folder);
    await removeParts(places);
    await rm(places.stagingFolder, { recursive: true, force: true });
    // Gone by name at once, also for those who look while the bytes are being freed.
    const doomed = `${places.stagingFolder}.removed`;
    await rm(doomed, { recursive: true, force: true });
    await rename(places.folder, doomed).catch(ignoreMissing);
    await rm(doomed, { recursive: true, force: true });
    await removeEmptyParents(places.folder, assetsDir);
    return freedBytes;
  });
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
