// One url into one part file: several ranges at once, resumed where an earlier run stopped, retried where it can help.
import { throwIfAborted } from "../../base/deadline.ts";
import { AppError } from "../../base/errors.ts";
import type { FileDigests } from "../checksum.ts";
import { type Attempts, createAttempts } from "./attempts.ts";
import { type ByteRange, parseContentRange, planGaps } from "./byte-ranges.ts";
import { type ConnectionCount, createConnectionCount } from "./connection-count.ts";
import type { DownloadRequest } from "./download-request.ts";
import { fetchRanges, isRefusal } from "./fetch-ranges.ts";
import type { HttpDependencies } from "./http-request.ts";
import { openPartFile, type PartFile, selectSmallProved } from "./part-file.ts";
import { ChangedError, createPartTransfer, type PartTransfer } from "./part-transfer.ts";
import { createRangeClaims } from "./range-claims.ts";
import { sleep } from "./retry.ts";

export { defaultTransferLimits, type DownloadRequest, type TransferLimits } from "./download-request.ts";

export interface TransferDependencies extends HttpDependencies {
  random: () => number;
}

export interface DownloadOutcome {
  sizeBytes: number;
  downloadedBytes: number;
  /** Bytes that an earlier run had left and this one kept. */
  resumedBytes: number;
  /** Null when they could not be taken on the way, or were not asked for. */
  digests: FileDigests | null;
}

/** A server that changes its mind more often than this is not going to settle. */
const maxFreshStarts = 2;
const leastShareBytes = 1 << 20;

/**
 * E_NET, E_NOT_FOUND, E_PERM, E_LICENSE as the server has it; E_VERIFY when the length is not `expectedBytes`; E_DISK;
 * E_INTERRUPTED. Whatever had come by then stays in the part.
 */
export async function downloadFile(
  dependencies: TransferDependencies,
  request: DownloadRequest,
): Promise<DownloadOutcome> {
  const { algorithms, expectedBytes } = request;
  await using part = await openPartFile(request.partPath, request.label, {
    clock: dependencies.clock,
    digest: algorithms ? { algorithms, sizeBytes: expectedBytes } : null,
    smallProvedBytes: selectSmallProved(expectedBytes, request.isVerifiedLater),
    takeWhole: request.takeWhole,
  });
  const transfer = createPartTransfer(dependencies, request, part);
  const progress: Progress = {
    count: createConnectionCount(request.limits.connections),
    attempts: createAttempts({
      retries: request.retries,
      onWait: request.onWait,
      baseMs: request.retryDelayMs,
      random: dependencies.random,
    }),
  };
  let resumedBytes = part.doneBytes;
  for (let freshStarts = 0; ; ) {
    throwIfAborted(request.signal);
    try {
      await fetchMissing(dependencies, request, { part, transfer, ...progress });
      const [sizeBytes, downloadedBytes] = [part.doneBytes, transfer.downloadedBytes()];
      return { sizeBytes, downloadedBytes, resumedBytes, digests: await part.digest(request.signal) };
    } catch (error) {
      if (error instanceof ChangedError && freshStarts < maxFreshStarts) {
        freshStarts += 1;
        resumedBytes = 0;
        await part.startOver();
        continue;
      }
      const failure = error instanceof ChangedError ? describeUnsettled(request.label) : error;
      const delayMs = progress.attempts.spend(failure, part.doneBytes);
      freshStarts = 0;
      if (isRefusal(failure)) progress.count.halve();
      await sleep(dependencies.clock, delayMs, request.signal);
    }
  }
}

interface Progress {
  count: ConnectionCount;
  attempts: Attempts;
}

const describeUnsettled = (label: string): AppError =>
  new AppError("E_NET", `${label} changes while it is fetched; try again later`, { source: label });

async function fetchMissing(
  { clock }: TransferDependencies,
  request: DownloadRequest,
  { part, transfer, ...progress }: Progress & { part: PartFile; transfer: PartTransfer },
): Promise<void> {
  const { limits, signal } = request;
  if (part.isWhole && request.isVerifiedLater) return;
  if (part.doneBytes > 0 && part.validator === null && !request.isVerifiedLater) throw new ChangedError();
  const first = selectFirst(request, part);

  using opened = await transfer.open(first, signal);
  const { status, headers } = opened.response;
  if (status === 416) {
    const totalBytes = parseContentRange(headers.get("content-range"))?.totalBytes ?? null;
    if (totalBytes !== part.doneBytes || first[0] !== totalBytes) throw new ChangedError();
    transfer.requireSize(totalBytes);
    return part.describe({ sizeBytes: totalBytes }); // all of it is here: a run was killed at its very end
  }
  // Awaited here: to leave this scope is to close the connection.
  if (status !== 206) return await transfer.receiveWhole(opened, signal);

  const { range, totalBytes } = transfer.acceptRange(opened, first);
  await request.reserve?.(totalBytes - part.doneBytes, totalBytes);
  const claims = createRangeClaims({
    totalBytes,
    pieceBytes: limits.pieceBytes,
    listDone: () => part.done,
  });
  const claim = claims.add(range, clock.nowMs());
  // Nothing to share out.
  if (totalBytes <= leastShareBytes && range[1] - range[0] === totalBytes - part.doneBytes) {
    return await transfer.receiveClaim(claim, signal, opened);
  }
  await fetchRanges({
    clock,
    claims,
    ...progress,
    usualConnections: limits.connections,
    countDone: () => part.doneBytes,
    receive: (claim, given, answer) => transfer.receiveClaim(claim, given, answer),
    first: { claim, opened },
    signal,
  });
  if (!part.isWhole) throw new AppError("E_NET", `${request.label} sent less than it has; try again later`);
}

/** The first gap, or with the size unknown, or nothing missing that we know of, what comes after the bytes at hand. */
function selectFirst({ limits, expectedBytes }: DownloadRequest, part: PartFile): ByteRange {
  const { pieceBytes, connections } = limits;
  const known = part.done[0]?.[0] === 0 ? part.done[0][1] : 0;
  const totalBytes = part.sizeBytes ?? expectedBytes ?? 0;
  const [gap] = planGaps(part.done, totalBytes, Number.MAX_SAFE_INTEGER);
  if (!gap) return [known, known + pieceBytes];
  // Of a file that is longer than a piece, the others get their shares.
  const share =
    totalBytes > pieceBytes ? Math.max(leastShareBytes, (gap[1] - gap[0]) / connections) : pieceBytes;
  return [gap[0], Math.min(gap[1], gap[0] + Math.min(pieceBytes, Math.ceil(share)))];
}
