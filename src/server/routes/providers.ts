// Every engine that could be chosen, and what keeps those from running that cannot.
import { createRoute, z } from "@hono/zod-openapi";
import { createRouter, jsonContent, ownFailure, type Router } from "../router.ts";
import type { Services } from "../services.ts";

const route = createRoute({
  method: "get",
  path: "/v1/providers",
  tags: ["Providers"],
  summary: "Engines and their states",
  responses: {
    200: jsonContent(
      z.object({
        providers: z.array(
          z.object({
            kind: z.string(),
            name: z.string(),
            title: z.string(),
            state: z.enum([
              "ready",
              "loading",
              "not-installed",
              "missing-credentials",
              "incompatible",
              "disabled",
            ]),
            reason: z.string().optional(),
          }),
        ),
      }),
      "`reason` says what is missing, what it waits for, or what a ready one has to say.",
    ),
    ...ownFailure,
  },
});

export function createProviderRoutes({ speech }: Pick<Services, "speech">): Router {
  const router = createRouter();
  router.openapi(route, async (c) => {
    const providers = await speech.listProviders();
    return c.json(
      {
        providers: providers.map(({ kind, id, title, state }) => {
          const reason =
            state.state === "ready" ? state.note : "detail" in state ? state.detail : state.reason;
          return { kind, name: id, title, state: state.state, ...(reason !== undefined && { reason }) };
        }),
      },
      200,
    );
  });
  return router;
}
