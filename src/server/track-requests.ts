// The outermost step of each request: its id, its life, and what observability hears of it.
import type { MiddlewareHandler } from "hono";
import { routePath } from "hono/route";
import { type Clock, systemClock } from "../base/clock.ts";
import { isAbortError } from "../base/errors.ts";
import type { Emit } from "../base/events.ts";
import type { HttpEvent } from "../observability/http-event.ts";
import type { LifeRegistry } from "./request-life.ts";
import type { AppContext, AppEnv } from "./router.ts";

export interface TrackDependencies {
  lives: LifeRegistry;
  emit: Emit<HttpEvent>;
  clock?: Clock | undefined;
}

const requestIdPattern = /^[\w.=-]{1,128}$/;

export function createRequestTracker(deps: TrackDependencies): MiddlewareHandler<AppEnv> {
  const clock = deps.clock ?? systemClock;
  return async function trackRequest(c, next) {
    const given = c.req.header("x-request-id");
    const requestId = given !== undefined && requestIdPattern.test(given) ? given : crypto.randomUUID();
    const startMs = clock.nowMs();
    const { method } = c.req;
    const client = c.req.raw.signal;
    const life = deps.lives.open(requestId, client);
    let status = 0;
    let route = "unmatched";
    c.set("life", life);
    c.set("caller", "anonymous");
    c.set("report", (error) => {
      if (isAbortError(error)) return;
      deps.emit({ type: "http-request-fail", requestId, method, route: selectRoute(c), error });
    });
    deps.emit({ type: "http-request-start", requestId, method });
    life.onEnd(() => {
      const durationMs = clock.nowMs() - startMs;
      const wasAborted = client.aborted || status === 0;
      const { errorCode } = c.var;
      const end = { requestId, method, route, status, durationMs, wasAborted };
      deps.emit({ type: "http-request-end", ...end, ...(errorCode !== undefined && { errorCode }) });
    });
    try {
      await next();
      status = c.res.status;
      route = selectRoute(c);
      c.res.headers.set("x-request-id", requestId);
      c.res.headers.set("x-content-type-options", "nosniff");
    } finally {
      // A HEAD's body is thrown away unread, and would keep the request open for ever.
      if (!life.isStreaming || method === "HEAD") life.end();
    }
  };
}

/** `/v1/models/:id` → `/v1/models/{id}`: as the API's description names it, and bounded in number. */
function selectRoute(c: AppContext): string {
  const path = routePath(c, -1);
  if (path === "*" || path === "/*" || path === "") return "unmatched";
  return path.replace(/:(\w+)(\{[^}]*\})?/g, "{$1}");
}
