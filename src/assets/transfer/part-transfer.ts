// Between a server and a part: asks for ranges, checks what answers against what is known, and writes what comes.
import { AppError } from "../../base/errors.ts";
import { type ByteRange, parseContentRange } from "./byte-ranges.ts";
import type { DownloadRequest } from "./download-request.ts";
import { createGatheringWriter } from "./gathering-writer.ts";
import { type HttpDependencies, openHttp, type OpenResponse } from "./http-request.ts";
import type { PartFile } from "./part-file.ts";
import type { Claim } from "./range-claims.ts";
import { readBody } from "./read-body.ts";

/** The part on the server is not the part on disk. */
export class ChangedError extends Error {}

export interface PartTransfer {
  /** Bytes that have come, those of earlier tries included. */
  downloadedBytes(): number;
  open(range: ByteRange, signal: AbortSignal): Promise<OpenResponse>;
  requireSize(sizeBytes: number): void;
  /** Checks a 206 against what was asked and what is known; returns the range that its body holds. */
  acceptRange(opened: OpenResponse, asked: ByteRange): { range: ByteRange; totalBytes: number };
  /** Fetches a claim up to its end, which may come nearer meanwhile. */
  receiveClaim(claim: Claim, signal: AbortSignal, opened?: OpenResponse): Promise<void>;
  /** The whole file in one body: the server knows no ranges, or has something newer than our part. */
  receiveWhole(opened: OpenResponse, signal: AbortSignal): Promise<void>;
}

export function createPartTransfer(
  dependencies: HttpDependencies,
  request: DownloadRequest,
  part: PartFile,
): PartTransfer {
  const { label, limits, expectedBytes } = request;
  let downloadedBytes = 0;

  const netError = (what: string): AppError => new AppError("E_NET", `${label} ${what}`, { source: label });
  const bodyOf = (opened: OpenResponse, signal: AbortSignal) =>
    readBody(opened, { clock: dependencies.clock, label, stallMs: limits.stallMs, signal });
  /** Writes what follows `start`; `onWritten` is told how far that is. */
  const openWriter = (start: number, onWritten: (position: number) => void = () => undefined) => {
    let position = start;
    return createGatheringWriter(async (pieces) => {
      await part.writeAll(pieces, position);
      const count = pieces.reduce((sum, piece) => sum + piece.length, 0);
      position += count;
      downloadedBytes += count;
      onWritten(position);
      request.onProgress?.(part.doneBytes, part.sizeBytes);
    }, dependencies.clock);
  };

  const open: PartTransfer["open"] = async (range, signal) => {
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
    if (expectedBytes === null || sizeBytes === expectedBytes) return;
    throw new AppError(
      "E_VERIFY",
      `${label} has ${sizeBytes} bytes instead of ${expectedBytes}: these are other bytes than were asked for`,
      { source: label, expected: expectedBytes, found: sizeBytes },
    );
  };

  const acceptRange: PartTransfer["acceptRange"] = (opened, asked) => {
    const { headers } = opened.response;
    const content = parseContentRange(headers.get("content-range"));
    if (!content?.range || content.totalBytes === null || content.range[0] !== asked[0]) {
      throw netError("answers a range with another one; try again later");
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

  return {
    downloadedBytes: () => downloadedBytes,
    open,
    requireSize,
    acceptRange,
    async receiveClaim(claim, signal, opened) {
      // What is asked for now; the claim may have become shorter by the time the answer is here.
      const asked: ByteRange = [claim.position, claim.end];
      using answer = opened ?? (await open(asked, signal));
      if (!opened && answer.response.status !== 206) throw new ChangedError();
      const [start, announcedEnd] = opened ? asked : acceptRange(answer, asked).range;
      // A server may give less than was asked for: the rest is claimed again.
      claim.end = Math.min(claim.end, announcedEnd);
      const writer = openWriter(start, (position) => {
        claim.position = position;
      });
      let received = start;
      try {
        for await (const bytes of bodyOf(answer, signal)) {
          if (received + bytes.length > announcedEnd) {
            throw netError("sent more bytes than it had announced; try again later");
          }
          const wanted = bytes.subarray(0, Math.max(0, claim.end - received));
          received += wanted.length;
          await writer.push(wanted);
          if (received >= claim.end) break;
        }
      } finally {
        // Also what came before a failure: it is there, and need not come again.
        await writer.flush();
      }
      if (received < claim.end) {
        throw netError(`broke off after ${received - start} of ${announcedEnd - start} bytes`);
      }
    },
    async receiveWhole(opened, signal) {
      if (part.doneBytes > 0) throw new ChangedError();
      const { headers } = opened.response;
      const length = headers.get("content-length");
      const sizeBytes = length === null ? null : Number(length);
      if (sizeBytes !== null) requireSize(sizeBytes);
      part.describe({ sizeBytes, validator: selectValidator(headers) });
      if (sizeBytes !== null) await request.reserve?.(sizeBytes, sizeBytes);
      let position = 0;
      const writer = openWriter(0);
      try {
        for await (const bytes of bodyOf(opened, signal)) {
          if (sizeBytes !== null && position + bytes.length > sizeBytes) {
            throw netError("sent more bytes than it had announced; try again later");
          }
          position += bytes.length;
          await writer.push(bytes);
          if (expectedBytes !== null && position > expectedBytes) requireSize(position);
        }
      } finally {
        await writer.flush();
      }
      if (sizeBytes !== null && position < sizeBytes) {
        throw netError(`broke off after ${position} of ${sizeBytes} bytes`);
      }
      requireSize(position);
      part.describe({ sizeBytes: position });
    },
  };
}

/** Only a strong one proves that two answers are parts of the same bytes. */
function selectValidator(headers: Headers): string | null {
  const etag = headers.get("etag");
  return etag !== null && !etag.startsWith("W/") ? etag : headers.get("last-modified");
}
