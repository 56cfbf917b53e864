// Where everything of an asset lies on disk. The rest of the room asks here and joins no paths of its own.
import { join } from "node:path";
import type { Asset, AssetSource } from "./asset-schema.ts";
import { sha256OfText } from "./checksum.ts";

export const infoFileName = ".asset_info.json";

export interface AssetPlaces {
  /** `<assets_dir>/<asset_type>/<name>/<version>` */
  readonly folder: string;
  readonly infoFile: string;
  readonly lockFile: string;
  /** Beside the assets, so that a rename is enough to bring what is in it to its place. */
  readonly stagingFolder: string;
  readonly downloadsFolder: string;
  /** All parts of this asset begin with it. */
  readonly partPrefix: string;
  filePath(path: string): string;
  /** The part file of one piece (a file or an archive) of a source. */
  partPath(source: AssetSource, pieceKey: string): string;
}

export interface AssetLayout {
  readonly assetsDir: string;
  readonly locksFolder: string;
  readonly downloadsFolder: string;
  placesOf(asset: Asset): AssetPlaces;
}

export function createAssetLayout(assetsDir: string, cacheRoot: string): AssetLayout {
  const locksFolder = join(assetsDir, ".locks");
  const downloadsFolder = join(cacheRoot, "downloads");
  return {
    assetsDir,
    locksFolder,
    downloadsFolder,
    placesOf(asset) {
      const folder = join(assetsDir, asset.assetType, asset.name, asset.version);
      // "@" occurs in none of the three, so two assets never share a lock.
      const id = `${asset.assetType}@${asset.name}@${asset.version}`;
      const partPrefix = sha256OfText(folder).slice(0, 16);
      return {
        folder,
        infoFile: join(folder, infoFileName),
        lockFile: join(locksFolder, `${id}.lock`),
        stagingFolder: join(assetsDir, ".staging", id),
        downloadsFolder,
        partPrefix,
        filePath: (path) => join(folder, ...path.split("/")),
        partPath(source, pieceKey) {
          // A digest of source and destination: two stores that share a cache root never share a part.
          const id = sha256OfText(`${encodeSource(source)}\n${pieceKey}`).slice(0, 24);
          return join(downloadsFolder, `${partPrefix}-${id}.part`);
        },
      };
    },
  };
}

/** The path that the asset's user gets: the one file, or the folder of several. */
export function resultPath(
  places: AssetPlaces,
  files: readonly { path: string }[],
  { isFolder, destination }: { isFolder: boolean; destination?: string | null | undefined },
): string {
  if (typeof destination === "string") return places.filePath(destination);
  const [first] = files;
  return !isFolder && first ? places.filePath(first.path) : places.folder;
}

/** The same text for the same source, whatever the order of its fields, and whoever may read it. */
export function encodeSource(source: AssetSource): string {
  return JSON.stringify(sortKeys(withoutAuthentication(source)));
}

export function withoutAuthentication(source: AssetSource): AssetSource {
  if (!("authentication" in source)) return source;
  const { authentication: _, ...rest } = source;
  return rest;
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sortKeys(inner)]));
}
