// An AppError that knows more of HTTP than the table does: another status, the field at fault, OpenAI's own code.
import { AppError, type ErrorCode, type ErrorDetails } from "../base/errors.ts";

export interface HttpErrorOptions {
  /** Default: the table's status of the code. */
  status?: number | undefined;
  /** The request's field at fault, as a path: `messages.0.content`. */
  param?: string | undefined;
  /** Where OpenAI's clients expect a code of their own: `model_not_found`. */
  openAiCode?: string | undefined;
  retryAfterSeconds?: number | undefined;
  details?: ErrorDetails | null | undefined;
  cause?: unknown;
}

export class HttpError extends AppError {
  readonly status: number | undefined;
  readonly param: string | undefined;
  readonly openAiCode: string | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ErrorCode, message: string, options: HttpErrorOptions = {}) {
    super(code, message, options.details, options.cause);
    this.status = options.status;
    this.param = options.param;
    this.openAiCode = options.openAiCode;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

/** A field of the request is wrong. */
export function badField(param: string, message: string): HttpError {
  return new HttpError("E_ARGS", `${param}: ${message}`, { param, details: { field: param } });
}
