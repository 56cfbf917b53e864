// The phase that brings the bytes of a source into parts.
import { chmod, constants, copyFile, type FileHandle, mkdir, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { withFileErrors } from "../../base/atomic-file.ts";
import { throwIfAborted } from "../../base/deadline.ts";
import { type AppError, fromFileSystemError } from "../../base/errors.ts";
import { type AssetJob, type Delivery, listMissing } from "../asset-job.ts";
import type { Asset } from "../asset-schema.ts";
import type { FileDigests } from "../checksum.ts";
import { describeMissing } from "../credentials.ts";
import { forEachLimited } from "../for-each-limited.ts";
import { asSourceError } from "../sources/local.ts";
import { type FetchPiece, listAlgorithms, type SourcePlan, type WebOrigin } from "../sources/source.ts";
import { downloadFile } from "../transfer/download-file.ts";
import { isPassing, retryPassing } from "../transfer/retry.ts";
import { countKeptBytes } from "./parts.ts";
import type { PhaseDependencies } from "./phase-dependencies.ts";
import { clearRooms, requirePieceRoom, requireRoom, takeRoom } from "./room.ts";
import { takeWhatIsHere } from "./take-what-is-here.ts";

const tinyBytes = 256 << 10;

const crowdedStatuses: readonly unknown[] = [429, 503];

/** The server has too many of us. Where it says when to come again, that is for the retries to heed. */
const isTurnedAway = (error: unknown): boolean =>
  isPassing(error) &&
  crowdedStatuses.includes(error.details?.["status"]) &&
  error.details?.["retry_after_ms"] === undefined;

export async function download(
  job: AssetJob,
  delivery: Delivery,
  dependencies: PhaseDependencies,
): Promise<void> {
  const { asset, places, signal, meter } = job;
  const patience = createPatience(job, delivery, dependencies);
  await warnOfMissingToken(job, delivery, dependencies);
  const drawn = await dependencies.planSource(delivery.source, {
    wanted: listMissing(job),
    isSingleFile: asset.files?.length === 1,
    isTrusted: asset.isTrusted,
    signal,
    headerTimeoutMs: patience.headerTimeoutMs,
    retry: (work) =>
      retryPassing(work, { ...dependencies, ...patience, signal, baseMs: patience.retryDelayMs }),
    onAnswer: patience.onAnswer,
  });
  const plan = await takeWhatIsHere(job, withDeclaredFacts(drawn, asset));
  delivery.plan = plan;
  const sizes = plan.pieces.map((piece) => piece.sizeBytes);
  const totalBytes = sizes.includes(null) ? null : sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0);
  meter.begin("download", totalBytes);
  if (!asset.files) clearRooms(job); // what another source would have needed
  // Of a manifest the sum has been asked for already, in its own phase.
  if (totalBytes !== null && !asset.files) {
    const keptBytes = await countKeptBytes(places);
    const incomingBytes = Math.max(0, totalBytes - keptBytes);
    const stockedBytes = [...job.stock.values()].reduce((sum, file) => sum + file.sizeBytes, 0);
    await requireRoom(job, dependencies, { incomingBytes, placedBytes: stockedBytes + totalBytes });
  }

  const bring = async (piece: FetchPiece, failed: AbortSignal): Promise<void> => {
    const partPath = places.partPath(delivery.source, piece.key);
    let digests: FileDigests | null = null;
    if (piece.origin.kind === "disk") await copyPiece(job, piece, piece.origin.path, partPath);
    else
      digests = await downloadPiece(job, dependencies, patience, {
        piece,
        count: plan.pieces.length,
        origin: piece.origin,
        partPath,
        // Where one cannot be had, nobody waits for another that may be had in a minute.
        signal: AbortSignal.any([signal, failed]),
      });
    delivery.fetched.push({ piece, partPath, digests });
  };
  // The small ones side by side, one connection each, and first: a source that has the wrong bytes is then told
  // before the large ones are fetched. The large ones one by one, with several connections each. Of tiny ones the most
  // is waiting for the server. What has no size yet may be either.
  const { connections, pieceBytes } = dependencies.limits;
  const isUpTo =
    (limitBytes: number) =>
    ({ sizeBytes }: FetchPiece): boolean =>
      sizeBytes !== null && sizeBytes <= limitBytes;
  const groups = [
    { isMember: isUpTo(tinyBytes), atOnce: 4 * connections },
    { isMember: isUpTo(pieceBytes), atOnce: 2 * connections },
    { isMember: ({ sizeBytes }: FetchPiece) => sizeBytes === null, atOnce: connections },
    { isMember: () => true, atOnce: 1 },
  ];
  let left = plan.pieces;
  for (const { isMember, atOnce } of groups) {
    await forEachLimited(left.filter(isMember), job.filesAtOnce ?? atOnce, bring, isTurnedAway);
    left = left.filter((piece) => !isMember(piece));
  }
  meter.flush();
}

