// The phases that each source goes through: bring the bytes, prove them, take them out of their archive.
import { chmod, constants, copyFile, mkdir, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { withFileErrors } from "../../base/atomic-file.ts";
import { throwIfAborted } from "../../base/deadline.ts";
import { AppError, fromFileSystemError } from "../../base/errors.ts";
import { type AssetJob, type Delivery, listMissing } from "../asset-job.ts";
import { type Checksum, type FileDigests, hashFile } from "../checksum.ts";
import { requireSpace } from "../free-space.ts";
import { asSourceError } from "../sources/local.ts";
import type { FetchPiece, WebOrigin } from "../sources/source.ts";
import { downloadFile } from "../transfer/download-file.ts";
import { retryPassing } from "../transfer/retry.ts";
import { extractTarball } from "../unpack/extract-tarball.ts";
import type { PhaseDependencies } from "./phase-dependencies.ts";

export async function download(
  job: AssetJob,
  delivery: Delivery,
  dependencies: PhaseDependencies,
): Promise<void> {
  const { asset, places, signal, meter } = job;
  const patience = createPatience(job, delivery, dependencies);
  const plan = await dependencies.planSource(delivery.source, {
    wanted: listMissing(job),
    isSingleFile: asset.files?.length === 1,
    signal,
    headerTimeoutMs: patience.headerTimeoutMs,
    retry: (work) =>
      retryPassing(work, { ...dependencies, ...patience, signal, baseMs: patience.retryDelayMs }),
    onAnswer: patience.onAnswer,
  });
  delivery.plan = plan;
  const sizes = plan.pieces.map((piece) => piece.sizeBytes);
  meter.begin(
    "download",
    sizes.includes(null) ? null : sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0),
  );

  const bring = async (piece: FetchPiece): Promise<void> => {
    const partPath = places.partPath(delivery.source, piece.key);
    if (piece.origin.kind === "disk") await copyPiece(job, piece, piece.origin.path, partPath);
    else await downloadPiece(job, dependencies, patience, { piece, origin: piece.origin, partPath });
    delivery.fetched.push({ piece, partPath });
  };
  // The small ones side by side, one connection each, and first: a source that has the wrong bytes is then told
  // before the large ones are fetched. The large ones one by one, with several connections each.
  const isSmall = ({ sizeBytes }: FetchPiece): boolean =>
    sizeBytes !== null && sizeBytes <= dependencies.limits.pieceBytes;
  await forEachLimited(plan.pieces.filter(isSmall), dependencies.limits.connections, bring);
  await forEachLimited(
    plan.pieces.filter((piece) => !isSmall(piece)),
    1,
    bring,
  );
  meter.flush();
}

/** E_VERIFY with both digests for a piece that is not what it should be; those that are go into stock all the same. */
export async function verify(job: AssetJob, { source, fetched, plan }: Delivery): Promise<void> {
  const failures: AppError[] = [];
  for (const { piece, partPath } of fetched) {
    const { checksum, gives } = piece;
    const algorithms = new Set<Checksum["algorithm"]>(checksum ? [checksum.algorithm] : []);
    if (gives.kind === "file") algorithms.add("sha256"); // for the record
    const found = await withFileErrors(partPath, () => hashFile(partPath, [...algorithms], job));
    const failure = findDifference(piece, found);
    if (failure) failures.push(failure);
    else if (gives.kind === "file") {
      const sha256 = found.digests.get("sha256") ?? "";
      job.stock.set(gives.path, { path: gives.path, from: partPath, sizeBytes: found.sizeBytes, sha256 });
    }
  }
  if (failures[0]) throw failures[0];
  if (plan) job.deliveredBy = { source, isFolder: plan.isFolder() };
}

/** Takes the wanted files out of archives, and proves each of them. */
export async function unpack(
  job: AssetJob,
  { source, fetched, plan }: Delivery,
  dependencies: PhaseDependencies,
): Promise<void> {
  for (const { piece, partPath } of fetched) {
    const { gives, label } = piece;
    if (gives.kind !== "tarball") continue;
    const targetFolder = join(job.places.stagingFolder, "unpacked", basename(partPath));
    const neededBytes = gives.files?.reduce((sum, file) => sum + file.sizeBytes, 0) ?? 0;
    await requireSpace(dependencies.getFreeBytes, dependencies.assetsDir, neededBytes, job.asset.name);
    await rm(targetFolder, { recursive: true, force: true });
    const { placeOf } = gives;
    const found = await extractTarball({
      archivePath: partPath,
      label,
      targetFolder,
      placeOf,
      signal: job.signal,
    });
    const byPath = new Map(found.map((file) => [file.path, file]));
    for (const { path, sha256 } of gives.files ?? []) {
      const file = byPath.get(path);
      if (!file) throw notInside(label, path);
      if (file.sha256 !== sha256) throw wrongBytes(label, path, sha256, file.sha256);
    }
    if (found.length === 0) throw notInside(label, "the wanted path");
    for (const file of found) {
      job.stock.set(file.path, { ...file, from: join(targetFolder, ...file.path.split("/")) });
    }
  }
  if (plan) job.deliveredBy = { source, isFolder: plan.isFolder() };
}

