// Secrets for pages that are to talk with a character and must not see an API key.
import { createRoute, z } from "@hono/zod-openapi";
import type { Realtime } from "../realtime/port.ts";
import { createRouter, jsonContent, openAiFailure, type Router } from "../router.ts";

const requestSchema = z.object({
  expires_after: z
    .object({
      anchor: z.literal("created_at").optional(),
      seconds: z.number().int().min(10).max(7200).optional().openapi({ example: 600 }),
    })
    .optional(),
  session: z.looseObject({ model: z.string().optional() }).optional().openapi({
    description: "What its sessions begin with, as in `session.update`; `model` is a character.",
  }),
});

const route = createRoute({
  method: "post",
  path: "/v1/realtime/client_secrets",
  tags: ["Realtime"],
  summary: "A secret of short life for a page that opens voice sessions",
  request: { body: { required: false, content: { "application/json": { schema: requestSchema } } } },
  responses: {
    200: jsonContent(
      z.object({
        value: z.string().openapi({ description: "Use it where an API key goes at /v1/realtime." }),
        expires_at: z.number().openapi({ description: "Unix seconds" }),
        session: z.record(z.string(), z.unknown()),
      }),
      "Good for any number of sessions until it expires.",
    ),
    ...openAiFailure,
  },
});

export function createRealtimeSecretRoutes({ issueSecret }: Pick<Realtime, "issueSecret">): Router {
  const router = createRouter();
  router.openapi(route, async (c) => c.json(await issueSecret(c.req.valid("json")), 200));
  return router;
}
