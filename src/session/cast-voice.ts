// Which voice speaks for a character: its own where the synthesizer has it, else a stand-in that is always the same one.
// A character is never lost for want of a voice.
import type { VoiceSource } from "../characters/module-contract.ts";
import type { Character } from "../characters/port.ts";
import type { SpeechSynthesizer, VoiceDescription } from "../speech/ports.ts";
import type { SpeechPartStatus } from "../speech/provider.ts";

export interface CastVoice {
  /** The synthesizer that speaks. */
  provider: string;
  /** Null while it is not known yet: the voices to choose a stand-in from come with the synthesizer. */
  voice: string | null;
  /** 0.25 to 4 */
  speed: number;
  status: "ready" | "stand-in" | "loading";
  /** Why it is not ready. */
  reason?: string;
}

export interface CastVoiceContext {
  /** The chosen synthesizer's status. */
  status: SpeechPartStatus;
  /** The synthesizers that are loaded, the chosen one among them once it is ready. */
  synthesizers: readonly Pick<SpeechSynthesizer, "id" | "voices" | "hasVoice">[];
}

export type Castable = Pick<Character, "name" | "voiceSource" | "instructions">;

export function castVoice(character: Castable, context: CastVoiceContext): CastVoice {
  const wish = readWish(character.voiceSource, context.status.provider);
  const speed = readSpeed(character.voiceSource);
  if (wish.voice !== null) {
    const synthesizer = context.synthesizers.find(({ id }) => id === wish.provider);
    if (synthesizer?.hasVoice(wish.voice) === true) {
      return { provider: wish.provider, voice: wish.voice, speed, status: "ready" };
    }
    // One that is not loaded may have the voice; only a loaded one can say that it has not.
    if (!synthesizer && wish.provider === context.status.provider) {
      return { ...notYet(context.status), voice: wish.voice, speed };
    }
    wish.reason = synthesizer
      ? `${wish.provider} has no voice "${wish.voice}"`
      : `the voice is one of ${wish.provider}, which is not loaded`;
  }
  const chosen = context.synthesizers.find(({ id }) => id === context.status.provider);
  if (!chosen) return { ...notYet(context.status), voice: null, speed };
  const standIn = selectStandIn(character, chosen.voices());
  return { provider: chosen.id, voice: standIn, speed, status: "stand-in", reason: wish.reason };
}

function readWish(
  source: VoiceSource,
  chosen: string,
): { provider: string; voice: string | null; reason: string } {
  switch (source.source_type) {
    case "kokoro":
      return chosen === "kokoro"
        ? { provider: chosen, voice: source.voice, reason: "" }
        : { provider: chosen, voice: null, reason: `the voice is one of kokoro, and ${chosen} speaks here` };
    case "provider":
      return { provider: source.provider, voice: source.voice, reason: "" };
    case "asset":
      return {
        provider: chosen,
        voice: null,
        reason: `${chosen} cannot speak with the voice file "${source.asset}"`,
      };
    case "file":
    case "freesound":
      return {
        provider: chosen,
        voice: null,
        reason: `${chosen} cannot clone the recorded voice ${source.path_on_server}`,
      };
  }
}

function readSpeed(source: VoiceSource): number {
  const speed = "speed" in source ? source.speed : undefined;
  return typeof speed === "number" && speed >= 0.25 && speed <= 4 ? speed : 1;
}

function notYet({ provider, state }: SpeechPartStatus): Pick<CastVoice, "provider" | "status" | "reason"> {
  if (state.state === "ready") return { provider, status: "loading" };
  return { provider, status: "loading", reason: state.state === "loading" ? state.detail : state.reason };
}

/** The language by its first half (`en/fr` is English first), then a hash of the name, so that a cast sounds varied. */
function selectStandIn(character: Castable, voices: readonly VoiceDescription[]): string | null {
  const spoken = "language" in character.instructions ? character.instructions.language : undefined;
  const language = (typeof spoken === "string" ? spoken : "en").slice(0, 2);
  const ofLanguage = voices.filter((voice) => voice.language.toLowerCase().startsWith(language));
  const candidates = (ofLanguage.length > 0 ? ofLanguage : voices).map(({ id }) => id).sort();
  return candidates[hashName(character.name) % candidates.length] ?? null;
}

/** FNV-1a, 32 bits: small, and the same everywhere. */
function hashName(name: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}
