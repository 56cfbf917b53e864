// Where in a recording the sound of speech is, by energy alone: the voice detector says whether there is speech, this
// only where to cut. All positions are samples at 16 kHz.
import { measureEnvelope } from "../audio/level.ts";

const sampleRateHz = 16_000;
const windowSamples = 160;
/** Below this rms (−60 dBFS) nothing that a recogniser can use. */
const silenceRms = 0.001;
/**
 * Kept before and after: weak consonants are quieter than the threshold. Measured on 48 one- and two-word clips with
 * Moonshine tiny: without a margin it repeats itself, with 0.5 s of silence around it hears nothing in 29 of them.
 */
const marginMs = 120;

export interface SampleRange {
  start: number;
  /** Exclusive. */
  end: number;
}

/** The rms that parts sound from background in this recording, between its floor and its peak. */
export function measureThreshold(envelope: Float32Array): number {
  const sorted = envelope.toSorted();
  const floor = sorted[Math.floor(sorted.length * 0.1)] ?? 0;
  const top = sorted.at(-1) ?? 0;
  // Three times a steady floor and never above −26 dB of the peak, unless the floor itself is: then half above the floor.
  return Math.max(silenceRms, Math.min(3 * floor, 0.05 * top), Math.min(1.5 * floor, 0.25 * top));
}

/** From the first to the last sound, with a margin; undefined when there is none. */
export function findSpeechBounds(pcm: Float32Array): SampleRange | undefined {
  const envelope = measureEnvelope(pcm, windowSamples);
  const threshold = measureThreshold(envelope);
  const first = envelope.findIndex((rms) => rms >= threshold);
  if (first === -1) return undefined;
  const last = envelope.findLastIndex((rms) => rms >= threshold);
  const margin = (marginMs / 1000) * sampleRateHz;
  return {
    start: Math.max(0, first * windowSamples - margin),
    end: Math.min(pcm.length, (last + 1) * windowSamples + margin),
  };
}

/** In windows of 10 ms: a pause, and within it the place that is quiet in any case. */
const pauseWindows = 20;
const cutWindows = 3;

/**
 * The best place in [start, end) to cut: the quietest 30 ms of the quietest 200 ms. So a recording is cut in a pause
 * whenever it has one, and between two words in any case; of equals the later pause and its middle.
 */
export function findQuietPoint(pcm: Float32Array, { start, end }: SampleRange): number {
  const envelope = measureEnvelope(pcm.subarray(start, end), windowSamples);
  const pause = findQuietest(envelope, pauseWindows, envelope.length);
  const inPause = envelope.subarray(pause, pause + pauseWindows);
  const cut = pause + findQuietest(inPause, cutWindows, inPause.length / 2) + cutWindows / 2;
  return Math.min(end, start + Math.round(cut * windowSamples));
}

/** Index of the first of `width` windows that together have the least energy; of equals those nearest to `preferred`. */
function findQuietest(envelope: Float32Array, width: number, preferred: number): number {
  let best = { energy: Number.POSITIVE_INFINITY, distance: 0, index: 0 };
  for (let index = 0; index + width <= envelope.length; index++) {
    let energy = 0;
    for (let i = index; i < index + width; i++) energy += (envelope[i] ?? 0) ** 2;
    const distance = Math.abs(index + width / 2 - preferred);
    const isEqual = Math.abs(energy - best.energy) < 1e-9;
    if (isEqual ? distance < best.distance : energy < best.energy) best = { energy, distance, index };
  }
  return best.index;
}

/** Stretches of sound; gaps below `minGapMs` are bridged. */
export function findSoundRuns(pcm: Float32Array, minGapMs: number): SampleRange[] {
  const envelope = measureEnvelope(pcm, windowSamples);
  const threshold = measureThreshold(envelope);
  const minGap = (minGapMs / 1000) * sampleRateHz;
  const runs: SampleRange[] = [];
  for (const [i, rms] of envelope.entries()) {
    if (rms < threshold) continue;
    const [start, end] = [i * windowSamples, Math.min(pcm.length, (i + 1) * windowSamples)];
    const previous = runs.at(-1);
    if (previous && start - previous.end < minGap) previous.end = end;
    else runs.push({ start, end });
  }
  return runs;
}
