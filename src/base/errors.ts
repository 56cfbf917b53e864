// The one error class and its table: code → HTTP status, exit status, worth retrying.
// Everything a caller cannot go on from is thrown as AppError; anything else that is thrown is a bug (E_INTERNAL).

export const errorTable = {
  E_ARGS: { httpStatus: 400, exitCode: 2, retryable: false },
  E_SCHEMA: { httpStatus: 422, exitCode: 3, retryable: false },
  E_NOT_FOUND: { httpStatus: 404, exitCode: 4, retryable: false },
  E_PERM: { httpStatus: 403, exitCode: 5, retryable: false },
  E_LICENSE: { httpStatus: 451, exitCode: 6, retryable: false },
  E_NET: { httpStatus: 502, exitCode: 7, retryable: true },
  E_DISK: { httpStatus: 507, exitCode: 8, retryable: false },
  E_QUOTA: { httpStatus: 507, exitCode: 9, retryable: false },
  E_VERIFY: { httpStatus: 502, exitCode: 10, retryable: true },
  E_COMPAT: { httpStatus: 409, exitCode: 11, retryable: false },
  E_BUSY: { httpStatus: 503, exitCode: 12, retryable: true },
  E_CHARACTER: { httpStatus: 502, exitCode: 13, retryable: false },
  E_INTERNAL: { httpStatus: 500, exitCode: 70, retryable: false },
  E_INTERRUPTED: { httpStatus: 499, exitCode: 130, retryable: false },
} as const;

export type ErrorCode = keyof typeof errorTable;
export type ErrorDetails = Readonly<Record<string, unknown>>;

/** A failure with a stable code. `message` says what failed, on what, and what to do about it. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails | null;

  constructor(code: ErrorCode, message: string, details?: ErrorDetails | null, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "AppError";
    this.code = code;
    this.details = details ?? null;
  }

  get httpStatus(): number {
    return errorTable[this.code].httpStatus;
  }

  get exitCode(): number {
    return errorTable[this.code].exitCode;
  }
}

export interface ErrorJson {
  success: false;
  message: string;
  error_code: ErrorCode;
  data: ErrorDetails | null;
}

/** The JSON form of any thrown value. What is not an AppError is a bug: its text stays inside. */
export function encodeError(error: unknown): ErrorJson {
  if (error instanceof AppError) {
    return { success: false, message: error.message, error_code: error.code, data: error.details };
  }
  return {
    success: false,
    message: "an internal error; the log has the details",
    error_code: "E_INTERNAL",
    data: null,
  };
}

/** The text of any thrown value, for messages that quote a foreign failure. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** True for the errors that an aborted AbortSignal causes. */
export function isAbortError(error: unknown): boolean {
  return (
    (error instanceof Error && error.name === "AbortError") ||
    (error instanceof AppError && error.code === "E_INTERRUPTED")
  );
}

interface SystemError extends Error {
  code?: string;
}

/** Translates the file system failures that have a known cure; passes everything else through unchanged. */
export function fromFileSystemError(error: unknown, path: string): unknown {
  const code = (error as SystemError | null)?.code;
  switch (code) {
    case "ENOENT":
      return new AppError("E_NOT_FOUND", `${path} does not exist`, { path }, error);
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return new AppError(
        "E_PERM",
        `${path}: the system refuses access (${code}); check owner and mode`,
        { path },
        error,
      );
    case "ENOSPC":
    case "EDQUOT":
      return new AppError("E_DISK", `${path}: the disk is full (${code}); free some space`, { path }, error);
    case "EIO":
      return new AppError("E_DISK", `${path}: the disk reports an I/O error`, { path }, error);
    case "EXDEV":
      return new AppError(
        "E_DISK",
        `${path}: a link or a mount within its root leads to another disk (EXDEV), where nothing can be put in one step; make that disk's folder a root of its own, or name it as the place`,
        { path },
        error,
      );
    default:
      return error;
  }
}

const networkCodes = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ETIMEDOUT",
  "EPIPE",
  "ConnectionRefused",
  "ConnectionClosed",
  "FailedToOpenSocket",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "CERT_HAS_EXPIRED",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "ERR_TLS_CERT_ALTNAME_INVALID",
]);

/** Translates what `fetch` throws when a peer cannot be reached; passes everything else through unchanged. */
export function fromNetworkError(error: unknown, url: string): unknown {
  const code = (error as SystemError | null)?.code;
  if (code === undefined || !networkCodes.has(code)) return error;
  return new AppError(
    "E_NET",
    `${url} cannot be reached (${code}); check the network, or try --offline or --mirror`,
    { url },
    error,
  );
}
