// Prometheus text.
import { createRoute, z } from "@hono/zod-openapi";
import { createRouter, type Router } from "../router.ts";
import type { Services } from "../services.ts";

const route = createRoute({
  method: "get",
  path: "/metrics",
  tags: ["Health"],
  summary: "Metrics for Prometheus",
  responses: {
    200: { description: "Text exposition format.", content: { "text/plain": { schema: z.string() } } },
  },
});

export function createMetricsRoutes({ metrics }: Pick<Services, "metrics">): Router {
  const router = createRouter();
  router.openapi(route, async (c) => {
    return c.text(await metrics.render(), 200, { "content-type": metrics.contentType });
  });
  return router;
}
