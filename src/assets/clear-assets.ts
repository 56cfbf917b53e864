// Takes every asset off the disk: those that are declared, and those that were once. Locks and whatever is not ours stay.
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { AssetLayout, AssetPlaces } from "./asset-layout.ts";
import { type Asset, assetSchema } from "./asset-schema.ts";
import { loadAssetInfo } from "./asset-info.ts";

export interface ClearOptions {
  layout: AssetLayout;
  declared: readonly Asset[];
  /** E_BUSY for one that somebody works with; until disposed, nobody begins to. */
  requireUnused: (name: string) => Promise<AsyncDisposable>;
  /** Takes it off the disk. */
  remove: (name: string, places: AssetPlaces) => Promise<{ freedBytes: number }>;
}

export interface ClearOutcome {
  /** Names, in alphabetical order. */
  removed: string[];
  freedBytes: number;
}

/** E_BUSY when any is in use: nothing has been touched then. Of those that are being brought, `remove` tells. */
export async function clearAssets({
  layout,
  declared,
  requireUnused,
  remove,
}: ClearOptions): Promise<ClearOutcome> {
  const found = await listPlaces(layout, declared);
  await using unused = new AsyncDisposableStack();
  for (const name of new Set(found.map(([asset]) => asset))) unused.use(await requireUnused(name));
  const removed = new Set<string>();
  let freedBytes = 0;
  for (const [name, places] of found) {
    const freed = await remove(name, places);
    freedBytes += freed.freedBytes;
    if (freed.freedBytes > 0) removed.add(name);
  }
  return { removed: [...removed].sort(), freedBytes };
}

/** By folder, so that none is taken twice. A folder counts as an asset when its record says that it is this very one. */
async function listPlaces(
  layout: AssetLayout,
  declared: readonly Asset[],
): Promise<(readonly [string, AssetPlaces])[]> {
  const found = new Map<string, readonly [string, AssetPlaces]>();
  const add = (asset: Asset): void => {
    const places = layout.placesOf(asset);
    found.set(places.target, [asset.name, places]);
  };
  for (const asset of declared) add(asset);
  for (const [assetType, name, version] of await listFolders(layout.assetsDir)) {
    const sources = [{ type: "local", path: "." }];
    const parsed = assetSchema.safeParse({ name, version, assetType, sources });
    if (!parsed.success) continue;
    const info = await loadAssetInfo(layout.placesOf(parsed.data));
    if (info?.name === name && info?.version === version && info?.asset_type === assetType) add(parsed.data);
  }
  return [...found.values()];
}

async function listFolders(root: string, depth = 3): Promise<string[][]> {
  if (depth === 0) return [[]];
  const entries = await readdir(root, { withFileTypes: true }).catch(() => []);
  const folders = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith("."));
  const below = folders.map(async ({ name }) =>
    (await listFolders(join(root, name), depth - 1)).map((rest) => [name, ...rest]),
  );
  return (await Promise.all(below)).flat();
}
