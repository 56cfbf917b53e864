// The model puts 200 to 500 ms of silence around everything it says. Before the first word that is delay, between two
// pieces it is a hole; what is left here is the pause that the punctuation asks for.
import { sampleRateHz } from "./kokoro-model.ts";

/** Breath and the closure of a consonant before the first sound. */
const leadMs = 40;
/** Quieter than this below the loudest sample is silence. */
const silenceRatio = 10 ** (-48 / 20);

/** Pause behind a piece, by the mark that it ends with. */
export function pauseMsAfter(lastLetter: string): number {
  if (/[.!?…]/.test(lastLetter)) return 280;
  if (/[,;:—”)]/.test(lastLetter)) return 140;
  return 50;
}

export interface TrimmedSpeech {
  /** Owns its buffer. */
  pcm: Float32Array;
  /** Samples taken off the beginning. */
  cutSamples: number;
}

/**
 * `leadSamples` and `tailSamples` are the silence that may be cut: what the model gave to the padding and to the last
 * mark. The pause behind is `pauseMs`, also where the model made a shorter one.
 */
export function trimSilence(
  pcm: Float32Array,
  { leadSamples, tailSamples, pauseMs }: { leadSamples: number; tailSamples: number; pauseMs: number },
): TrimmedSpeech {
  let peak = 0;
  for (const sample of pcm) peak = Math.max(peak, Math.abs(sample));
  const isSilent = (at: number): boolean => Math.abs(pcm[at] ?? 0) <= peak * silenceRatio;
  let start = 0;
  while (start < leadSamples && isSilent(start)) start++;
  let end = pcm.length;
  while (end > pcm.length - tailSamples && isSilent(end - 1)) end--;

  const samplesPerMs = sampleRateHz / 1000;
  const from = Math.max(0, start - leadMs * samplesPerMs);
  const length = end - from + Math.round(pauseMs * samplesPerMs);
  const trimmed = new Float32Array(length);
  trimmed.set(pcm.subarray(from, Math.min(pcm.length, from + length)));
  return { pcm: trimmed, cutSamples: from };
}
