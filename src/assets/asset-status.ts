// What is on disk of an asset, without touching it: `list`, `status` and `verify`.
import { stat } from "node:fs/promises";
import { type AssetInfo, checksumOf, isHit, isOfAsset, loadAssetInfo } from "./asset-info.ts";
import { type AssetPlaces, resultPath } from "./asset-layout.ts";
import type { Asset } from "./asset-schema.ts";
import { manifestChecksum, sha256OfFile } from "./checksum.ts";
import { forEachLimited } from "./for-each-limited.ts";
import type { AssetStatus, AssetVerification } from "./port.ts";
import { listParts } from "./phases/parts.ts";
import { countPartBytes } from "./transfer/part-file.ts";

/** Opened to be hashed: an archive may have had more files than a process may open. */
const filesAtOnce = 4;

/** By place: what hashing found, as long as the files look as they did then. */
export type SeenFiles = Map<string, { look: string; status: AssetVerification["status"] }>;

/** Hashes only when the record does not settle it, and not again what has not changed: a page asks every second. */
export async function readStatus(asset: Asset, places: AssetPlaces, seen: SeenFiles): Promise<AssetStatus> {
  const info = await loadAssetInfo(places);
  const declared = asset.files ?? [];
  const files = info?.files.map((f) => ({ path: f.path, sizeBytes: f.size_bytes })) ?? declared;
  const isFolder = info?.is_folder ?? declared.length > 1;
  const base: AssetStatus = {
    name: asset.name,
    version: asset.version,
    assetType: asset.assetType,
    sourceType: info?.source.type ?? asset.sources[0]?.type ?? "local",
    checksum: withAlgorithm(checksumOf(asset)),
    status: "not cached",
    path: resultPath(places, files, { isFolder, destination: info?.destination }),
    sizeBytes: files.length > 0 ? files.reduce((sum, file) => sum + file.sizeBytes, 0) : null,
    ...(asset.description === undefined ? {} : { description: asset.description }),
  };
  if (info && (await isHit(asset, places, info))) return { ...base, status: "cached" };
  // An unfinished download says more than a remnant under the final name.
  const partialFraction = await readPartialFraction(asset, places);
  if (partialFraction !== null) return { ...base, status: "partial", partialFraction };
  const status = await judgeFiles(asset, places, { info, seen });
  if (status === "not cached" || (status === "ok" && !isAdoptable(asset, info))) return base;
  return { ...base, status: status === "ok" || status === "no checksum" ? "cached" : "invalid checksum" };
}

async function judgeFiles(
  asset: Asset,
  places: AssetPlaces,
  { info, seen }: { info: AssetInfo | null; seen: SeenFiles },
): Promise<AssetVerification["status"]> {
  const looks = (asset.files ?? info?.files ?? []).map(async ({ path }) => {
    const found = await stat(places.filePath(path)).catch(() => null);
    return found && [found.size, found.mtimeMs, found.ino];
  });
  const look = JSON.stringify([asset, info, await Promise.all(looks)]);
  const known = seen.get(places.target);
  if (known?.look === look) return known.status;
  const { status } = await verifyOnDisk(asset, places);
  seen.set(places.target, { look, status });
  return status;
}

/** Right bytes are taken as they are: those of the manifest, and those that were recorded for this very declaration. */
const isAdoptable = (asset: Asset, info: AssetInfo | null): boolean =>
  asset.files !== undefined || (info !== null && isOfAsset(asset, info));

/** Null when nothing is under way. A rough share: sources differ in how much they have to send. */
async function readPartialFraction(asset: Asset, places: AssetPlaces): Promise<number | null> {
  const parts = await Promise.all((await listParts(places)).map(countPartBytes));
  const doneBytes = parts.reduce((sum, part) => sum + part.doneBytes, 0);
  if (doneBytes === 0) return null;
  const partBytes = parts.reduce((sum, part) => sum + (part.sizeBytes ?? 0), 0);
  const manifestBytes = asset.files?.reduce((sum, file) => sum + file.sizeBytes, 0) ?? 0;
  const totalBytes = Math.max(partBytes, manifestBytes, doneBytes);
  return Math.min(doneBytes / totalBytes, 0.99);
}

/**
 * Hashes every file. The manifest's digests count, or the declared checksum of the one file; else those that were
 * recorded when the files came (of an archive that was unpacked, nothing else is left).
 */
export async function verifyOnDisk(asset: Asset, places: AssetPlaces): Promise<AssetVerification> {
  const info = await loadFittingInfo(asset, places);
  const expectations = listExpectations(asset, info);
  const found = expectations.map(({ path, sha256 }) => ({
    path,
    expected: sha256,
    found: null as string | null,
  }));
  await forEachLimited(found, filesAtOnce, async (file) => {
    const path = places.filePath(file.path);
    const isThere = await stat(path).then(
      (s) => s.isFile(),
      () => false,
    );
    if (isThere) file.found = await sha256OfFile(path);
  });
  const bad = found.filter((file) => file.found !== file.expected);
  const isNothingThere = found.every((file) => file.found === null);
  if (isNothingThere && !info) {
    return {
      name: asset.name,
      status: "not cached",
      expected: withAlgorithm(checksumOf(asset)),
      found: null,
    };
  }
  const isProvable = checksumOf(asset) !== null;
  const seen = manifestChecksum(
    found.map(({ path, found: sha256 }) => ({ path, sha256: sha256 ?? "missing" })),
  );
  const verification = {
    name: asset.name,
    expected: withAlgorithm(manifestChecksum(expectations)),
    found: isNothingThere ? null : withAlgorithm(seen),
  };
  if (bad.length === 0) {
    return isProvable
      ? { ...verification, status: "ok" }
      : { ...verification, status: "no checksum", expected: null };
  }
  return {
    ...verification,
    status: bad.every((file) => file.found === null) ? "missing" : "changed",
    badFiles: bad.map(({ path, expected, found: sha256 }) => ({
      path,
      expected: `sha256:${expected}`,
      found: withAlgorithm(sha256),
    })),
  };
}

/** Null also for the record of another declaration, where nothing of this one could be proved by it. */
async function loadFittingInfo(asset: Asset, places: AssetPlaces): Promise<AssetInfo | null> {
  const info = await loadAssetInfo(places);
  const isProvable = asset.files !== undefined || (asset.checksum !== undefined && !asset.unpack);
  return info && (isProvable || isOfAsset(asset, info)) ? info : null;
}

function listExpectations(asset: Asset, info: AssetInfo | null): { path: string; sha256: string }[] {
  const recorded = info?.files ?? [];
  const { checksum, unpack } = asset;
  // Of one file that is placed as it came, the declared checksum is the file's own, whatever was recorded.
  if (!asset.files && checksum !== undefined && !unpack && info && !info.is_folder) {
    return recorded.map(({ path }) => ({ path, sha256: checksum }));
  }
  return asset.files ?? recorded;
}

const withAlgorithm = (digest: string | null): string | null => (digest === null ? null : `sha256:${digest}`);
