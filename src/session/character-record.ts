// A character as the API, the page and the command line show it.
import { AppError, isAbortError } from "../base/errors.ts";
import type { Character, LoadProblem } from "../characters/port.ts";
import type { SpeechSystem } from "../speech/provider.ts";
import { type CastVoice, type CastVoiceContext, castVoice } from "./cast-voice.ts";

export interface CharacterRecord {
  name: string;
  file: string;
  status: Character["status"];
  voice: Omit<CastVoice, "speed">;
  instructions: { type: string; language: string | null };
  metadata: Record<string, unknown>;
  tools: string[];
  error?: LoadProblem;
}

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

/** For lists and the live feed: without the card that it may have come from, which may have a mebibyte. */
export function encodeCharacter(character: Character, context: CastVoiceContext): CharacterRecord {
  const whole = encodeWholeCharacter(character, context);
  const { card: _, ...metadata } = whole.metadata;
  return { ...whole, metadata };
}

export function encodeWholeCharacter(character: Character, context: CastVoiceContext): CharacterRecord {
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

export const encodeProblem = ({
  file,
  stage,
  error_type,
  message,
  line,
  column,
}: LoadProblem): LoadProblem => ({
  file,
  stage,
  error_type,
  message,
  ...(line !== undefined && { line }),
  ...(column !== undefined && { column }),
});
