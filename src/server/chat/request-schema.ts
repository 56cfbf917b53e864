// The body of a chat completion: what OpenAI's clients send. Fields that are not named here are ignored, as OpenAI does
// with what a model does not support; what would be answered wrongly without them is refused.
import { z } from "@hono/zod-openapi";

/** `null` means "not given" throughout OpenAI's API. */
const optional = <S extends z.ZodType>(schema: S) => schema.nullish();

const textPartSchema = z.looseObject({ type: z.literal("text"), text: z.string() });
const refusalPartSchema = z.looseObject({ type: z.literal("refusal"), refusal: z.string() });
/** Any part, so that a part that is no text can be refused by its name. */
const anyPartSchema = z.looseObject({ type: z.string() });

const textContentSchema = z.union([z.string(), z.array(textPartSchema)]);

const toolCallSchema = z.looseObject({
  id: z.string().min(1),
  type: z.literal("function"),
  function: z.looseObject({ name: z.string().min(1), arguments: z.string() }),
});

const messageSchema = z.discriminatedUnion("role", [
  z.looseObject({ role: z.literal("system"), content: textContentSchema }),
  z.looseObject({ role: z.literal("developer"), content: textContentSchema }),
  z.looseObject({
    role: z.literal("user"),
    content: z.union([z.string(), z.array(anyPartSchema)]),
  }),
  z.looseObject({
    role: z.literal("assistant"),
    content: optional(z.union([z.string(), z.array(z.union([textPartSchema, refusalPartSchema]))])),
    tool_calls: optional(z.array(toolCallSchema)),
  }),
  z.looseObject({ role: z.literal("tool"), content: textContentSchema, tool_call_id: z.string().min(1) }),
]);
export type ChatRequestMessage = z.infer<typeof messageSchema>;

/** OpenAI's rule for names of functions. */
const toolNameSchema = z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/, "must match ^[a-zA-Z0-9_-]{1,64}$");

const toolSchema = z.looseObject({
  type: z.literal("function"),
  function: z.looseObject({
    name: toolNameSchema,
    description: optional(z.string()),
    parameters: optional(z.record(z.string(), z.unknown())),
  }),
});
export type ChatRequestTool = z.infer<typeof toolSchema>;

export const chatRequestSchema = z
  .looseObject({
    model: z.string().min(1).openapi({ description: "A character's name", example: "Gertrude" }),
    messages: z.array(messageSchema).min(1).openapi({
      description:
        "The conversation. The character's own system prompt goes before it; system and developer messages add to it.",
    }),
    stream: optional(z.boolean()),
    stream_options: optional(z.looseObject({ include_usage: optional(z.boolean()) })),
    tools: optional(z.array(toolSchema).max(128)),
    tool_choice: optional(
      z.union([
        z.enum(["auto", "none", "required"]),
        z.looseObject({ type: z.literal("function"), function: z.looseObject({ name: z.string() }) }),
      ]),
    ),
    temperature: optional(z.number().min(0).max(2)),
    top_p: optional(z.number().min(0).max(1)),
    frequency_penalty: optional(z.number().min(-2).max(2)),
    presence_penalty: optional(z.number().min(-2).max(2)),
    max_tokens: optional(z.number().int().min(1)),
    max_completion_tokens: optional(z.number().int().min(1)),
    stop: optional(z.union([z.string().min(1), z.array(z.string().min(1)).max(4)])),
    seed: optional(z.number().int()),
    n: optional(z.literal(1, "only one choice is made for each request")),
    modalities: optional(
      z.array(
        z.literal(
          "text",
          "chat completions answer in text; for speech use /v1/audio/speech or a voice session",
        ),
      ),
    ),
    response_format: optional(
      z.looseObject({
        type: z.literal("text", "characters answer in spoken text; other formats are not offered"),
      }),
    ),
  })
  .openapi("ChatCompletionRequest");
export type ChatRequest = z.infer<typeof chatRequestSchema>;
