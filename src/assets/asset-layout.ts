// Where everything of an asset lies on disk. The rest of the room asks here and joins no paths of its own.
import { createHash, type Hash } from "node:crypto";
import { basename, dirname, join, relative, sep } from "node:path";
import type { Asset, AssetSource } from "./asset-schema.ts";
import { sha256OfText } from "./checksum.ts";

export const infoFileName = ".asset_info.json";
/** Within the models root: what `.asset_info.json` is for assets of the assets folder, for those of explicit places. */
export const recordsFolderName = ".installed";

/** Of the assets folder and of the models root: what is not finished. */
export const stagingFolderName = ".staging";

export interface AssetPlaces {
  /** `<assets_dir>/<asset_type>/<name>/<version>`, or the explicit place; of a place that is a file, its folder. */
  readonly folder: string;
  /** The folder, or the one file at an explicit place. */
  readonly target: string;
  /**
   * `own`: the folder is the asset's alone and is replaced as a whole. `kept`: likewise, and files in it that are not
   * the asset's go along. `shared`: somebody else's folder, into which file by file is put. `file`: the target alone.
   */
  readonly tenure: "own" | "kept" | "shared" | "file";
  /** Where it counts against the disk; its empty folders below it go with the asset. */
  readonly root: string;
  readonly infoFile: string;
  /** Of the unfinished info file: on the same disk, and in no folder of an asset. */
  readonly infoDraft: string;
  readonly lockFile: string;
  /**
   * Beside the assets, so that a rename is enough to bring what is in it to its place. What lies beside it in turn has its
   * name and one more part after an "@", as no other asset's has.
   */
  readonly stagingFolder: string;
  readonly downloadsFolder: string;
  /** What the record calls an explicit place: relative to the models root, so that a copied root works; else absolute. */
  readonly recordedPlace: string;
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

/** `modelsRoot`: where explicit places are, with locks and records of their own. */
export function createAssetLayout(assetsDir: string, cacheRoot: string, modelsRoot = assetsDir): AssetLayout {
  const locksFolder = join(assetsDir, ".locks");
  const downloadsFolder = join(cacheRoot, "downloads");

  const partsOf = (target: string): Pick<AssetPlaces, "downloadsFolder" | "partPrefix" | "partPath"> => {
    const partPrefix = sha256OfText(target).slice(0, 16);
    // A source that names hundreds of files is long, and each of them asks.
    const begun = new WeakMap<AssetSource, Hash>();
    const begin = (source: AssetSource): Hash => {
      const hash = begun.get(source) ?? createHash("sha256").update(`${encodeSource(source)}\n`);
      begun.set(source, hash);
      return hash;
    };
    return {
      downloadsFolder,
      partPrefix,
      partPath(source, pieceKey) {
        // A digest of source and destination: two stores that share a cache root never share a part.
        const id = begin(source).copy().update(pieceKey).digest("hex").slice(0, 24);
        return join(downloadsFolder, `${partPrefix}-${id}.part`);
      },
    };
  };

  const placesAt = (name: string, { path: target, isFile }: NonNullable<Asset["place"]>): AssetPlaces => {
    const isInside = target.startsWith(modelsRoot + sep);
    const folder = isFile ? dirname(target) : target;
    const recordedPlace = isInside ? relative(modelsRoot, target).split(sep).join("/") : target;
    const digest = sha256OfText(recordedPlace).slice(0, 12);
    // The digest tells places apart; the name is for who looks into the folder.
    const id = `${name.replaceAll("/", "@").slice(-100)}-${digest}`;
    const infoFile = join(modelsRoot, recordsFolderName, `${id}.json`);
    return {
      folder,
      target,
      recordedPlace,
      tenure: isFile ? "file" : isInside ? "kept" : "shared",
      root: isInside ? modelsRoot : dirname(target),
      infoFile,
      infoDraft: `${infoFile}.draft`,
      lockFile: join(modelsRoot, ".locks", `${id}.lock`),
      // On the file system of the target, whichever that is.
      stagingFolder: isInside
        ? join(modelsRoot, stagingFolderName, id)
        : join(dirname(target), `.${basename(target)}.${digest}.staging`),
      ...partsOf(target),
      filePath: (file) => (isFile ? target : join(target, ...file.split("/"))),
    };
  };

  return {
    assetsDir,
    locksFolder,
    downloadsFolder,
    placesOf(asset) {
      if (asset.place) return placesAt(asset.name, asset.place);
      const folder = join(assetsDir, asset.assetType, asset.name, asset.version);
      // "@" occurs in none of the three, so two assets never share a lock.
      const id = shortenId(`${asset.assetType}@${asset.name}@${asset.version}`);
      return {
        folder,
        target: folder,
        recordedPlace: folder,
        tenure: "own",
        root: assetsDir,
        infoFile: join(folder, infoFileName),
        infoDraft: join(assetsDir, stagingFolderName, `${id}@info`),
        lockFile: join(locksFolder, `${id}.lock`),
        stagingFolder: join(assetsDir, stagingFolderName, id),
        ...partsOf(folder),
        filePath: (path) => join(folder, ...path.split("/")),
      };
    },
  };
}

/** Each of the three may be a hundred long, and what file systems take for one name is no more than 255. */
const maxIdLength = 200;

/** Two "@" side by side, which no other id has, before what tells it from others that begin alike. */
const shortenId = (id: string): string =>
  id.length <= maxIdLength ? id : `${id.slice(0, maxIdLength - 18)}@@${sha256OfText(id).slice(0, 16)}`;

/** The path that the asset's user gets: the one file, or the folder of several. */
export function resultPath(
  places: AssetPlaces,
  files: readonly { path: string }[],
  { isFolder, destination }: { isFolder: boolean; destination?: string | null | undefined },
): string {
  if (typeof destination === "string") return places.filePath(destination);
  if (places.tenure !== "own") return places.target;
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
