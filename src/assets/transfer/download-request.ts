// What a download is asked to do, and within which limits.
import type { AppError } from "../../base/errors.ts";
import type { Checksum } from "../checksum.ts";
import type { Credential, HttpRequest } from "./http-request.ts";
import type { PartOptions } from "./part-file.ts";

export interface TransferLimits {
  /** Longest wait for an answer's headers. */
  headerMs: number;
  /** The same for the first answer of a source behind which another stands. */
  firstAnswerMs: number;
  /** Longest silence within a body. */
  stallMs: number;
  /** Ranges of one file fetched at once, usually: fewer where it is fast anyway or the server fails, at most twice as many. */
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
  /** Called before it waits for the next attempt, with what made the last one fail. */
  onWait?: ((delayMs: number, failure: AppError) => void) | undefined;
  /** Called at every answer: the source can be reached. */
  onAnswer?: (() => void) | undefined;
  isGuarded?: boolean | undefined;
  /** Called when the length is known, with the bytes still to come and all of them; throws when there is no room. */
  reserve?: ((missingBytes: number, totalBytes: number) => Promise<void>) | undefined;
  /** Takes over the open part when it is whole, which is closed otherwise. */
  takeWhole?: PartOptions["takeWhole"];
  onProgress?: ((doneBytes: number, totalBytes: number | null) => void) | undefined;
  signal: AbortSignal;
}
