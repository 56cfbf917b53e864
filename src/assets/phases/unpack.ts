// The phase that takes files out of archives: of a package's tarball those that are wanted, of a declared archive all.
import { rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { AppError } from "../../base/errors.ts";
import type { AssetJob, Delivery, StockedFile } from "../asset-job.ts";
import { type ArchiveFormat, archiveFormats, type Asset } from "../asset-schema.ts";
import { quotaExceeded } from "../quota.ts";
import { requireSpace } from "../free-space.ts";
import type { FetchPiece } from "../sources/source.ts";
import { probeArchiveFormat } from "../unpack/archive-magic.ts";
import { estimateUnpackedBytes } from "../unpack/estimate-size.ts";
import { extractArchive } from "../unpack/extract-archive.ts";
import { selectDestinationFile } from "../unpack/select-destination-file.ts";
import type { PhaseDependencies } from "./phase-dependencies.ts";
import { proveWhole, requireFreeNames, wrongBytes } from "./prove.ts";
import { requireQuota, requireRoom } from "./room.ts";

export async function unpack(
  job: AssetJob,
  { source, fetched, plan }: Delivery,
  dependencies: PhaseDependencies,
): Promise<void> {
  const label = fetched[0]?.piece.label ?? job.asset.name;
  for (const { piece, partPath } of fetched) {
    if (piece.gives.kind === "tarball") await unpackPackage(job, dependencies, piece, partPath);
  }
  if (fetched.some(({ piece }) => piece.gives.kind === "tarball")) {
    proveWhole(job, label);
  }
  if (plan) job.deliveredBy = { source, isFolder: plan.isFolder() };
  const { unpack: wish } = job.asset;
  if (wish) await unpackDeclared(job, dependencies, wish, label);
  requireFreeNames(job, label);
  if (job.asset.files) return;
  const placedBytes = [...job.stock.values()].reduce((sum, file) => sum + file.sizeBytes, 0);
  await requireQuota(job, placedBytes);
}

/** The wanted files of a published package, each proved against the manifest where there is one. */
async function unpackPackage(
  job: AssetJob,
  dependencies: PhaseDependencies,
  { gives, label }: FetchPiece,
  partPath: string,
): Promise<void> {
  if (gives.kind !== "tarball") return;
  const targetFolder = await clearFolder(job, basename(partPath));
  const neededBytes = gives.files?.reduce((sum, file) => sum + file.sizeBytes, 0) ?? 0;
  await requireSpace(dependencies.getFreeBytes, job.places.root, neededBytes, job.asset.name);
  const found = await extractArchive({
    archivePath: partPath,
    format: "tar.gz",
    label,
    targetFolder,
    placeOf: gives.placeOf,
    signal: job.signal,
  });
  const byPath = new Map(found.map((file) => [file.path, file]));
  for (const { path, sha256 } of gives.files ?? []) {
    const file = byPath.get(path);
    if (!file) throw notInside(label, path);
    if (file.sha256 !== sha256) throw wrongBytes(label, path, sha256, file.sha256);
  }
  if (found.length === 0) throw notInside(label, "the wanted path");
  for (const file of found) job.stock.set(file.path, file);
}

/** What is in stock is one archive; afterwards, what was in it. */
async function unpackDeclared(
  job: AssetJob,
  dependencies: PhaseDependencies,
  { format: wanted, isDestinationFile }: NonNullable<Asset["unpack"]>,
  label: string,
): Promise<void> {
  const [archive, ...others] = job.stock.values();
  if (!archive || others.length > 0) {
    throw new AppError(
      "E_SCHEMA",
      `${job.asset.name} is to be unpacked, but ${label} is ${others.length + 1} files; name the archive among them`,
      { source: label, asset: job.asset.name },
    );
  }
  const format = await selectFormat(archive.from, wanted, label);
  if (format === null) return;
  const placedBytes = await estimateUnpackedBytes(archive.from, format);
  await requireRoom(job, dependencies, { incomingBytes: 0, placedBytes });
  const leftBytes = await job.quota.leftBytes();
  job.meter.begin("unpack", placedBytes);
  const found = await extractArchive({
    archivePath: archive.from,
    format,
    label,
    targetFolder: await clearFolder(job, "archive"),
    signal: job.signal,
    async onUnpacked(unpackedBytes) {
      job.meter.set(label, unpackedBytes);
      if (unpackedBytes > leftBytes) {
        throw quotaExceeded({ what: job.asset.name, neededBytes: unpackedBytes, leftBytes });
      }
    },
  });
  if (found.every((file) => file.sizeBytes === 0)) {
    throw new AppError("E_VERIFY", `${label}: an archive without content`, { source: label, is_final: true });
  }
  job.stock.clear();
  for (const file of found) job.stock.set(file.path, file);
  if (job.deliveredBy) job.deliveredBy.isFolder = true;
  if (isDestinationFile) job.destinationPath = selectDestination(job, found, label);
}

function selectDestination(job: AssetJob, found: readonly StockedFile[], label: string): string {
  const paths = found.map((file) => file.path);
  const selected = selectDestinationFile(paths);
  if (!selected) {
    throw new AppError("E_VERIFY", `${label}: no file in it that could be the one that is wanted`, {
      source: label,
      is_final: true,
    });
  }
  if (!selected.isSole) {
    job.emit({
      type: "asset-warning",
      asset: job.asset.name,
      code: "E_VERIFY",
      message: `the archive has several files; ${selected.path} is taken as the one that is wanted`,
    });
  }
  return selected.path;
}

/** What its magic says, when that is wanted. Null: no archive, and that is as good. */
async function selectFormat(
  path: string,
  wanted: NonNullable<Asset["unpack"]>["format"],
  label: string,
): Promise<ArchiveFormat | null> {
  const found = await probeArchiveFormat(path);
  if (wanted === "auto" || found === wanted || (wanted === "any" && found !== null)) return found;
  const expected = wanted === "any" ? archiveFormats.join(", ") : wanted;
  throw new AppError(
    "E_VERIFY",
    `${label} is ${found === null ? "no archive" : `a ${found}`}, not a ${expected}; check ${wanted === "any" ? "extract" : "unpack_format"}`,
    { source: label, expected, found, is_final: true },
  );
}

async function clearFolder(job: AssetJob, name: string): Promise<string> {
  const folder = join(job.places.stagingFolder, "unpacked", name);
  await rm(folder, { recursive: true, force: true });
  return folder;
}

function notInside(label: string, path: string): AppError {
  return new AppError("E_NOT_FOUND", `${label} does not have ${path}; check the source's path`, {
    source: label,
  });
}
