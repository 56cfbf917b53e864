// The sound of these tests, one second: a quarter of silence, half a second of 1 kHz at half scale, a quarter of silence.
// And what can be measured of it after it has been through a codec.

export function createStageSignal(sampleRateHz: number, frequencyHz = 1000): Float32Array {
  return Float32Array.from({ length: sampleRateHz }, (_, i) => {
    const t = i / sampleRateHz;
    return t >= 0.25 && t < 0.75 ? 0.5 * Math.sin(2 * Math.PI * frequencyHz * t) : 0;
  });
}

export interface Measurement {
  durationSeconds: number;
  /** First and last sample above half of the tone's height. */
  startSeconds: number;
  endSeconds: number;
  /** By its zero crossings, between the lines. */
  frequencyHz: number;
  /** Of the tone, without its edges; 0.3536 before the codec. */
  rms: number;
  /** Of the quarter second before the tone, without its last 20 ms: what a codec adds. */
  noise: number;
}

export function measureStageSignal(pcm: Float32Array, sampleRateHz: number): Measurement {
  const at = (i: number): number => pcm[i] ?? 0;
  const rmsOf = (start: number, end: number): number => {
    let sum = 0;
    for (let i = start; i < end; i++) sum += at(i) ** 2;
    return end > start ? Math.sqrt(sum / (end - start)) : 0;
  };
  const loud = (sample: number): boolean => Math.abs(sample) > 0.2;
  const start = pcm.findIndex(loud);
  const end = pcm.findLastIndex(loud);
  const edge = Math.round(sampleRateHz * 0.02);
  const crossings: number[] = [];
  for (let i = start + edge; i < end - edge; i++) {
    if (at(i) < 0 && at(i + 1) >= 0) crossings.push(i - at(i) / (at(i + 1) - at(i)));
  }
  const [first = 0, last = 0] = [crossings[0], crossings.at(-1)];
  return {
    durationSeconds: pcm.length / sampleRateHz,
    startSeconds: start / sampleRateHz,
    endSeconds: end / sampleRateHz,
    frequencyHz: (crossings.length - 1) / ((last - first) / sampleRateHz),
    rms: rmsOf(start + edge, end - edge),
    noise: rmsOf(0, start - edge),
  };
}
