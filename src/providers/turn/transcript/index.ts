// Whether a speaker has finished, from the words so far: a logistic regression over their last few and their punctuation.
// Small enough to ask at every partial transcript; scripts/train-turn-detector.ts makes the weights and says how good they are.
import { z } from "zod";
import { AppError } from "../../../base/errors.ts";
import type { TurnDetector } from "../../../speech/ports.ts";
import { featureBits, readFeatures } from "./features.ts";

export const turnWeightsSchema = z.object({
  bits: z.literal(featureBits),
  bias: z.number(),
  /** One step of a weight. */
  step: z.number().positive(),
  /** Base64 of one int8 for each feature. */
  weights: z.string(),
});
export type TurnWeights = z.infer<typeof turnWeightsSchema>;

export function createTranscriptTurnDetector({ bias, step, weights }: TurnWeights): TurnDetector {
  const table = new Int8Array(Uint8Array.fromBase64(weights).buffer);
  return {
    id: "transcript",
    detect(transcript) {
      const features = readFeatures(transcript);
      // Who has said nothing yet has not finished.
      if (features.length === 0) return 0;
      const sum = features.reduce((total, feature) => total + (table[feature] ?? 0) * step, bias);
      return 1 / (1 + Math.exp(-sum));
    },
  };
}

/** Throws E_INTERNAL when the weights beside this file are not what this version reads. */
export async function loadTranscriptTurnDetector(): Promise<TurnDetector> {
  const parsed = turnWeightsSchema.safeParse(await Bun.file(new URL("weights.json", import.meta.url)).json());
  if (!parsed.success) throw new AppError("E_INTERNAL", "the turn detector's weights are of another version");
  return createTranscriptTurnDetector(parsed.data);
}
