// One url into one part file: several ranges at once, resumed where an earlier run stopped, retried where it can help.
import { throwIfAborted } from "../../base/deadline.ts";
import { AppError } from "../../base/errors.ts";
import { type ByteRange, parseContentRange, planGaps } from "./byte-ranges.ts";
import {
  type Credential,
  type HttpDependencies,
  type HttpRequest,
  openHttp,
  type OpenResponse,
} from "./http-request.ts";
import type { Checksum, FileDigests } from "../checksum.ts";
import { openPartFile, type PartFile, selectSmallProved } from "./part-file.ts";
import { readBody } from "./read-body.ts";
import { isPassing, selectRetryDelayMs, sleep } from "./retry.ts";

export interface TransferLimits {
  /** Longest wait for an answer's headers. */
  headerMs: number;
  /** The same for the first answer of a source behind which another stands. */
  firstAnswerMs: number;
  /** Longest silence within a body. */
  stallMs: number;
  /** Ranges of one file fetched at once, at most; halved after each failure. */
  connections: number;
  /** A range is at most this long; a file that is not longer has one. */
  pieceBytes: number;
}

export const defaultTransferLimits: TransferLimits = {
  headerMs: 60_000,
  firstAnswerMs: 5_000,
  stallMs: 30_000,
  connections: 4,
  pieceBytes: 16 << 20,
};

export interface TransferDependencies extends HttpDependencies {
  random: () => number;
}

export interface DownloadRequest {
  url: string;
  label: string;
  credential?: Credential | undefined;
  credentialVariable?: string | undefined;
  explainRefusal?: HttpRequest["explainRefusal"];
  partPath: string;
  /** A body of another length is refused before it is fetched. */
  expectedBytes: number | null;
  /** Digests that are wanted of the whole, taken while it comes. */
  algorithms?: readonly Checksum["algorithm"][] | undefined;
  /** Whether wrong bytes will be noticed afterwards. If not, only a validator of the server's lets a part be resumed. */
  isVerifiedLater: boolean;
  limits: TransferLimits;
  headerTimeoutMs: () => number;
  /** Further attempts; asked at each failure, since it depends on whether another source stands ready. */
  retries: () => number;
  retryDelayMs: number;
  /** Called at every answer: the source can be reached. */
  onAnswer?: (() => void) | undefined;
  isGuarded?: boolean | undefined;
  /** Called when the length is known, with the bytes still to come and all of them; throws when there is no room. */
  reserve?: ((missingBytes: number, totalBytes: number) => Promise<void>) | undefined;
  onProgress?: ((doneBytes: number, totalBytes: number | null) => void) | undefined;
  signal: AbortSignal;
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

/** The part on the server is not the part on disk. */
class ChangedError extends Error {}

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
  });
  const transfer = createTransfer(dependencies, request, part);
  let resumedBytes = part.doneBytes;
  let connections = request.limits.connections;
  let freshStarts = 0;
  for (let attempt = 0; ; ) {
    throwIfAborted(request.signal);
    try {
      await transfer.fetchMissing(connections);
      const [sizeBytes, downloadedBytes] = [part.doneBytes, transfer.downloadedBytes()];
      return { sizeBytes, downloadedBytes, resumedBytes, digests: await part.digest(request.signal) };
    } catch (error) {
      if (error instanceof ChangedError && freshStarts < maxFreshStarts) {
        freshStarts += 1;
        resumedBytes = 0;
        await part.startOver();
        continue;
      }
      const failure =
        error instanceof ChangedError
          ? new AppError("E_NET", `${request.label} changes while it is fetched; try again later`, {
              source: request.label,
            })
          : error;
      if (!isPassing(failure) || attempt >= request.retries()) throw failure;
      const delayMs = selectRetryDelayMs(failure, attempt, {
        baseMs: request.retryDelayMs,
        random: dependencies.random,
      });
      attempt += 1;
      freshStarts = 0;
      // A server that is hard pressed by four connections may well serve two.
      connections = Math.max(1, Math.floor(connections / 2));
      await sleep(dependencies.clock, delayMs, request.signal);
    }
  }
}

