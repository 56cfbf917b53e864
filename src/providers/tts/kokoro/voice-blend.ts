// A voice, or several mixed: `af_bella(2)+af_sky(1)`.
import { AppError } from "../../../base/errors.ts";
import { kokoroVoices } from "./voices.ts";

export interface VoiceShare {
  voice: string;
  /** Shares of a blend sum to 1. */
  weight: number;
}

const known = new Set(kokoroVoices.map(({ id }) => id));
const part = /^([a-z]{2}_[a-z]+)(?:\(\s*(\d+(?:\.\d+)?|\.\d+)\s*\))?$/;
const howTo =
  "a voice is named like af_heart, a blend like af_bella(2)+af_sky(1); GET /v1/audio/voices lists them";
/** More make no new voice. */
const maxParts = 8;

/** Throws E_ARGS with what is wrong and how it is written. A voice named twice counts with the sum of its weights. */
export function parseVoiceBlend(written: string): VoiceShare[] {
  const shares = new Map<string, number>();
  const parts = written.split("+").map((text) => text.trim());
  if (parts.length > maxParts) {
    throw new AppError("E_ARGS", `a blend takes at most ${maxParts} voices, not ${parts.length}`, {
      voice: written,
    });
  }
  for (const text of parts) {
    const [, voice, weight = "1"] = part.exec(text) ?? [];
    if (voice === undefined) {
      throw new AppError("E_ARGS", `"${text.slice(0, 60)}" is no voice: ${howTo}`, { voice: written });
    }
    if (!known.has(voice))
      throw new AppError("E_ARGS", `there is no voice ${voice}: ${howTo}`, { voice: written });
    shares.set(voice, (shares.get(voice) ?? 0) + Number(weight));
  }
  const sum = [...shares.values()].reduce((total, weight) => total + weight, 0);
  if (!(sum > 0)) {
    throw new AppError("E_ARGS", `the weights of the blend ${written} sum to 0: ${howTo}`, {
      voice: written,
    });
  }
  return [...shares].map(([voice, weight]) => ({ voice, weight: weight / sum }));
}

/** The voice that gives a blend its language: the heaviest, the first of equals. */
export function leadingVoice(shares: readonly VoiceShare[]): string {
  const lead = shares.reduce((most, share) => (share.weight > most.weight ? share : most));
  return lead.voice;
}
