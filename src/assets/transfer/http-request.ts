// One GET up to its headers: redirects by hand, a credential that never leaves its origin, a limit on the wait.
// Bun's own redirect handling strips Authorization on a change of origin but forwards custom headers (X-API-Key).
import type { Clock } from "../../base/clock.ts";
import { abortReason } from "../../base/deadline.ts";
import { AppError, fromNetworkError } from "../../base/errors.ts";
import { createAddressGuard, type LookUpAddresses } from "./address-guard.ts";
import { isPassingStatus, parseRetryAfterMs } from "./retry.ts";

export type { LookUpAddresses } from "./address-guard.ts";

export type Fetch = (url: string, init: BunFetchRequestInit) => Promise<Response>;

export interface Credential {
  /** "Authorization", or a custom header. */
  header: string;
  /** The whole value, such as "Bearer …". It is put in no message. */
  value: string;
  /** The environment variable that a refusal names. */
  variable: string;
}

export interface HttpRequest {
  url: string;
  /** What messages call it: the url's host is not always theirs to know. */
  label: string;
  headers?: Readonly<Record<string, string>> | undefined;
  /** For the origin of `url` alone. */
  credential?: Credential | undefined;
  /** What the environment variable would be called if a refusal needs one and `credential` is not set. */
  credentialVariable?: string | undefined;
  /** The url did not come from the operator's own files: private addresses are not asked, after redirects neither. */
  isGuarded?: boolean | undefined;
  /** For each hop: connecting, sending, and the wait for the answer's headers. */
  headerTimeoutMs: number;
  signal: AbortSignal;
  /** Statuses beside 2xx that the caller deals with; a redirect among them is not followed. */
  accept?: readonly number[] | undefined;
  /** A source's own reading of a refusal, before the general one. */
  explainRefusal?: ((response: Response) => AppError | null) | undefined;
}

export interface OpenResponse extends Disposable {
  readonly response: Response;
  /** Closes the connection; leaving the scope does so too. */
  abort(): void;
}

export interface HttpDependencies {
  fetch: Fetch;
  clock: Clock;
  /** Default: the system's resolver. */
  lookup?: LookUpAddresses | undefined;
}

const maxRedirects = 10;
/** A signed url is asked for this often. */
const maxResolutions = 2;
const expiredStatuses = new Set([401, 403, 410]);
const redirectStatuses = new Set([301, 302, 303, 307, 308]);
/**
 * Resolves with a 2xx answer, or one whose status is in `accept`. E_NET (unreachable, no answer in time, 408/425/429/5xx,
 * bad redirects), E_NOT_FOUND (404, 410), E_PERM (401, 403), E_INTERRUPTED. `details.status` is the status.
 */
export async function openHttp(dependencies: HttpDependencies, request: HttpRequest): Promise<OpenResponse> {
  for (let resolution = 1; ; resolution++) {
    const { opened, hasLeftOrigin } = await followRedirects(dependencies, request);
    const { status } = opened.response;
    if ((status >= 200 && status < 300) || request.accept?.includes(status)) return opened;
    opened.abort();
    // Elsewhere than where we asked, a refusal is that of a signed url which has run out: the origin signs another.
    if (hasLeftOrigin && expiredStatuses.has(status) && resolution < maxResolutions) continue;
    throw (
      request.explainRefusal?.(opened.response) ?? fromStatus(request, opened.response, dependencies.clock)
    );
  }
}

/** Resolves with the first answer that is no redirect. */
async function followRedirects(
  dependencies: HttpDependencies,
  request: HttpRequest,
): Promise<{ opened: OpenResponse; hasLeftOrigin: boolean }> {
  const asked = new URL(request.url);
  let url = asked;
  let credential = request.credential;
  const guard = createAddressGuard({
    label: request.label,
    isGuarded: request.isGuarded === true,
    lookup: dependencies.lookup,
  });
  for (let hop = 0; ; hop++) {
    const address = await guard.admit(url);
    const opened = await sendOnce(dependencies, request, { url, address, credential });
    const { status, headers } = opened.response;
    const location = headers.get("location");
    const isWanted = request.accept?.includes(status) === true;
    if (!redirectStatuses.has(status) || location === null || isWanted) {
      return { opened, hasLeftOrigin: url.origin !== asked.origin };
    }
    opened.abort();
    if (hop === maxRedirects) throw badRedirect(request, `more than ${maxRedirects} redirects`);
    const next = parseLocation(location, url);
    if (!next) throw badRedirect(request, "a redirect to something that is no url");
    const problem = await guard.findRedirectProblem(url, next);
    if (problem) throw badRedirect(request, problem);
    // Dropped for good: a chain that comes back to the first origin does not get it again.
    if (next.origin !== url.origin) credential = undefined;
    url = next;
  }
}