function createTransfer(dependencies: TransferDependencies, request: DownloadRequest, part: PartFile) {
  const { label, limits } = request;
  let downloadedBytes = 0;

  const open = async (range: ByteRange, signal: AbortSignal): Promise<OpenResponse> => {
    const headers: Record<string, string> = { range: `bytes=${range[0]}-${range[1] - 1}` };
    if (part.doneBytes > 0 && part.validator !== null) headers["if-range"] = part.validator;
    const opened = await openHttp(dependencies, {
      ...request,
      headers,
      headerTimeoutMs: request.headerTimeoutMs(),
      signal,
      accept: [416],
    });
    request.onAnswer?.();
    return opened;
  };

  const requireSize = (sizeBytes: number): void => {
    if (request.expectedBytes === null || sizeBytes === request.expectedBytes) return;
    throw new AppError(
      "E_VERIFY",
      `${label} has ${sizeBytes} bytes instead of ${request.expectedBytes}: these are other bytes than were asked for`,
      { source: label, expected: request.expectedBytes, found: sizeBytes },
    );
  };

  /** Takes a body that begins at `start`; `end` is null when nobody knows it. */
  const receive = async (
    opened: OpenResponse,
    [start, end]: readonly [number, number | null],
    signal: AbortSignal,
  ): Promise<void> => {
    let position = start;
    for await (const bytes of readBody(opened, {
      clock: dependencies.clock,
      label,
      stallMs: limits.stallMs,
      signal,
    })) {
      if (end !== null && position + bytes.length > end) {
        throw new AppError("E_NET", `${label} sent more bytes than it had announced; try again later`, {
          source: label,
        });
      }
      await part.write(bytes, position);
      position += bytes.length;
      downloadedBytes += bytes.length;
      if (end === null && request.expectedBytes !== null && position > request.expectedBytes) {
        requireSize(position);
      }
      request.onProgress?.(part.doneBytes, part.sizeBytes);
    }
    if (end !== null && position < end) {
      throw new AppError("E_NET", `${label} broke off after ${position - start} of ${end - start} bytes`, {
        source: label,
      });
    }
    if (end === null) {
      requireSize(position);
      part.describe({ sizeBytes: position });
    }
  };

  /** The whole file in one body: the server knows no ranges, or has something newer than our part. */
  const receiveWhole = async (opened: OpenResponse, signal: AbortSignal): Promise<void> => {
    if (part.doneBytes > 0) throw new ChangedError();
    const { headers } = opened.response;
    const length = headers.get("content-length");
    const sizeBytes = length === null ? null : Number(length);
    if (sizeBytes !== null) requireSize(sizeBytes);
    part.describe({ sizeBytes, validator: selectValidator(headers) });
    if (sizeBytes !== null) await request.reserve?.(sizeBytes, sizeBytes);
    await receive(opened, [0, sizeBytes], signal);
  };

  /** Checks a 206 against what was asked and what is known; returns the range that its body holds. */
  const acceptRange = (opened: OpenResponse, asked: ByteRange): { range: ByteRange; totalBytes: number } => {
    const { headers } = opened.response;
    const content = parseContentRange(headers.get("content-range"));
    if (!content?.range || content.totalBytes === null || content.range[0] !== asked[0]) {
      throw new AppError("E_NET", `${label} answers a range with another one; try again later`, {
        source: label,
      });
    }
    const validator = selectValidator(headers);
    const isSame =
      (part.sizeBytes === null || part.sizeBytes === content.totalBytes) &&
      (part.doneBytes === 0 || part.validator === validator);
    if (!isSame) throw new ChangedError();
    requireSize(content.totalBytes);
    part.describe({ sizeBytes: content.totalBytes, validator });
    return {
      range: [content.range[0], Math.min(content.range[1], asked[1])],
      totalBytes: content.totalBytes,
    };
  };

  const receiveRange = async (asked: ByteRange, signal: AbortSignal): Promise<void> => {
    using opened = await open(asked, signal);
    if (opened.response.status !== 206) throw new ChangedError();
    await receive(opened, acceptRange(opened, asked).range, signal);
  };

  const fetchMissing = async (connections: number): Promise<void> => {
    if (part.isWhole && request.isVerifiedLater) return;
    if (part.doneBytes > 0 && part.validator === null && !request.isVerifiedLater) throw new ChangedError();
    // With the size unknown, or nothing missing that we know of: ask for what comes after the bytes at hand.
    const known = part.done[0]?.[0] === 0 ? (part.done[0]?.[1] ?? 0) : 0;
    const gaps = part.sizeBytes === null ? [] : planGaps(part.done, part.sizeBytes, limits.pieceBytes);
    const first: ByteRange = gaps[0] ?? [known, known + limits.pieceBytes];

    using opened = await open(first, request.signal);
    const { status, headers } = opened.response;
    if (status === 416) {
      const totalBytes = parseContentRange(headers.get("content-range"))?.totalBytes ?? null;
      if (totalBytes !== part.doneBytes || known !== totalBytes) throw new ChangedError();
      requireSize(totalBytes);
      return part.describe({ sizeBytes: totalBytes }); // all of it is here: a run was killed at its very end
    }
    // Awaited here: to leave this scope is to close the connection.
    if (status !== 206) return await receiveWhole(opened, request.signal);

    const { range, totalBytes } = acceptRange(opened, first);
    await request.reserve?.(totalBytes - part.doneBytes, totalBytes);
    const queue = planGaps([...part.done, range].sort(byStart), totalBytes, limits.pieceBytes);
    const siblings = new AbortController();
    siblings.signal.addEventListener("abort", () => opened.abort());
    const signal = AbortSignal.any([request.signal, siblings.signal]);
    const work = async (begin: () => Promise<void>): Promise<void> => {
      try {
        await begin();
        for (let next = queue.shift(); next; next = queue.shift()) await receiveRange(next, signal);
      } catch (error) {
        siblings.abort(error); // keeps the first failure as the others' reason
        throw error;
      }
    };
    const helpers = Math.min(connections - 1, queue.length);
    const workers = [work(() => receive(opened, range, signal))];
    for (let i = 0; i < helpers; i++) workers.push(work(() => Promise.resolve()));
    const settled = await Promise.allSettled(workers);
    if (settled.some(({ status: outcome }) => outcome === "rejected")) {
      throwIfAborted(request.signal);
      throw siblings.signal.reason;
    }
    if (!part.isWhole) throw new AppError("E_NET", `${label} sent less than it has; try again later`);
  };

  return { fetchMissing, downloadedBytes: () => downloadedBytes };
}

const byStart = (a: ByteRange, b: ByteRange): number => a[0] - b[0];

/** Only a strong one proves that two answers are parts of the same bytes. */
function selectValidator(headers: Headers): string | null {
  const etag = headers.get("etag");
  return etag !== null && !etag.startsWith("W/") ? etag : headers.get("last-modified");
}
