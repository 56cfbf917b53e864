// Who may call: keys, origins and host names, as pure checks. The voice socket's door uses the same ones.
import { createHash, timingSafeEqual } from "node:crypto";

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

/** True for one of `apiKeys`; takes the same time for every candidate, and looks at every key. */
export function createKeyCheck(apiKeys: readonly string[]): (candidate: string) => boolean {
  const digests = apiKeys.map(digest);
  return (candidate) => {
    const wanted = digest(candidate);
    let isKnown = false;
    for (const known of digests) isKnown = timingSafeEqual(known, wanted) || isKnown;
    return isKnown;
  };
}

/** The token of `Authorization: Bearer TOKEN`. */
export function parseBearer(header: string | undefined | null): string | undefined {
  return /^bearer +(\S+) *$/i.exec(header ?? "")?.[1];
}

/** True for a host name or address that only this machine can reach. */
export function isLoopbackHost(hostname: string): boolean {
  const bare = hostname.replace(/^\[|\]$/g, "").toLowerCase();
  return bare === "localhost" || bare === "::1" || /^127(\.\d{1,3}){3}$/.test(bare);
}

/** `host[:port]` of a Host header without its port; undefined when it is none. */
export function parseHostHeader(host: string): string | undefined {
  const match = /^(\[[0-9a-f:.]+\]|[^:/@\s[\]]+)(?::\d+)?$/i.exec(host);
  return match?.[1]?.toLowerCase();
}

/**
 * Whether a Host header may be answered by a listener on `listenHostname`. A page of a stranger can point its own name at
 * 127.0.0.1 (DNS rebinding) and would then be of our origin; so a loopback listener answers to loopback names only.
 */
export function isAllowedHost(host: string | undefined, listenHostname: string): boolean {
  if (!isLoopbackHost(listenHostname)) return true;
  const name = host === undefined ? undefined : parseHostHeader(host);
  return name !== undefined && (isLoopbackHost(name) || name === listenHostname.toLowerCase());
}

export interface OriginOptions {
  /** Full origins such as `https://example.org`; `*` stands for any. */
  allowedOrigins: readonly string[];
}

/**
 * Whether a browser page of `origin` may call. `host` is the request's Host header: the server's own pages may, on http
 * and https alike (a proxy may end TLS). A request without Origin comes from no foreign page.
 */
export function isAllowedOrigin(
  origin: string | undefined,
  host: string | undefined,
  options: OriginOptions,
): boolean {
  if (origin === undefined) return true;
  if (host !== undefined && [`http://${host}`, `https://${host}`].includes(origin.toLowerCase())) return true;
  return options.allowedOrigins.some((allowed) => allowed === "*" || allowed === origin);
}
