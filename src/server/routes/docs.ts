// The description of the API: for programs, and as a page.
import { createRoute, z } from "@hono/zod-openapi";
import { type ApiDescription, describeApi } from "../api-description.ts";
import { renderDocsPage } from "../docs-page.ts";
import type { Router } from "../router.ts";

const descriptionRoute = createRoute({
  method: "get",
  path: "/openapi.json",
  tags: ["Health"],
  summary: "This description (OpenAPI 3.1)",
  responses: {
    200: {
      description: "The description.",
      content: { "application/json": { schema: z.any() } },
    },
  },
});

const pageRoute = createRoute({
  method: "get",
  path: "/docs",
  tags: ["Health"],
  summary: "This description as a page",
  responses: { 200: { description: "HTML.", content: { "text/html": { schema: z.string() } } } },
});

/** The page runs no script and loads nothing. */
const contentSecurityPolicy =
  "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/** Registers on the router that has all other routes, after them. */
export function registerDocs(router: Router, options: { version: string }): void {
  let description: ApiDescription | undefined;
  const describe = (): ApiDescription => (description ??= describeApi(router, options));
  router.openapi(descriptionRoute, (c) => c.json(describe(), 200));
  router.openapi(pageRoute, (c) =>
    c.html(renderDocsPage(describe()), 200, { "content-security-policy": contentSecurityPolicy }),
  );
}