async function sendOnce(
  { fetch, clock }: HttpDependencies,
  request: HttpRequest,
  { url, address, credential }: { url: URL; address: string | null; credential: Credential | undefined },
): Promise<OpenResponse> {
  const { signal, label, headerTimeoutMs } = request;
  if (signal.aborted) throw abortReason(signal);
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  signal.addEventListener("abort", stop, { once: true });
  let isLate = false;
  const late = Promise.withResolvers<never>();
  using timer = clock.schedule(() => {
    isLate = true;
    controller.abort();
    late.reject(new Error("late"));
  }, headerTimeoutMs);
  void timer;
  const abort = (): void => {
    signal.removeEventListener("abort", stop);
    controller.abort();
  };
  try {
    const answer = fetch(address === null ? url.href : addressedUrl(url, address), {
      method: "GET",
      redirect: "manual",
      // The bytes as they are stored: a length that is the file's, and digests that fit.
      decompress: false,
      headers: {
        ...request.headers,
        ...(address === null ? {} : { host: url.host }),
        "accept-encoding": "identity",
        ...(credential ? { [credential.header]: credential.value } : {}),
      },
      signal: controller.signal,
    });
    // Beside the abort: a connect that nobody answers does not always notice it at once.
    const response = await Promise.race([answer, late.promise]);
    return { response, abort, [Symbol.dispose]: abort };
  } catch (error) {
    abort();
    if (isLate) {
      throw new AppError(
        "E_NET",
        `${label} gave no answer within ${headerTimeoutMs / 1000} s; check the network, or try again later`,
        { source: label },
      );
    }
    throw translateFetchError(error, label, signal);
  }
}

/**
 * What `fetch` and a body's reader throw, as AppError where it is the network's doing. The cause stays behind: it names
 * the host, which for a package is nobody's business.
 */
export function translateFetchError(error: unknown, label: string, signal: AbortSignal): unknown {
  if (signal.aborted) return abortReason(signal);
  if (error instanceof AppError) return error;
  // Bun has more codes than are listed anywhere (Malformed_HTTP_Response, HTTP2…); a bug of ours carries none.
  const reason = (error as { code?: unknown } | null)?.code;
  if (typeof reason !== "string") return error;
  const known = fromNetworkError(error, label);
  const message =
    known instanceof AppError
      ? known.message
      : `${label}: the connection failed (${reason}); try again later`;
  return new AppError("E_NET", message, { source: label, reason });
}

function addressedUrl(url: URL, address: string): string {
  const addressed = new URL(url);
  addressed.hostname = address.includes(":") ? `[${address}]` : address;
  return addressed.href;
}

function parseLocation(location: string, base: URL): URL | null {
  return URL.canParse(location, base.href) ? new URL(location, base.href) : null;
}

function badRedirect(request: HttpRequest, what: string): AppError {
  return new AppError(
    "E_NET",
    `${request.label} answers with ${what}, which is not followed; check its address`,
    {
      source: request.label,
      is_final: true,
    },
  );
}

function fromStatus(request: HttpRequest, response: Response, clock: Clock): AppError {
  const { label } = request;
  const { status } = response;
  const variable = request.credential?.variable ?? request.credentialVariable;
  const details = { source: label, status };
  if (status === 404 || status === 410) {
    return new AppError("E_NOT_FOUND", `${label} is not there (${status}); check name and version`, details);
  }
  if (status === 401 || status === 403) {
    const cure = variable ? `check the token in ${variable}` : "check your right to it";
    return new AppError("E_PERM", `${label} refuses (${status}); ${cure}`, {
      ...details,
      ...(variable ? { token_env_var: variable } : {}),
    });
  }
  const retryAfterMs = parseRetryAfterMs(response.headers, clock.wallTime());
  return new AppError("E_NET", `${label} answered with status ${status}; try again later`, {
    ...details,
    ...(isPassingStatus(status) ? {} : { is_final: true }),
    ...(retryAfterMs === null ? {} : { retry_after_ms: retryAfterMs }),
  });
}
