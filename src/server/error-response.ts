// Any thrown value as an HTTP answer, in the form that the caller's route speaks: OpenAI's or this system's own.
import { HTTPException } from "hono/http-exception";
import { AppError, encodeError } from "../base/errors.ts";
import { HttpError } from "./http-error.ts";

/** Prefixes under /v1 that are this system's own; the rest of /v1 is OpenAI's, known to us or not. */
const ownPrefixes = [
  "characters",
  "voices",
  "assets",
  "providers",
  "events",
  "health",
  "hub",
  "conversations",
];

export function isOpenAiPath(path: string): boolean {
  const [, version, area] = path.split("/");
  return version === "v1" && area !== undefined && !ownPrefixes.includes(area);
}

export interface OpenAiError {
  error: { message: string; type: string; param: string | null; code: string | null };
}

/** What is worth telling a client that asks again too soon, when nothing better is known. */
const defaultRetryAfterSeconds = 2;

/** What the framework says before a route is reached, in words that name the cure. */
const frameworkMessages: Readonly<Record<number, string>> = {
  400: "the body cannot be read: it must be of the kind that its Content-Type says",
  415: "the body's Content-Type does not fit: send application/json, or multipart/form-data for uploads",
};

/** Foreign errors that reach the door become AppErrors here; what is not known stays a bug (E_INTERNAL). */
export function toAppError(error: unknown): AppError | undefined {
  if (error instanceof AppError) return error;
  if (error instanceof HTTPException && error.status < 500) {
    const message = frameworkMessages[error.status] ?? error.message;
    return new HttpError("E_ARGS", message, { cause: error });
  }
  return undefined;
}

export function statusOf(error: AppError | undefined): number {
  if (error === undefined) return 500;
  if (error instanceof HttpError && error.status !== undefined) return error.status;
  // A rate limit is a quota that comes back by itself; `status` is what a server behind us answered.
  if (error.code === "E_QUOTA" && error.details?.["status"] === 429) return 429;
  return error.httpStatus;
}

function retryAfterOf(error: AppError): number | undefined {
  if (error instanceof HttpError && error.retryAfterSeconds !== undefined) return error.retryAfterSeconds;
  const waitMs = error.details?.["retryAfterMs"];
  if (typeof waitMs === "number" && Number.isFinite(waitMs)) return Math.max(1, Math.ceil(waitMs / 1000));
  return defaultRetryAfterSeconds;
}

/** OpenAI's form; all four keys are always there. */
export function encodeOpenAiError(error: unknown): OpenAiError {
  const known = toAppError(error);
  const { message, error_code } = encodeError(known);
  const http = known instanceof HttpError ? known : undefined;
  return {
    error: {
      message,
      type: openAiType(statusOf(known)),
      param: http?.param ?? null,
      code: http?.openAiCode ?? error_code,
    },
  };
}

function openAiType(status: number): string {
  if (status === 429) return "rate_limit_error";
  return status < 500 ? "invalid_request_error" : "server_error";
}

export function encodeErrorBody(error: unknown, path: string): unknown {
  return isOpenAiPath(path) ? encodeOpenAiError(error) : encodeError(toAppError(error));
}

/** The whole answer, with `Retry-After` and `WWW-Authenticate` where they belong. */
export function createErrorResponse(error: unknown, path: string): Response {
  const known = toAppError(error);
  const status = statusOf(known);
  const headers = new Headers({ "content-type": "application/json" });
  const retryAfterSeconds = known && retryAfterOf(known);
  if (retryAfterSeconds !== undefined && (status === 503 || status === 429)) {
    headers.set("retry-after", String(retryAfterSeconds));
  }
  if (status === 401) headers.set("www-authenticate", "Bearer");
  return new Response(JSON.stringify(encodeErrorBody(error, path)), { status, headers });
}
