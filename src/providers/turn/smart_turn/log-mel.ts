// Whisper's log-mel features of eight seconds of sound, as the model was trained on them (Radford et al. 2022, 2.2; the
// constants are those of WhisperFeatureExtractor with chunk_length 8). @huggingface/transformers computes the same in five
// to twenty times the time, and a judgement has to be there before the pause is over.

export const turnSampleRateHz = 16_000;
/** What the model takes in: 8 s. */
export const turnSamples = 128_000;
export const melBands = 80;
/** One each 10 ms. */
export const melFrames = 800;

const windowSamples = 400;
const hopSamples = 160;
const bins = windowSamples / 2 + 1;
/** Their product is windowSamples. */
const radices = [4, 4, 5, 5] as const;
const smallestPower = 1e-10;

/** Exactly turnSamples samples → [melBands, melFrames], a band's frames one behind the other. */
export type LogMel = (samples: Float32Array) => Float32Array;

export function createLogMel(): LogMel {
  const transform = createTransform();
  const bands = createMelBands();
  const hann = Float64Array.from(
    { length: windowSamples },
    (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / windowSamples),
  );
  const power = new Float64Array(bins);

  return (samples) => {
    const padded = reflect(samples, windowSamples / 2);
    const logs = new Float64Array(melBands * melFrames);
    let loudest = Number.NEGATIVE_INFINITY;
    // Two frames of real numbers are one of complex ones.
    for (let frame = 0; frame < melFrames; frame += 2) {
      const first = frame * hopSamples;
      for (let i = 0; i < windowSamples; i++) {
        const weight = hann[i] ?? 0;
        transform.real[i] = (padded[first + i] ?? 0) * weight;
        transform.imaginary[i] = (padded[first + hopSamples + i] ?? 0) * weight;
      }
      const { real, imaginary } = transform.run();
      for (const side of [0, 1]) {
        for (let bin = 0; bin < bins; bin++) {
          const mirrored = (windowSamples - bin) % windowSamples;
          const [a, b] = [real[bin] ?? 0, imaginary[bin] ?? 0];
          const [c, d] = [real[mirrored] ?? 0, imaginary[mirrored] ?? 0];
          power[bin] = side === 0 ? ((a + c) ** 2 + (b - d) ** 2) / 4 : ((b + d) ** 2 + (c - a) ** 2) / 4;
        }
        for (const [band, { firstBin, weights }] of bands.entries()) {
          let sum = 0;
          for (let i = 0; i < weights.length; i++) sum += (weights[i] ?? 0) * (power[firstBin + i] ?? 0);
          const level = Math.log10(Math.max(sum, smallestPower));
          logs[band * melFrames + frame + side] = level;
          if (level > loudest) loudest = level;
        }
      }
    }
    // What is 80 dB below the loudest counts as silence.
    return Float32Array.from(logs, (level) => (Math.max(level, loudest - 8) + 4) / 4);
  };
}

/** The samples with their beginning and their end mirrored outward, as numpy's `reflect`. */
function reflect(samples: Float32Array, width: number): Float32Array {
  const { length } = samples;
  const padded = new Float32Array(length + 2 * width);
  padded.set(samples, width);
  for (let i = 1; i <= width; i++) {
    padded[width - i] = samples[i] ?? 0;
    padded[width + length - 1 + i] = samples[length - 1 - i] ?? 0;
  }
  return padded;
}

/** The discrete Fourier transform of windowSamples complex numbers: Stockham's, radices 4 and 5. */
function createTransform() {
  const angle = (-2 * Math.PI) / windowSamples;
  const cos = Float64Array.from({ length: windowSamples }, (_, i) => Math.cos(angle * i));
  const sin = Float64Array.from({ length: windowSamples }, (_, i) => Math.sin(angle * i));
  const input = { real: new Float64Array(windowSamples), imaginary: new Float64Array(windowSamples) };
  const others = [0, 1].map(() => ({
    real: new Float64Array(windowSamples),
    imaginary: new Float64Array(windowSamples),
  }));

  return {
    ...input,
    /** Of what stands in `real` and `imaginary`; the answer is good until the next run. */
    run() {
      let from = input;
      let stride = 1;
      for (const [stage, radix] of radices.entries()) {
        const to = others[stage % 2] ?? input;
        const groups = windowSamples / stride / radix;
        for (let group = 0; group < groups; group++) {
          for (let k = 0; k < radix; k++) {
            const target = stride * (radix * group + k);
            to.real.fill(0, target, target + stride);
            to.imaginary.fill(0, target, target + stride);
            for (let j = 0; j < radix; j++) {
              const source = stride * (group + groups * j);
              const turn = (k * source) % windowSamples;
              const [c, s] = [cos[turn] ?? 0, sin[turn] ?? 0];
              for (let q = 0; q < stride; q++) {
                const [re, im] = [from.real[source + q] ?? 0, from.imaginary[source + q] ?? 0];
                to.real[target + q] = (to.real[target + q] ?? 0) + re * c - im * s;
                to.imaginary[target + q] = (to.imaginary[target + q] ?? 0) + re * s + im * c;
              }
            }
          }
        }
        from = to;
        stride *= radix;
      }
      return from;
    },
  };
}

/** Slaney's scale: linear up to 1000 Hz, logarithmic above. */
const toMel = (hz: number): number =>
  hz < 1000 ? hz / (200 / 3) : 15 + (27 * Math.log(hz / 1000)) / Math.log(6.4);
const toHz = (mel: number): number =>
  mel < 15 ? mel * (200 / 3) : 1000 * Math.exp(((mel - 15) * Math.log(6.4)) / 27);

/** Triangles of equal area, evenly spaced on the scale from 0 Hz to half the sample rate. */
function createMelBands(): { firstBin: number; weights: Float64Array }[] {
  const top = toMel(turnSampleRateHz / 2);
  const edges = Array.from({ length: melBands + 2 }, (_, i) => toHz((top * i) / (melBands + 1)));
  return Array.from({ length: melBands }, (_, band) => {
    const [low = 0, middle = 0, high = 0] = edges.slice(band, band + 3);
    const weights = Float64Array.from({ length: bins }, (_unused, bin) => {
      const hz = (bin * turnSampleRateHz) / windowSamples;
      const height = Math.min((hz - low) / (middle - low), (high - hz) / (high - middle));
      return (Math.max(0, height) * 2) / (high - low);
    });
    const firstBin = Math.max(
      0,
      weights.findIndex((weight) => weight > 0),
    );
    const lastBin = weights.findLastIndex((weight) => weight > 0);
    return { firstBin, weights: weights.slice(firstBin, lastBin + 1) };
  });
}
