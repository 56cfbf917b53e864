// Whom a client of unmute means. It names no character: it sends back a voice and instructions out of GET /v1/voices, where
// each entry is a character.
import type { Character, CharacterBook } from "../../characters/port.ts";
import type { SessionPatch } from "../../session/session-config.ts";
import type { UnmuteInstructions, UnmuteSession } from "./unmute-schema.ts";

export interface UnmuteCasting {
  /** Undefined: whoever is there. */
  characterName: string | undefined;
  patch: Pick<SessionPatch, "instructions" | "voice">;
  /** The voice means nothing here, and the character speaks with its own. */
  isVoiceUnknown: boolean;
}

export function castUnmute({ instructions, voice }: UnmuteSession, book: CharacterBook): UnmuteCasting {
  const byVoice = typeof voice === "string" ? findByVoice(voice, book) : undefined;
  const character = byVoice ?? (instructions ? findByInstructions(instructions, book) : undefined);
  const isOwnVoice = typeof voice !== "string" || byVoice !== undefined;
  // Paths and clones of recordings are voices of another server; anything else may be one of this server's synthesizer.
  const isForeign = !isOwnVoice && /[/\\]|^custom:/.test(voice);
  return {
    characterName: character?.name,
    patch: {
      instructions: instructions ? chooseInstructions(instructions, character) : undefined,
      voice: isOwnVoice || isForeign ? undefined : voice,
    },
    isVoiceUnknown: isForeign,
  };
}

function findByVoice(voice: string, book: CharacterBook): Character | undefined {
  const named = book.find(voice);
  if (named) return named;
  return book.characters.find(
    ({ voiceSource }) => "path_on_server" in voiceSource && voiceSource.path_on_server === voice,
  );
}

/** The same instructions, else (but for a text of the client's own) the same kind. */
function findByInstructions(instructions: UnmuteInstructions, book: CharacterBook): Character | undefined {
  const { characters } = book;
  const same = characters.find((character) => areSame(character.instructions, instructions));
  if (same || instructions.type === "constant") return same;
  return characters.find((character) => character.instructions.type === instructions.type);
}

/** Null: the character's own, which say all that the client's say, and more. */
function chooseInstructions(
  instructions: UnmuteInstructions,
  character: Character | undefined,
): string | null {
  if (instructions.type !== "constant") return null;
  return character && areSame(character.instructions, instructions) ? null : instructions.text;
}

/** A language that is not given and none at all are the same. */
function areSame(a: Character["instructions"], b: UnmuteInstructions): boolean {
  const fieldsOf = (one: typeof a | typeof b) => {
    const { type, text, language } = one as { type: string; text?: unknown; language?: unknown };
    return [type, text, language ?? null];
  };
  return Bun.deepEquals(fieldsOf(a), fieldsOf(b));
}
