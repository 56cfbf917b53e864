// What a character file exports, as zod schemas: the border where foreign code becomes data.
import { z } from "zod";

/** Code points in a name after trimming. */
export const maxNameLength = 80;

export const characterNameSchema = z
  .string()
  .transform((name) => name.trim().normalize("NFC"))
  .refine((name) => name.length > 0, "must not be empty")
  .refine((name) => [...name].length <= maxNameLength, `must have at most ${maxNameLength} characters`);

const speedSchema = z.number().min(0.25).max(4);

export const voiceSourceSchema = z.discriminatedUnion("source_type", [
  z.looseObject({
    source_type: z.literal("kokoro"),
    voice: z.string().min(1),
    speed: speedSchema.optional(),
  }),
  z.looseObject({
    source_type: z.literal("asset"),
    asset: z.string().min(1),
    speaker: z.union([z.string(), z.number().int()]).optional(),
  }),
  z.looseObject({
    source_type: z.literal("provider"),
    provider: z.string().min(1),
    voice: z.string().min(1),
  }),
  z.looseObject({
    source_type: z.literal("file"),
    path_on_server: z.string().min(1),
    description: z.string().nullish(),
    description_link: z.string().nullish(),
  }),
  z.looseObject({
    source_type: z.literal("freesound"),
    url: z.string().min(1),
    start_time: z.number().nullish(),
    sound_instance: z
      .looseObject({ id: z.number().int(), name: z.string(), username: z.string(), license: z.string() })
      .nullish(),
    path_on_server: z.string().min(1),
  }),
]);
export type VoiceSource = z.infer<typeof voiceSourceSchema>;

const languageSchema = z.enum(["en", "fr", "en/fr", "fr/en"]).nullable();

export const instructionsSchema = z.discriminatedUnion("type", [
  z.looseObject({
    type: z.literal("constant"),
    text: z.string().min(1),
    language: languageSchema.optional(),
  }),
  z.looseObject({ type: z.literal("smalltalk"), language: languageSchema.optional() }),
  z.looseObject({ type: z.literal("quiz_show"), language: languageSchema.optional() }),
  z.looseObject({ type: z.literal("guess_animal"), language: languageSchema.optional() }),
  z.looseObject({ type: z.literal("news"), language: languageSchema.optional() }),
  z.looseObject({ type: z.literal("unmute_explanation") }),
]);
export type Instructions = z.infer<typeof instructionsSchema>;

export const metadataSchema = z.looseObject({
  good: z.boolean().nullish(),
  comment: z.string().nullish(),
  /** "scripted": this character always answers with its own `reply`. */
  replies: z.enum(["scripted", "model"]).optional(),
  /** The reply model that this character wants. */
  model: z.string().optional(),
});
export type Metadata = z.infer<typeof metadataSchema>;

/** Tools of one character. */
export const maxTools = 10;

/** A tool as data; `execute` stays with the character's code. */
export const toolSchema = z.object({
  name: z
    .string()
    .max(64)
    .regex(/^[a-zA-Z][a-zA-Z0-9_]*$/, "must begin with a letter and hold letters, digits and _ alone"),
  description: z.string(),
  /** A JSON Schema; a zod object has been turned into one. */
  parameters: z.looseObject({ type: z.literal("object").default("object") }),
  timeout_ms: z.number().int().min(1).max(60_000).optional(),
});
