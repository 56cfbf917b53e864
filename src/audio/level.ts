// How loud a piece of audio is.

export interface Level {
  /** Root mean square, 0 to 1 for samples in [-1, 1]. */
  rms: number;
  /** Largest magnitude. */
  peak: number;
  /** The rms in decibels, 0 being a square wave at full scale; −Infinity for silence. */
  rmsDbfs: number;
}

export function measureLevel(pcm: Float32Array): Level {
  let sum = 0;
  let peak = 0;
  for (const sample of pcm) {
    sum += sample * sample;
    const magnitude = sample < 0 ? -sample : sample;
    if (magnitude > peak) peak = magnitude;
  }
  const rms = pcm.length === 0 ? 0 : Math.sqrt(sum / pcm.length);
  return { rms, peak, rmsDbfs: 20 * Math.log10(rms) };
}

/** The rms of every `windowSamples`, the last window being what is left. */
export function measureEnvelope(pcm: Float32Array, windowSamples: number): Float32Array<ArrayBuffer> {
  const envelope = new Float32Array(Math.ceil(pcm.length / windowSamples));
  for (let i = 0; i < envelope.length; i++) {
    envelope[i] = measureLevel(pcm.subarray(i * windowSamples, (i + 1) * windowSamples)).rms;
  }
  return envelope;
}
