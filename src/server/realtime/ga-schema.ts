// OpenAI's GA client events as zod schemas. What OpenAI knows and this system has no use for is let through; what it knows
// and this system cannot do is refused by name.
import { z } from "zod";

const limitText = (max: number) => z.string().max(max);

const formatSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("audio/pcm"), rate: z.literal(24_000).nullish() }),
  z.object({ type: z.literal("audio/pcmu"), rate: z.literal(8000).nullish() }),
  z.object({ type: z.literal("audio/pcma"), rate: z.literal(8000).nullish() }),
]);
export type WireFormat = z.infer<typeof formatSchema>;

const whenTurnEnds = {
  create_response: z.boolean().optional(),
  interrupt_response: z.boolean().optional(),
};
const turnDetectionSchema = z.object({
  ...whenTurnEnds,
  type: z.enum(["server_vad", "semantic_vad"]).optional(),
  threshold: z.number().min(0).max(1).optional(),
  prefix_padding_ms: z.number().int().min(0).max(10_000).optional(),
  silence_duration_ms: z.number().int().min(32).max(60_000).optional(),
  idle_timeout_ms: z.number().int().min(100).max(600_000).nullish(),
  eagerness: z.enum(["low", "medium", "high", "auto"]).optional(),
});
export type WireTurnDetection = z.infer<typeof turnDetectionSchema>;

const toolSchema = z.object({
  type: z.literal("function").optional(),
  name: z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/, "1 to 64 of a-z, A-Z, 0-9, _ and -"),
  description: z.string().nullish(),
  parameters: z.record(z.string(), z.unknown()).nullish(),
});
const toolsSchema = z.array(toolSchema).max(128);
export type WireTool = z.infer<typeof toolSchema>;

const toolChoiceSchema = z.union([
  z.enum(["auto", "none", "required"]),
  z.object({ type: z.literal("function"), name: z.string() }),
]);
export type WireToolChoice = z.infer<typeof toolChoiceSchema>;

const voiceSchema = z.union([z.string().min(1), z.object({ id: z.string().min(1) })]);
const modalitiesSchema = z.array(z.enum(["text", "audio"])).min(1);
const maxTokensSchema = z.union([z.literal("inf"), z.number().int().min(1).max(1_000_000)]);
export type WireMaxTokens = z.infer<typeof maxTokensSchema>;

const sessionSchema = z.looseObject({
  type: z.literal("realtime").optional(),
  model: z.string().optional(),
  instructions: limitText(1_000_000).optional(),
  output_modalities: modalitiesSchema.optional(),
  audio: z
    .object({
      input: z
        .object({
          format: formatSchema.optional(),
          transcription: z
            .object({
              model: z.string().optional(),
              language: z.string().nullish(),
              prompt: z.string().nullish(),
            })
            .nullish(),
          noise_reduction: z.unknown().optional(),
          turn_detection: turnDetectionSchema.nullish(),
        })
        .optional(),
      output: z
        .object({
          format: formatSchema.optional(),
          voice: voiceSchema.nullish(),
          speed: z.number().min(0.25).max(4).optional(),
        })
        .optional(),
    })
    .optional(),
  tools: toolsSchema.optional(),
  tool_choice: toolChoiceSchema.optional(),
  max_output_tokens: maxTokensSchema.optional(),
  /** This system's own. */
  troupe: z
    .object({
      words: z.boolean().optional(),
      tools: z.boolean().optional(),
      character_changes: z.boolean().optional(),
      partials: z.boolean().optional(),
      greeting: z.boolean().optional(),
      allow_recording: z.boolean().optional(),
      interruption: z
        .object({
          faint_db: z.number().min(0).max(100).optional(),
          min_speech_ms: z.number().int().min(0).max(10_000).optional(),
          min_words: z.number().int().min(1).max(20).optional(),
          resume_ms: z.number().int().min(0).max(30_000).optional(),
        })
        .optional(),
    })
    .optional(),
});
export type WireSession = z.infer<typeof sessionSchema>;

