// The live feed of the page, as server-sent events.
import { createRoute, z } from "@hono/zod-openapi";
import { openLiveFeed } from "../live-feed.ts";
import type { LiveState } from "../live-state.ts";
import { createRouter, ownFailure, type Router } from "../router.ts";
import type { Services } from "../services.ts";
import { createSseResponse } from "../streaming.ts";

const route = createRoute({
  method: "get",
  path: "/v1/events",
  tags: ["Events"],
  summary: "What happens, as it happens",
  description:
    "Server-sent events of JSON objects with a `type`: first `snapshot` {health, reply, engines, assets, keeps_conversations, generation, " +
    "characters, errors}, then `characters-change` {generation, added, changed, removed, errors}, `engine-state` " +
    "{engines, health}, `reply-change` {reply, health}, `asset-phase-start` {asset, phase}, `asset-progress` {asset, phase, done_bytes, total_bytes, " +
    "bytes_per_second}, `asset-download-end` {asset, from_cache}, `asset-download-fail` {asset, message}, `asset-remove-end` " +
    "{asset, freed_bytes} (models too), `tool-run` {character, tool, outcome, duration_ms}. A listener that falls behind is ended; connecting again begins with a " +
    "new snapshot.",
  responses: {
    200: {
      description: "Endless.",
      content: { "text/event-stream": { schema: z.string() } },
    },
    ...ownFailure,
  },
});

export function createEventRoutes(services: Services, state: LiveState): Router {
  const router = createRouter();
  router.openapi(route, (c) => {
    const { life } = c.var;
    life.markEndless();
    return createSseResponse(c, openLiveFeed(services, state, life.signal));
  });
  return router;
}
