// How the server is: for the page, and for orchestrators.
import { createRoute, z } from "@hono/zod-openapi";
import { healthSchema, type HealthServices, readHealth } from "../health.ts";
import { createRouter, jsonContent, type Router } from "../router.ts";

const healthRoute = createRoute({
  method: "get",
  path: "/v1/health",
  tags: ["Health"],
  summary: "What works",
  responses: {
    200: jsonContent(healthSchema, "Text can be served; `ok` says whether voice works too."),
    503: jsonContent(healthSchema, "No character can answer."),
  },
});
const statusSchema = z.object({ status: z.string() });
const liveRoute = createRoute({
  method: "get",
  path: "/livez",
  tags: ["Health"],
  summary: "The process answers",
  responses: { 200: jsonContent(statusSchema, "Alive.") },
});
const readyRoute = createRoute({
  method: "get",
  path: "/readyz",
  tags: ["Health"],
  summary: "Requests may be sent here",
  responses: {
    200: jsonContent(statusSchema, "Text can be served."),
    503: jsonContent(statusSchema, "No character can answer yet, or the server is stopping."),
  },
});

export function createHealthRoutes(services: HealthServices, options: { isStopping: () => boolean }): Router {
  const router = createRouter();
  router.openapi(healthRoute, async (c) => {
    const { canServeText, ...health } = await readHealth(services);
    return c.json(health, canServeText ? 200 : 503);
  });
  router.openapi(liveRoute, (c) => c.json({ status: "alive" }, 200));
  router.openapi(readyRoute, async (c) => {
    if (options.isStopping()) return c.json({ status: "stopping" }, 503);
    const { canServeText } = await readHealth(services);
    return canServeText
      ? c.json({ status: "ready" }, 200)
      : c.json({ status: "no character can answer" }, 503);
  });
  return router;
}