/** The one file of an asset without a manifest is what its declared checksum and size are of, whatever the source says. */
function withDeclaredFacts(plan: SourcePlan, { checksum, sizeBytes }: Asset): SourcePlan {
  const [piece, ...others] = plan.pieces;
  if (!piece || others.length > 0 || piece.gives.kind !== "file") return plan;
  const declared: Partial<FetchPiece> = {
    ...(checksum !== undefined && { checksum: { algorithm: "sha256", digest: checksum } }),
    ...(sizeBytes !== undefined && { sizeBytes }),
  };
  return { ...plan, pieces: [{ ...piece, ...declared }] };
}

async function warnOfMissingToken(
  job: AssetJob,
  { source }: Delivery,
  { tokens }: PhaseDependencies,
): Promise<void> {
  const variable = await tokens.findMissing(source);
  if (variable === null) return;
  const message = describeMissing(source, variable);
  job.emit({ type: "asset-warning", asset: job.asset.name, code: "E_PERM", message });
}

interface Patience {
  headerTimeoutMs: () => number;
  retries: () => number;
  retryDelayMs: number;
  onAnswer: () => void;
  onWait: (delayMs: number, failure: AppError) => void;
}

/** A shorter wait is over before anybody wonders. */
const toldWaitMs = 2_000;

/** A source that has not answered yet is left quickly when another one stands behind it. */
function createPatience(
  { asset, emit }: AssetJob,
  delivery: Delivery,
  { limits }: PhaseDependencies,
): Patience {
  const isImpatient = (): boolean => delivery.isBacked && !delivery.hasAnswered;
  return {
    headerTimeoutMs: () => (isImpatient() ? limits.firstAnswerMs : limits.headerMs),
    retries: () => (isImpatient() ? 0 : asset.retries),
    retryDelayMs: asset.retryDelaySeconds * 1000,
    onAnswer: () => {
      delivery.hasAnswered = true;
    },
    onWait: (delayMs, { code, message }) => {
      if (delayMs < toldWaitMs) return;
      const inSeconds = `trying again in ${Math.ceil(delayMs / 1000)} s`;
      emit({ type: "asset-warning", asset: asset.name, code, message: `${message}; ${inSeconds}` });
    },
  };
}

async function downloadPiece(
  job: AssetJob,
  dependencies: PhaseDependencies,
  patience: Patience,
  {
    piece,
    count,
    origin,
    partPath,
    signal,
  }: { piece: FetchPiece; count: number; origin: WebOrigin; partPath: string; signal: AbortSignal },
): Promise<FileDigests | null> {
  const outcome = await downloadFile(dependencies, {
    ...origin,
    ...patience,
    label: piece.label,
    partPath,
    expectedBytes: piece.sizeBytes,
    isVerifiedLater: piece.checksum !== null,
    algorithms: listAlgorithms(piece),
    limits: dependencies.limits,
    reserve: (incomingBytes, placedBytes) =>
      requirePieceRoom(job, dependencies, { incomingBytes, placedBytes }, { key: piece.key, count }),
    // An archive gets no name; what comes out of it does.
    ...(piece.gives.kind === "file" &&
      !job.asset.unpack && {
        takeWhole: (file: FileHandle) => job.flusher.take(partPath, file),
      }),
    onProgress: (doneBytes, totalBytes) => {
      job.meter.set(piece.key, doneBytes, totalBytes);
      if (totalBytes !== null) takeRoom(job, piece.key, totalBytes - doneBytes);
    },
    signal,
  });
  job.meter.set(piece.key, outcome.sizeBytes, outcome.sizeBytes);
  takeRoom(job, piece.key, 0);
  job.downloadedBytes += outcome.downloadedBytes;
  job.resumedBytes += outcome.resumedBytes;
  return outcome.digests;
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
