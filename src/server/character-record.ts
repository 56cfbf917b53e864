// A character as the API shows it.
import { z } from "@hono/zod-openapi";
import { AppError, isAbortError } from "../base/errors.ts";
import type { Character, LoadProblem } from "../characters/port.ts";
import { castVoice, type CastVoiceContext } from "../session/cast-voice.ts";
import type { SpeechSystem } from "../speech/provider.ts";

export const problemSchema = z
  .object({
    file: z.string(),
    stage: z.enum(["read", "build", "evaluate", "shape", "schema", "duplicate", "run"]),
    error_type: z.string(),
    message: z.string(),
    line: z.number().int().optional(),
    column: z.number().int().optional(),
  })
  .openapi("LoadProblem");

export const characterRecordSchema = z
  .object({
    name: z.string(),
    file: z.string(),
    status: z.enum(["ready", "stale", "quarantined"]),
    voice: z.object({
      provider: z.string(),
      /** Null until the voices are known. */
      voice: z.string().nullable(),
      status: z.enum(["ready", "stand-in", "loading"]),
      reason: z.string().optional(),
    }),
    instructions: z.object({ type: z.string(), language: z.string().nullable() }),
    metadata: z.record(z.string(), z.unknown()),
    tools: z.array(z.string()),
    error: problemSchema.optional(),
  })
  .openapi("Character");
export type CharacterRecord = z.infer<typeof characterRecordSchema>;

/** What casting needs to know of the speech system now; never waits for a load. */
export async function readCastContext(speech: SpeechSystem): Promise<CastVoiceContext> {
  const { tts } = speech.status();
  if (tts.state.state !== "ready") return { status: tts, synthesizers: [] };
  try {
    return { status: tts, synthesizers: [await speech.synthesizer({ timeoutMs: 0 })] };
  } catch (error) {
    // Between the status and the question the engine may have gone; its voices then count as loading.
    if (error instanceof AppError && !isAbortError(error)) return { status: tts, synthesizers: [] };
    throw error;
  }
}

export function encodeCharacter(character: Character, context: CastVoiceContext): CharacterRecord {
  const { provider, voice, status, reason } = castVoice(character, context);
  const { instructions } = character;
  const language = "language" in instructions ? (instructions.language as string | null | undefined) : null;
  return {
    name: character.name,
    file: character.file,
    status: character.status,
    voice: { provider, voice, status, ...(reason !== undefined && { reason }) },
    instructions: { type: instructions.type, language: language ?? null },
    metadata: { ...character.metadata },
    tools: character.tools.map((tool) => tool.name),
    ...(character.error && { error: encodeProblem(character.error) }),
  };
}

export const encodeProblem = ({ file, stage, error_type, message, line, column }: LoadProblem) => ({
  file,
  stage,
  error_type,
  message,
  ...(line !== undefined && { line }),
  ...(column !== undefined && { column }),
});
