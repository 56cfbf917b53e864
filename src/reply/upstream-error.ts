// What language-model servers answer when they refuse or fail, in our codes and with the cure. The one place for it.
// The foreign error is not kept as `cause`: it carries the whole conversation.
import { APICallError } from "@ai-sdk/provider";
import { AppError, type ErrorDetails, messageOf } from "../base/errors.ts";
import type { LanguageModelOptions } from "./language-model.ts";
import { redact } from "./redact.ts";

type Upstream = Pick<LanguageModelOptions, "title" | "baseUrl" | "apiKey" | "apiKeyName" | "model">;

interface Failure {
  status?: number | undefined;
  message: string;
  /** `code` and `type` of the error's JSON, in lower case. */
  labels: string;
  retryAfterMs?: number | undefined;
}

// OpenAI, vLLM, llama.cpp ("exceeds the available context size"), Ollama, LM Studio, Anthropic ("prompt is too long").
const tooLong =
  /context[_ -]?(?:length|window|size)|maximum context|prompt is too long|too many (?:input )?tokens|input length .* exceed|exceeds? the available context/i;

/** An AppError for anything that a round throws; AppErrors pass through. */
export function fromUpstreamError(error: unknown, upstream: Upstream): AppError {
  if (error instanceof AppError) return error;
  const failure = describeFailure(error);
  const { title, baseUrl, model } = upstream;
  const said = redact(failure.message, [upstream.apiKey]);
  const quote = said === "" ? "" : `: ${said}`;
  const details: ErrorDetails = {
    url: baseUrl,
    ...(failure.status === undefined ? {} : { status: failure.status }),
    ...(failure.retryAfterMs === undefined ? {} : { retryAfterMs: failure.retryAfterMs }),
  };
  const make = (code: AppError["code"], message: string): AppError => new AppError(code, message, details);

  const { status, labels } = failure;
  if (status === undefined) {
    return make("E_NET", `${title} at ${baseUrl} failed${quote}; is it running, and base_url right?`);
  }
  if (tooLong.test(failure.message) || tooLong.test(labels) || status === 413) {
    return make("E_ARGS", `the conversation is too long for ${model} of ${title}${quote}; start a new one`);
  }
  if (status === 401 || status === 403) {
    const name = upstream.apiKeyName;
    const cure =
      upstream.apiKey === undefined
        ? `it wants a key: set ${name ?? "[reply] api_key_env"}`
        : `check the key in ${name ?? "[reply] api_key_env"}`;
    return make("E_PERM", `${title} refuses access (${status}); ${cure}${quote && ` (it says${quote})`}`);
  }
  if (status === 402 || /insufficient_quota|billing/.test(labels)) {
    return make("E_QUOTA", `the account at ${title} has no credit left (${status})${quote}`);
  }
  if (status === 429) {
    const wait = failure.retryAfterMs;
    const cure = wait === undefined ? "try again later" : `try again in ${Math.ceil(wait / 1000)} s`;
    return make("E_QUOTA", `${title} limits the rate of requests (429); ${cure}${quote}`);
  }
  if (status === 404) {
    return make(
      "E_NOT_FOUND",
      `${title} at ${baseUrl} knows no model ${model} (404)${quote}; see which it has, and set [reply] model, or check base_url`,
    );
  }
  if (status >= 300 && status < 400) {
    return make("E_NET", `${title} at ${baseUrl} redirects (${status}); put the final address in base_url`);
  }
  // 408 timeout, 409 conflict, 425 too early: the server's trouble of the moment, like 5xx.
  if (status >= 500 || status === 408 || status === 409 || status === 425) {
    return make("E_NET", `${title} at ${baseUrl} failed (${status})${quote}; try again`);
  }
  if (status >= 400) return make("E_ARGS", `${title} refuses the request (${status})${quote}`);
  return make("E_NET", `${title} at ${baseUrl} sent what is no answer of a language model${quote}`);
}

function describeFailure(error: unknown): Failure {
  if (APICallError.isInstance(error)) {
    const body = parseObject(error.responseBody);
    const inner = describeObject(body?.["error"] ?? body);
    return {
      status: error.statusCode,
      // Servers that answer in a shape of their own (FastAPI's `detail`) are quoted as they are.
      message: inner.message || (body ? (error.responseBody ?? "") : error.message),
      labels: inner.labels,
      retryAfterMs: readRetryAfterMs(error.responseHeaders ?? {}),
    };
  }
  // An error in the midst of a stream: the server's error object, or the SDK's with the object as `data`.
  const object = (error as { data?: unknown } | null)?.data ?? error;
  const inner = describeObject((object as { error?: unknown } | null)?.error ?? object);
  if (error instanceof Error && inner.labels === "") return { message: messageOf(error), labels: "" };
  const message = inner.message || messageOf((error as { message?: unknown } | null)?.message ?? error);
  return { ...inner, message, status: inner.status ?? statusOfLabels(inner.labels) };
}

function describeObject(value: unknown): Failure {
  if (typeof value === "string") return { message: value, labels: "" };
  const { message, code, type } = (value ?? {}) as Record<string, unknown>;
  const status = typeof code === "number" && code >= 400 && code < 600 ? code : undefined;
  return {
    status,
    message: typeof message === "string" ? message : "",
    labels: [code, type]
      .filter((label) => typeof label === "string")
      .join(" ")
      .toLowerCase(),
  };
}

/** Streams name the kind of an error, not its status (OpenAI's and Anthropic's `type`). */
function statusOfLabels(labels: string): number {
  if (/rate_limit|insufficient_quota/.test(labels)) return 429;
  if (/authentication|invalid_api_key/.test(labels)) return 401;
  if (/permission/.test(labels)) return 403;
  if (/not_found/.test(labels)) return 404;
  if (/invalid_request|context_length/.test(labels)) return 400;
  return 500;
}

function parseObject(text: string | undefined): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text ?? "");
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** `retry-after-ms` (OpenAI), `retry-after` in seconds or as a date (RFC 9110, 10.2.3). */
function readRetryAfterMs(headers: Record<string, string>): number | undefined {
  const inMs = Number(headers["retry-after-ms"] ?? Number.NaN);
  if (inMs >= 0) return inMs;
  const text = headers["retry-after"];
  if (text === undefined || text.trim() === "") return undefined;
  const seconds = Number(text);
  if (seconds >= 0) return seconds * 1000;
  const dateMs = Date.parse(text);
  return Number.isNaN(dateMs) ? undefined : Math.max(0, dateMs - Date.now());
}
