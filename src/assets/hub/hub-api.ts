// Requests to a Hugging Face hub, or to a mirror that speaks the same: one JSON answer at a time, and what its refusals
// mean. Addresses, headers and error codes as the hub's own clients (huggingface_hub 1.29) rely on them.
import type { z } from "zod";
import { AppError } from "../../base/errors.ts";
import type { WebOrigin } from "../sources/source.ts";
import { type Credential, type HttpDependencies, openHttp } from "../transfer/http-request.ts";
import { readBody } from "../transfer/read-body.ts";

export const publicHubUrl = "https://huggingface.co";

export interface HubApiOptions {
  /** "https://huggingface.co", or a mirror's base url. */
  endpoint: string;
  stallMs: number;
}

/** The repository that a request is about; a request that is about none has none. */
export interface HubTarget {
  repoId: string;
  revision: string;
}

export interface HubRequest {
  url: string;
  target: HubTarget | null;
  /** Sent to the endpoint's origin alone. */
  credential: Credential | undefined;
  /** What a refusal names without a credential. */
  tokenVariable: string;
  headerTimeoutMs: number;
  signal: AbortSignal;
  /** Called when the hub has answered at all. */
  onAnswer?: (() => void) | undefined;
}

export interface HubPage<T> {
  data: T;
  /** On this endpoint, whatever host the link names; null on the last page. */
  nextUrl: string | null;
}

export interface HubApi {
  /** Without a slash at the end. */
  readonly endpoint: string;
  fileUrl(target: HubTarget, path: string): string;
  originOf(request: Pick<HubRequest, "url" | "target" | "credential" | "tokenVariable">): WebOrigin;
  /**
   * `shape` says in words what the answer should be. Rejects with E_NET (no JSON, too), E_SCHEMA (another shape),
   * E_NOT_FOUND, E_PERM, E_LICENSE (gated), E_INTERRUPTED.
   */
  readPage<T>(schema: z.ZodType<T>, shape: string, request: HubRequest): Promise<HubPage<T>>;
}

const maxPageBytes = 16 << 20;

export function createHubApi(dependencies: HttpDependencies, options: HubApiOptions): HubApi {
  const endpoint = options.endpoint.replace(/\/+$/, "");

  const originOf: HubApi["originOf"] = ({ url, target, credential, tokenVariable }) => {
    const variable = credential?.variable ?? tokenVariable;
    return {
      kind: "web",
      url,
      credential,
      credentialVariable: variable,
      explainRefusal: (response) => (target ? explainHubRefusal(response, target, variable) : null),
    };
  };

  return {
    endpoint,
    originOf,
    fileUrl: ({ repoId, revision }, path) =>
      `${endpoint}/${repoId}/resolve/${encodeURIComponent(revision)}/${encodePath(path)}`,
    async readPage(schema, shape, request) {
      const label = labelOf(request.target);
      const { signal, headerTimeoutMs } = request;
      using opened = await openHttp(dependencies, { ...originOf(request), label, headerTimeoutMs, signal });
      request.onAnswer?.();
      const pieces: Uint8Array[] = [];
      let sizeBytes = 0;
      const body = { clock: dependencies.clock, label, stallMs: options.stallMs, signal };
      for await (const bytes of readBody(opened, body)) {
        sizeBytes += bytes.length;
        if (sizeBytes > maxPageBytes) throw notHub(label, "E_SCHEMA", `${shape} that does not end`);
        pieces.push(bytes);
      }
      const parsed = schema.safeParse(parseJson(Buffer.concat(pieces).toString("utf8"), label));
      if (!parsed.success) throw notHub(label, "E_SCHEMA", `${shape} that is none`);
      return { data: parsed.data, nextUrl: findNext(opened.response.headers, endpoint) };
    },
  };
}

const labelOf = (target: HubTarget | null): string =>
  target === null ? "the hub" : `hub repository ${target.repoId}`;

/** The link is absolute; a mirror passes the hub's own through, so only its path and query count. */
function findNext(headers: Headers, endpoint: string): string | null {
  const link = /<([^>]+)>;\s*rel="?next"?/.exec(headers.get("link") ?? "")?.[1];
  if (link === undefined || !URL.canParse(link, endpoint)) return null;
  const { pathname, search } = new URL(link, endpoint);
  // A mirror's base url may have a path of its own, which a link of the hub's own does not have.
  const base = new URL(endpoint).pathname.replace(/\/+$/, "");
  const isBelowBase = base === "" || pathname.startsWith(`${base}/`);
  return new URL(`${isBelowBase ? "" : base}${pathname}${search}`, endpoint).href;
}

function parseJson(text: string, label: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw notHub(label, "E_NET", "something that is no JSON");
  }
}

export function notHub(label: string, code: "E_NET" | "E_SCHEMA" | "E_VERIFY", what: string): AppError {
  return new AppError(code, `${label} is answered with ${what}; check the mirror's address`, {
    source: label,
    is_final: true,
  });
}

/** Terms are accepted on the hub itself, whichever mirror the files come from. */
export const pageOf = (repoId: string): string => `${publicHubUrl}/${repoId}`;

function explainHubRefusal(response: Response, target: HubTarget, variable: string): AppError | null {
  const label = labelOf(target);
  const code = response.headers.get("x-error-code");
  const details = {
    source: label,
    status: response.status,
    ...(code ? { hub_code: code } : {}),
    token_env_var: variable,
  };
  const notThere = (what: string): AppError =>
    new AppError("E_NOT_FOUND", `${label}: ${what}; check the name, or the token in ${variable}`, details);
  switch (code) {
    case "RepoNotFound":
      return notThere("no such repository, or a private one");
    case "RevisionNotFound":
      return notThere(`no revision ${target.revision}`);
    case "EntryNotFound":
      return notThere("no such file");
    case "GatedRepo":
      return new AppError(
        "E_LICENSE",
        `${label} is gated: accept its terms on ${pageOf(target.repoId)}, and put a token of that account into ${variable}`,
        { ...details, page: pageOf(target.repoId) },
      );
    default:
      return null;
  }
}

const encodePath = (path: string): string => path.split("/").map(encodeURIComponent).join("/");
