// OpenAI's chat completions, with a character as the model.
import { createRoute, z } from "@hono/zod-openapi";
import { collectCompletion, encodeChunks } from "../chat/encode-completion.ts";
import { parseMessages, parseToolChoice, parseTools } from "../chat/parse-conversation.ts";
import { chatRequestSchema } from "../chat/request-schema.ts";
import { createRouter, openAiFailure, type Router } from "../router.ts";
import type { Services } from "../services.ts";
import { createSseResponse } from "../streaming.ts";
import { noSuchModel } from "./models.ts";

const usageSchema = z.object({
  prompt_tokens: z.number(),
  completion_tokens: z.number(),
  total_tokens: z.number(),
});

const completionSchema = z
  .object({
    id: z.string(),
    object: z.literal("chat.completion"),
    created: z.number().int(),
    model: z.string(),
    choices: z.array(
      z.object({
        index: z.number().int(),
        message: z.object({
          role: z.literal("assistant"),
          content: z.string().nullable(),
          refusal: z.null(),
          tool_calls: z
            .array(
              z.object({
                id: z.string(),
                type: z.literal("function"),
                function: z.object({ name: z.string(), arguments: z.string() }),
              }),
            )
            .optional(),
        }),
        logprobs: z.null(),
        finish_reason: z.enum(["stop", "length", "tool_calls", "content_filter"]),
      }),
    ),
    usage: usageSchema,
  })
  .openapi("ChatCompletion");

const route = createRoute({
  method: "post",
  path: "/v1/chat/completions",
  tags: ["Chat"],
  summary: "An answer of a character",
  description:
    "The character's own tools run on the server; tools of the request come back as `tool_calls`. A client that leaves " +
    "stops the answer.",
  request: {
    body: { required: true, content: { "application/json": { schema: chatRequestSchema } } },
  },
  responses: {
    200: {
      description: "The answer; with `stream`, chunks as server-sent events, `[DONE]` last.",
      content: {
        "application/json": { schema: completionSchema },
        "text/event-stream": { schema: z.string() },
      },
    },
    ...openAiFailure,
  },
});

export function createChatRoutes(
  services: Pick<Services, "stage" | "replyAsCharacter" | "userName">,
): Router {
  const router = createRouter();
  router.openapi(route, async (c) => {
    const body = c.req.valid("json");
    const character = services.stage.book.find(body.model);
    if (!character) throw noSuchModel(body.model);
    const clientTools = parseTools(body.tools ?? []);
    const reply = services.replyAsCharacter({
      character,
      messages: parseMessages(body.messages),
      ...(clientTools.length > 0 && { clientTools }),
      toolChoice: parseToolChoice(body.tool_choice, clientTools),
      temperature: body.temperature ?? undefined,
      topP: body.top_p ?? undefined,
      frequencyPenalty: body.frequency_penalty ?? undefined,
      presencePenalty: body.presence_penalty ?? undefined,
      maxOutputTokens: body.max_completion_tokens ?? body.max_tokens ?? undefined,
      stop: typeof body.stop === "string" ? [body.stop] : (body.stop ?? undefined),
      seed: body.seed ?? undefined,
      userName: services.userName,
      signal: c.var.life.signal,
    });
    const identity = {
      id: `chatcmpl-${crypto.randomUUID().replaceAll("-", "")}`,
      created: Math.floor(Date.now() / 1000),
      model: character.name,
    };
    if (body.stream !== true) return c.json(await collectCompletion(reply, identity), 200);
    const includeUsage = body.stream_options?.include_usage === true;
    return createSseResponse(c, encodeChunks(reply, identity, { includeUsage }), { endMark: "[DONE]" });
  });
  return router;
}
