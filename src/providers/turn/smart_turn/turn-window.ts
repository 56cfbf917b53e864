// The sound of a turn as the model wants it: its last eight seconds, or all of it after silence, at one loudness.
import { turnSamples } from "./log-mel.ts";

/** Keeps the quietest turn from being divided by nothing; the feature extractor's own (do_normalize). */
const varianceFloor = 1e-7;

/** A copy of exactly turnSamples samples with a mean of 0 and a variance of 1, the silence before the turn included. */
export function fitTurnWindow(pcm: Float32Array): Float32Array {
  const window = new Float32Array(turnSamples);
  const last = pcm.subarray(Math.max(0, pcm.length - turnSamples));
  window.set(last, turnSamples - last.length);
  let sum = 0;
  for (const sample of window) sum += sample;
  const mean = sum / turnSamples;
  let squares = 0;
  for (const sample of window) squares += (sample - mean) ** 2;
  const deviation = Math.sqrt(squares / turnSamples + varianceFloor);
  return window.map((sample) => (sample - mean) / deviation);
}