interface Patience {
  headerTimeoutMs: () => number;
  retries: () => number;
  retryDelayMs: number;
  onAnswer: () => void;
}

/** A source that has not answered yet is left quickly when another one stands behind it. */
function createPatience({ asset }: AssetJob, delivery: Delivery, { limits }: PhaseDependencies): Patience {
  const isImpatient = (): boolean => delivery.isBacked && !delivery.hasAnswered;
  return {
    headerTimeoutMs: () => (isImpatient() ? limits.firstAnswerMs : limits.headerMs),
    retries: () => (isImpatient() ? 0 : asset.retries),
    retryDelayMs: asset.retryDelaySeconds * 1000,
    onAnswer: () => {
      delivery.hasAnswered = true;
    },
  };
}

async function downloadPiece(
  job: AssetJob,
  dependencies: PhaseDependencies,
  patience: Patience,
  { piece, origin, partPath }: { piece: FetchPiece; origin: WebOrigin; partPath: string },
): Promise<void> {
  const outcome = await downloadFile(dependencies, {
    ...origin,
    ...patience,
    label: piece.label,
    partPath,
    expectedBytes: piece.sizeBytes,
    isVerifiedLater: piece.checksum !== null,
    limits: dependencies.limits,
    reserve: (bytes) =>
      requireSpace(dependencies.getFreeBytes, dependencies.cacheRoot, bytes, job.asset.name),
    onProgress: (doneBytes, totalBytes) => job.meter.set(piece.key, doneBytes, totalBytes),
    signal: job.signal,
  });
  job.meter.set(piece.key, outcome.sizeBytes, outcome.sizeBytes);
  job.downloadedBytes += outcome.downloadedBytes;
  job.resumedBytes += outcome.resumedBytes;
}

async function copyPiece(job: AssetJob, piece: FetchPiece, from: string, partPath: string): Promise<void> {
  throwIfAborted(job.signal);
  await withFileErrors(partPath, async () => {
    await mkdir(dirname(partPath), { recursive: true });
    await rm(partPath, { force: true });
  });
  try {
    // Shares the blocks where the file system can, and is the kernel's work where it cannot.
    await copyFile(from, partPath, constants.COPYFILE_FICLONE);
  } catch (error) {
    const isOurs = ["ENOSPC", "EDQUOT"].includes((error as NodeJS.ErrnoException).code ?? "");
    throw isOurs ? fromFileSystemError(error, partPath) : asSourceError(error, piece.label);
  }
  await chmod(partPath, 0o600);
  job.meter.set(piece.key, (await stat(partPath)).size);
}

function findDifference({ label, sizeBytes, checksum }: FetchPiece, found: FileDigests): AppError | null {
  if (sizeBytes !== null && sizeBytes !== found.sizeBytes) {
    return wrongBytes(label, null, `${sizeBytes} bytes`, `${found.sizeBytes} bytes`);
  }
  if (!checksum) return found.sizeBytes === 0 ? wrongBytes(label, null, "some bytes", "none") : null;
  const digest = found.digests.get(checksum.algorithm) ?? "";
  return digest === checksum.digest ? null : wrongBytes(label, null, checksum.digest, digest);
}

function wrongBytes(label: string, path: string | null, expected: string, found: string): AppError {
  const what = path === null ? label : `${path} in ${label}`;
  return new AppError(
    "E_VERIFY",
    `${what} has the wrong bytes: expected ${expected}, found ${found}; they were thrown away`,
    { source: label, expected, found, ...(path === null ? {} : { path }) },
  );
}

function notInside(label: string, path: string): AppError {
  return new AppError("E_NOT_FOUND", `${label} does not have ${path}; check the source's path`, {
    source: label,
  });
}

/** Up to `limit` at once; the first failure keeps further ones from starting, and is thrown when all have ended. */
async function forEachLimited<T>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = [...items];
  const failures: unknown[] = [];
  const run = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined && failures.length === 0; item = queue.shift()) {
      await work(item).catch((error: unknown) => failures.push(error));
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, run));
  if (failures.length > 0) throw failures[0];
}