export const secretRequestSchema = z.object({
  expires_after: z
    .object({
      anchor: z.literal("created_at").optional(),
      seconds: z.number().int().min(10).max(7200).optional(),
    })
    .optional(),
  session: sessionSchema.optional(),
});

const itemId = z.string().min(1).max(128);
const itemBase = { id: itemId.optional(), object: z.string().optional(), status: z.string().nullish() };
const textPart = <T extends string>(...types: [T, ...T[]]) =>
  z.object({ type: z.enum(types), text: limitText(1_000_000) });

const messageSchema = z.discriminatedUnion("role", [
  z.object({
    ...itemBase,
    type: z.literal("message"),
    role: z.literal("user"),
    content: z
      .array(
        z.discriminatedUnion("type", [
          textPart("input_text"),
          z.object({
            type: z.literal("input_audio"),
            audio: z.string().nullish(),
            transcript: z.string().nullish(),
          }),
        ]),
      )
      .min(1),
  }),
  z.object({
    ...itemBase,
    type: z.literal("message"),
    role: z.literal("system"),
    content: z.array(textPart("input_text")).min(1),
  }),
  z.object({
    ...itemBase,
    type: z.literal("message"),
    role: z.literal("assistant"),
    content: z
      .array(
        z.discriminatedUnion("type", [
          textPart("output_text", "text"),
          z.object({
            type: z.enum(["output_audio", "audio"]),
            transcript: z.string().nullish(),
            audio: z.string().nullish(),
          }),
        ]),
      )
      .min(1),
  }),
]);

const itemSchema = z.union([
  messageSchema,
  z.object({
    ...itemBase,
    type: z.literal("function_call"),
    call_id: z.string().min(1).optional(),
    name: z.string().min(1),
    arguments: z.string(),
  }),
  z.object({
    ...itemBase,
    type: z.literal("function_call_output"),
    call_id: z.string().min(1),
    output: z.string(),
  }),
]);
export type WireItem = z.infer<typeof itemSchema>;

const responseSchema = z.looseObject({
  instructions: limitText(1_000_000).optional(),
  output_modalities: modalitiesSchema.optional(),
  audio: z
    .object({
      output: z.object({ format: formatSchema.optional(), voice: voiceSchema.optional() }).optional(),
    })
    .optional(),
  tools: toolsSchema.optional(),
  tool_choice: toolChoiceSchema.optional(),
  max_output_tokens: maxTokensSchema.optional(),
  conversation: z.enum(["auto", "none"]).optional(),
  input: z
    .array(z.union([z.object({ type: z.literal("item_reference"), id: itemId }), itemSchema]))
    .optional(),
  metadata: z.record(z.string().max(64), z.string().max(512)).nullish(),
});
export type WireResponse = z.infer<typeof responseSchema>;

const eventId = z.string().max(512).optional();
const event = <T extends string, S extends z.ZodRawShape>(type: T, shape: S) =>
  z.object({ type: z.literal(type), event_id: eventId, ...shape });

export const clientEventSchemas = {
  "session.update": event("session.update", { session: sessionSchema }),
  "input_audio_buffer.append": event("input_audio_buffer.append", { audio: z.string() }),
  "input_audio_buffer.commit": event("input_audio_buffer.commit", {}),
  "input_audio_buffer.clear": event("input_audio_buffer.clear", {}),
  "conversation.item.create": event("conversation.item.create", {
    previous_item_id: z.string().nullish(),
    item: itemSchema,
  }),
  "conversation.item.retrieve": event("conversation.item.retrieve", { item_id: z.string() }),
  "conversation.item.delete": event("conversation.item.delete", { item_id: z.string() }),
  "conversation.item.truncate": event("conversation.item.truncate", {
    item_id: z.string(),
    content_index: z.number().int().min(0),
    audio_end_ms: z.number().min(0),
  }),
  "response.create": event("response.create", { response: responseSchema.nullish() }),
  "response.cancel": event("response.cancel", { response_id: z.string().nullish() }),
} as const;

export type ClientEventType = keyof typeof clientEventSchemas;
export type ClientEvent = {
  [T in ClientEventType]: z.infer<(typeof clientEventSchemas)[T]>;
}[ClientEventType];
