// `.asset_info.json`: what was put on disk, from where, and what its files looked like. A hit is told from it and from
// one stat per file, without network and without hashing.
import { readFile, stat } from "node:fs/promises";
import { z } from "zod";
import { writeFileAtomic } from "../base/atomic-file.ts";
import type { AssetPlaces } from "./asset-layout.ts";
import { encodeSource, withoutAuthentication } from "./asset-layout.ts";
import {
  type Asset,
  type AssetSource,
  assetSourceSchema,
  isSafeRelativePath,
  unpackFormats,
} from "./asset-schema.ts";
import { manifestChecksum } from "./checksum.ts";

const unpackSchema = z.object({ format: z.enum(unpackFormats), destination_is_file: z.boolean() });

const assetInfoSchema = z.object({
  format: z.literal(1),
  name: z.string(),
  version: z.string(),
  asset_type: z.string(),
  /** The source that delivered, as declared (the last one, when several had to complete each other). */
  source: assetSourceSchema,
  /** Of the manifest (checksum.ts), null for an asset without one. */
  checksum: z.string().nullable(),
  is_folder: z.boolean(),
  /** How it was unpacked, as declared; null for what was not. */
  unpack: unpackSchema.nullable().default(null),
  /** The one file that the asset's path is, of an archive with several. */
  destination: z.string().refine(isSafeRelativePath).nullable().default(null),
  files: z
    .array(
      z.object({
        path: z.string().refine(isSafeRelativePath),
        size_bytes: z.int().nonnegative(),
        mtime_ms: z.number(),
        /** As found when it was placed. */
        sha256: z.string(),
      }),
    )
    .min(1),
  installed_at: z.string(),
  /** Of an asset with an explicit place: where it is, and what the model registry says of it. */
  place: z
    .object({
      /** Relative to the models root, or absolute outside of it. */
      path: z.string(),
      is_file: z.boolean(),
      kind: z.enum(["hub", "provider"]),
      library: z.string(),
      revision: z.string().nullable(),
      commit: z.string().nullable(),
    })
    .optional(),
});

export type AssetInfo = z.infer<typeof assetInfoSchema>;

/** Null when there is none, or when it does not fit: the files are then looked at themselves. */
export async function loadAssetInfo(places: AssetPlaces): Promise<AssetInfo | null> {
  return parseAssetInfo(await readFile(places.infoFile, "utf8").catch(() => ""));
}

/** Null for what is none. */
export function parseAssetInfo(text: string): AssetInfo | null {
  try {
    return assetInfoSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

/** Under the asset's lock. */
export async function writeAssetInfo(
  { infoFile, infoDraft: temporary }: AssetPlaces,
  info: AssetInfo,
): Promise<void> {
  await writeFileAtomic(infoFile, `${JSON.stringify(info, null, 2)}\n`, { temporary });
}

export interface PlacedFile {
  path: string;
  sha256: string;
}

/** Reads size and time of the files that lie in place. */
export async function buildAssetInfo(
  asset: Asset,
  places: AssetPlaces,
  placed: {
    files: readonly PlacedFile[];
    source: AssetSource;
    isFolder: boolean;
    destination?: string | undefined;
    installedAt: Date;
  },
): Promise<AssetInfo> {
  const files = await Promise.all(
    placed.files.map(async ({ path, sha256 }) => {
      const { size, mtimeMs } = await stat(places.filePath(path));
      return { path, size_bytes: size, mtime_ms: mtimeMs, sha256 };
    }),
  );
  return {
    format: 1,
    name: asset.name,
    version: asset.version,
    asset_type: asset.assetType,
    source: withoutAuthentication(placed.source),
    checksum: checksumOf(asset),
    is_folder: placed.isFolder,
    unpack: encodeUnpack(asset),
    destination: placed.destination ?? null,
    files,
    installed_at: placed.installedAt.toISOString(),
    ...encodePlace(asset, places),
  };
}

export function checksumOf(asset: Asset): string | null {
  return asset.files ? manifestChecksum(asset.files) : (asset.checksum ?? null);
}

function encodePlace({ place }: Asset, { recordedPlace: path }: AssetPlaces): Pick<AssetInfo, "place"> {
  if (!place) return {};
  const { isFile, kind, library, revision, commit } = place;
  return { place: { path, is_file: isFile, kind, library, revision, commit } };
}

function encodeUnpack({ unpack }: Asset): AssetInfo["unpack"] {
  return unpack ? { format: unpack.format, destination_is_file: unpack.isDestinationFile } : null;
}

/** True when `info` is of this very asset and every file is as recorded. */
export async function isHit(asset: Asset, places: AssetPlaces, info: AssetInfo): Promise<boolean> {
  if (!isOfAsset(asset, info) || info.files.every((file) => file.size_bytes === 0)) return false;
  const looks = await Promise.all(
    info.files.map(async (file) => {
      const seen = await stat(places.filePath(file.path)).catch(() => null);
      return seen?.isFile() && seen.size === file.size_bytes && seen.mtimeMs === file.mtime_ms;
    }),
  );
  return looks.every(Boolean);
}

/** The record is of this asset as it is declared now. */
export function isOfAsset(asset: Asset, info: AssetInfo): boolean {
  const source = encodeSource(info.source);
  return (
    info.name === asset.name &&
    info.version === asset.version &&
    info.asset_type === asset.assetType &&
    info.checksum === checksumOf(asset) &&
    Bun.deepEquals(info.unpack, encodeUnpack(asset)) &&
    asset.sources.some((declared) => encodeSource(declared) === source)
  );
}
