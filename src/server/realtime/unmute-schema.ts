// What clients of the unmute project send, as zod schemas. Fields that they may leave out may be null as well.
import { z } from "zod";

const language = z.enum(["en", "fr", "en/fr", "fr/en"]).nullish();

export const unmuteInstructionsSchema = z.discriminatedUnion("type", [
  z.looseObject({ type: z.literal("constant"), text: z.string().min(1).max(1_000_000), language }),
  z.looseObject({ type: z.literal("smalltalk"), language }),
  z.looseObject({ type: z.literal("guess_animal"), language }),
  z.looseObject({ type: z.literal("quiz_show"), language }),
  z.looseObject({ type: z.literal("news"), language }),
  z.looseObject({ type: z.literal("unmute_explanation") }),
]);
export type UnmuteInstructions = z.infer<typeof unmuteInstructionsSchema>;

const sessionSchema = z.object({
  instructions: unmuteInstructionsSchema.nullish(),
  voice: z.string().min(1).max(500).nullish(),
  allow_recording: z.boolean(),
});
export type UnmuteSession = z.infer<typeof sessionSchema>;

const eventId = z.string().max(512).nullish();

export const unmuteEventSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("session.update"), event_id: eventId, session: sessionSchema }),
  z.object({ type: z.literal("input_audio_buffer.append"), event_id: eventId, audio: z.string() }),
  /** What recordings have in place of sound; a client that plays one back sends it. */
  z.object({
    type: z.literal("unmute.input_audio_buffer.append_anonymized"),
    event_id: eventId,
    number_of_samples: z.number().int().min(0),
  }),
]);
export type UnmuteEvent = z.infer<typeof unmuteEventSchema>;

/** The first 5 bytes of every Ogg page, "OggS" and version 0, begin so in base64. */
const oggInBase64 = "T2dnU";

/**
 * Whether a client's first message is one of this dialect: it offers the same subprotocol as OpenAI's clients for browsers,
 * but its settings have `allow_recording` beside no `type`, and its sound is Ogg.
 */
export function isUnmuteMessage(message: string): boolean {
  let event: {
    type?: unknown;
    audio?: unknown;
    session?: { type?: unknown; allow_recording?: unknown } | null;
  };
  try {
    event = JSON.parse(message) as typeof event;
  } catch {
    return false;
  }
  if (typeof event !== "object" || event === null) return false;
  const { type, audio, session } = event;
  if (type === "input_audio_buffer.append") return typeof audio === "string" && audio.startsWith(oggInBase64);
  if (type !== "session.update" || typeof session !== "object" || session === null) return false;
  return typeof session.allow_recording === "boolean" && session.type === undefined;
}
