// The parts of one asset in the downloads folder, whichever source or run they are of.
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { withFileErrors } from "../../base/atomic-file.ts";
import type { AssetPlaces } from "../asset-layout.ts";
import { blockBytes } from "../folder-size.ts";
import { forEachLimited } from "../for-each-limited.ts";
import { countPartBytes, removePart, unlinkIfThere } from "../transfer/part-file.ts";

const namesAtOnce = 16;

type PartsPlace = Pick<AssetPlaces, "downloadsFolder" | "partPrefix">;

async function listNames(places: PartsPlace): Promise<string[]> {
  const names = await readdir(places.downloadsFolder).catch((error: NodeJS.ErrnoException) => {
    // Below something that is no folder: whoever makes the folder will say so.
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return [];
    throw error;
  });
  // Their states and what a killed write of a state left begin like the part, or with a dot before it.
  return names.filter((name) => name.replace(/^\./, "").startsWith(`${places.partPrefix}-`));
}

/** Paths of the part files. */
export async function listParts(places: AssetPlaces): Promise<string[]> {
  return withFileErrors(places.downloadsFolder, async () =>
    (await listNames(places))
      .filter((name) => name.endsWith(".part"))
      .map((name) => join(places.downloadsFolder, name)),
  );
}

/** What the disk has given for them, and for their states. */
export async function countPartsAllocatedBytes(places: PartsPlace): Promise<number> {
  const sizes = (await listNames(places)).map((name) =>
    stat(join(places.downloadsFolder, name)).then(
      ({ blocks }) => blocks * blockBytes,
      () => 0,
    ),
  );
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

/** Bytes that earlier runs have left in them. */
export async function countKeptBytes(places: AssetPlaces): Promise<number> {
  const parts = await Promise.all((await listParts(places)).map(countPartBytes));
  return parts.reduce((sum, { doneBytes }) => sum + doneBytes, 0);
}

/**
 * Drops the parts whose bytes have another name already (a run was killed right after it had placed them): to write
 * into such a part would be to write into the asset.
 */
export async function dropPlacedParts(places: AssetPlaces): Promise<void> {
  for (const path of await listParts(places)) {
    if ((await stat(path)).nlink > 1) await removePart(path);
  }
}

/** Removes them with everything that belongs to them. */
export async function removeParts(places: AssetPlaces): Promise<void> {
  await withFileErrors(places.downloadsFolder, async () => {
    await forEachLimited(await listNames(places), namesAtOnce, (name) =>
      unlinkIfThere(join(places.downloadsFolder, name)),
    );
  });
}
