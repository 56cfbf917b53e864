// The server's own routes, as the page asks them: JSON in and out, sound as it comes, and refusals as failures that say in
// a sentence what to do.
import { toSentence } from "./plain-words.ts";

export interface AskOptions {
  method?: "GET" | "POST" | "PUT" | "DELETE";
  /** Sent as JSON. */
  body?: unknown;
  signal?: AbortSignal | undefined;
}

export interface Api {
  /** Rejects with ApiFailure; with the signal's reason when it aborts. */
  ask<T>(path: string, options?: AskOptions): Promise<T>;
  /** The bytes of an answer as they come. */
  read(path: string, options?: AskOptions): AsyncIterable<Uint8Array>;
}

/** A refusal. `code` as in the API; `E_NET` when the server itself cannot be reached. */
export class ApiFailure extends Error {
  readonly code: string;
  /** Of the answer; undefined when there was none. */
  readonly status: number | undefined;
  readonly data: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, details: { status?: number; data?: unknown } = {}) {
    super(toSentence(message));
    this.name = "ApiFailure";
    this.code = code;
    this.status = details.status;
    this.data = { ...(details.data as Record<string, unknown> | null) };
  }

  get needsKey(): boolean {
    return this.status === 401;
  }

  /** The server itself has not answered: what it asked of others may fail with `E_NET` too. */
  get isAway(): boolean {
    return this.code === "E_NET" && this.status === undefined;
  }
}

/** Any thrown value as what to show; undefined for what was called off on purpose. */
export function toApiFailure(error: unknown): ApiFailure | undefined {
  if (error instanceof ApiFailure) return error;
  if ((error as Error | undefined)?.name === "AbortError") return undefined;
  return new ApiFailure("E_NET", "The server cannot be reached. Is it still running?");
}

export interface ApiDependencies {
  fetch: (path: string, init: RequestInit) => Promise<Response>;
}

export function createApi({ fetch }: ApiDependencies, { apiKey }: { apiKey: string | undefined }): Api {
  const open = async (
    path: string,
    { method = "GET", body, signal }: AskOptions,
    accept: string,
  ): Promise<Response> => {
    const response = await fetch(path, {
      method,
      cache: "no-store",
      headers: {
        accept,
        ...(apiKey !== undefined && { authorization: `Bearer ${apiKey}` }),
        ...(body !== undefined && { "content-type": "application/json" }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(signal && { signal }),
    });
    if (response.ok) return response;
    throw decodeFailure(await response.json().catch(() => undefined), response.status);
  };

  async function* read(path: string, options: AskOptions = {}): AsyncIterable<Uint8Array> {
    const { body } = await open(path, options, "*/*");
    const reader = body?.getReader();
    if (!reader) return;
    try {
      for (let part = await reader.read(); !part.done; part = await reader.read()) yield part.value;
    } finally {
      // Whoever stops reading wants no more of it to be made.
      void reader.cancel().catch(() => undefined);
    }
  }

  return {
    read,
    async ask<T>(path: string, options: AskOptions = {}): Promise<T> {
      const response = await open(path, options, "application/json");
      return (await response.json()) as T;
    },
  };
}

/** Both forms of a refusal: this system's own, and OpenAI's. */
function decodeFailure(body: unknown, status: number): ApiFailure {
  const { error, error_code, message, data } = { ...(body as WireFailure | null | undefined) };
  return new ApiFailure(
    error_code ?? error?.code ?? "E_INTERNAL",
    message ?? error?.message ?? `the server answered ${status}`,
    { status, data },
  );
}

interface WireFailure {
  error_code?: string;
  message?: string;
  data?: unknown;
  error?: { code?: string | null; message?: string };
}
