// The door: host names, origins, keys and limits, before any route runs.
import type { MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import { createKeyCheck, isAllowedHost, isAllowedOrigin, isLoopbackHost, parseBearer } from "./access.ts";
import { HttpError } from "./http-error.ts";
import type { Limiter } from "./limits.ts";
import type { AppContext, AppEnv } from "./router.ts";
import type { AccessOptions } from "./services.ts";

/** Open to everyone: what orchestrators ask, and the socket that checks by itself (browsers cannot send it a header). */
const openPaths = new Set(["/livez", "/readyz", "/v1/health", "/v1/realtime"]);
/** The page, its files and the description of the API hold no secret. */
const isPagePath = (path: string): boolean => !path.startsWith("/v1/") && path !== "/metrics";
/** Changes what is on disk or on stage: no wildcard origin reaches it. */
const isAdministrative = (path: string): boolean =>
  /^\/v1\/(assets|hub|characters|conversations)\//.test(path);
/** What people said, and what is asked with the operator's token: on loopback too for who has a key, once there are keys. */
const isPrivate = (path: string): boolean => /^\/v1\/(conversations|hub)(\/|$)/.test(path);
const isRead = (method: string): boolean => method === "GET" || method === "HEAD";

const listenHostname = (c: AppContext): string => c.env?.server?.hostname ?? "localhost";

/** Refuses requests for a name that is not ours, sent by pages that rebind their own name to loopback. */
export function createHostGuard(): MiddlewareHandler<AppEnv> {
  return async function guardHost(c, next) {
    const host = c.req.header("host") ?? new URL(c.req.url).host;
    if (!isAllowedHost(host, listenHostname(c))) {
      throw new HttpError(
        "E_PERM",
        `this server answers on loopback only, not as ${host}; use http://localhost, or listen on that name with --host`,
      );
    }
    await next();
  };
}

export function createCors(access: AccessOptions): MiddlewareHandler<AppEnv> {
  const { allowedOrigins } = access;
  return cors({
    origin: (origin) => (allowedOrigins.includes("*") || allowedOrigins.includes(origin) ? origin : null),
    exposeHeaders: ["x-request-id", "retry-after"],
    maxAge: 600,
  });
}

/**
 * Foreign pages may read nothing (CORS) and may not set anything going either. Reads need no key on loopback; whatever
 * makes the machine work does, as soon as keys are configured. A wrong key is refused everywhere.
 */
export function createAccessGuard(access: AccessOptions, limiter: Limiter): MiddlewareHandler<AppEnv> {
  const isKey = createKeyCheck(access.apiKeys);
  const ownOrigins = access.allowedOrigins.filter((origin) => origin !== "*");
  return async function guardAccess(c, next) {
    const { method, path } = c.req;
    if (!isRead(method)) {
      const origin = c.req.header("origin");
      const allowedOrigins = isAdministrative(path) ? ownOrigins : access.allowedOrigins;
      if (!isAllowedOrigin(origin, c.req.header("host"), { allowedOrigins })) {
        throw new HttpError(
          "E_PERM",
          `pages of ${origin} may not call this server; add the origin to server.allowed_origins`,
        );
      }
    }
    const isOpen = isRead(method) && (openPaths.has(path) || isPagePath(path));
    if (access.apiKeys.length > 0 && !isOpen) {
      const key = parseBearer(c.req.header("authorization"));
      const isOpenRead = isRead(method) && !isPrivate(path) && isLoopbackHost(listenHostname(c));
      if (key === undefined && !isOpenRead) {
        throw refuseKey("an API key is needed: send Authorization: Bearer KEY");
      }
      if (key !== undefined) {
        if (!isKey(key)) throw refuseKey("the API key is not one of this server's");
        c.set("caller", callerOf(key));
      }
    }
    if (!isRead(method)) {
      const place = limiter.enter(c.var.caller);
      c.var.life.onEnd(() => place[Symbol.dispose]());
    }
    await next();
  };
}

/** A key's short digest: tells callers apart without holding the key. */
const callerOf = (key: string): string => Bun.hash(key).toString(36);

const refuseKey = (message: string): HttpError =>
  new HttpError("E_PERM", message, { status: 401, openAiCode: "invalid_api_key" });
