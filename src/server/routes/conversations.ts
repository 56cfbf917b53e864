// Conversations that are kept: which there are, one as JSON, and forgetting it.
import { createRoute, z } from "@hono/zod-openapi";
import { AppError } from "../../base/errors.ts";
import type { ConversationSummary } from "../../session/conversation-store.ts";
import { encodeItem } from "../realtime/ga-views.ts";
import { createRouter, jsonContent, ownFailure, type Router } from "../router.ts";
import type { Services } from "../services.ts";

const tags = ["Conversations"];
const idParam = z.object({
  id: z.string().openapi({ param: { name: "id", in: "path" }, description: "As `?conversation=` named it" }),
});
const recordSchema = z.object({
  id: z.string(),
  object: z.literal("conversation"),
  character: z.string(),
  created_at: z.number().int(),
  updated_at: z.number().int(),
  item_count: z.number().int(),
  last_words: z.string().nullable().openapi({ description: "What was said last, in one line and shortened" }),
});

const listRoute = createRoute({
  method: "get",
  path: "/v1/conversations",
  tags,
  summary: "The conversations that are kept, last one first",
  responses: {
    200: jsonContent(
      z.object({ object: z.literal("list"), data: z.array(recordSchema) }),
      "Times are Unix seconds; `character` is who spoke last.",
    ),
    ...ownFailure,
  },
});

const readRoute = createRoute({
  method: "get",
  path: "/v1/conversations/{id}",
  tags,
  summary: "A whole conversation, as JSON",
  request: { params: idParam },
  responses: {
    200: jsonContent(
      recordSchema.extend({
        summary: z.string().nullable(),
        items: z.array(z.record(z.string(), z.unknown())),
      }),
      "Items as in voice sessions, with `created_at`, cut to what was heard; `summary` is what the reply model is told of those that no longer fit its window.",
    ),
    ...ownFailure,
  },
});

const removeRoute = createRoute({
  method: "delete",
  path: "/v1/conversations/{id}",
  tags,
  summary: "Forget a conversation",
  request: { params: idParam },
  responses: {
    200: jsonContent(z.object({ success: z.literal(true), id: z.string() }), "It is gone."),
    ...ownFailure,
  },
});

export function createConversationRoutes(services: Pick<Services, "conversations">): Router {
  const router = createRouter();
  const requireStore = () => {
    if (services.conversations) return services.conversations;
    throw new AppError("E_NOT_FOUND", "conversations are not kept here; set conversations.file");
  };
  router.openapi(listRoute, (c) =>
    c.json({ object: "list" as const, data: requireStore().list().map(encodeSummary) }, 200),
  );
  router.openapi(readRoute, (c) => {
    const whole = requireStore().read(c.req.valid("param").id);
    const items = whole.items.map(({ item, createdAt }) => ({ ...encodeItem(item), created_at: createdAt }));
    return c.json({ ...encodeSummary(whole), summary: whole.summary, items }, 200);
  });
  router.openapi(removeRoute, (c) => {
    const { id } = c.req.valid("param");
    requireStore().remove(id);
    return c.json({ success: true as const, id }, 200);
  });
  return router;
}

const encodeSummary = (summary: ConversationSummary) => ({
  id: summary.id,
  object: "conversation" as const,
  character: summary.character,
  created_at: summary.createdAt,
  updated_at: summary.updatedAt,
  item_count: summary.itemCount,
  last_words: summary.lastWords,
});
