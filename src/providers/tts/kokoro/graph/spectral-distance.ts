// How far apart two recordings of the same sentence sound: the log-spectral distance in dB, the measure by which a
// faster graph is accepted or refused.

/** 512 samples are 21 ms at 24 kHz: short enough to see a vowel's harmonics move, long enough to part them. */
const frameSamples = 512;
const hopSamples = 256;
/** Bins quieter than this below the loudest one count as silence: there, any two graphs differ by their rounding noise. */
const floorDb = -55;

/** Mean over frames of the root mean square difference of the spectra in dB; Infinity when the lengths differ. */
export function measureSpectralDistance(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  const [spectraA, spectraB] = [logSpectra(a), logSpectra(b)];
  const peak = spectraA.reduce((most, spectrum) => Math.max(most, ...spectrum), Number.NEGATIVE_INFINITY);
  const floor = peak + floorDb;
  let sum = 0;
  for (const [frame, spectrum] of spectraA.entries()) {
    let squares = 0;
    for (const [bin, level] of spectrum.entries()) {
      const difference = Math.max(level, floor) - Math.max(spectraB[frame]?.[bin] ?? floor, floor);
      squares += difference * difference;
    }
    sum += Math.sqrt(squares / spectrum.length);
  }
  return spectraA.length === 0 ? 0 : sum / spectraA.length;
}

function logSpectra(pcm: Float32Array): Float64Array[] {
  const spectra: Float64Array[] = [];
  for (let start = 0; start + frameSamples <= pcm.length; start += hopSamples) {
    const real = new Float64Array(frameSamples);
    const imaginary = new Float64Array(frameSamples);
    for (let i = 0; i < frameSamples; i++) {
      const hann = 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / frameSamples);
      real[i] = (pcm[start + i] ?? 0) * hann;
    }
    transform(real, imaginary);
    spectra.push(
      Float64Array.from(
        { length: frameSamples / 2 },
        (_, bin) => 10 * Math.log10((real[bin] ?? 0) ** 2 + (imaginary[bin] ?? 0) ** 2 + 1e-20),
      ),
    );
  }
  return spectra;
}

/** The discrete Fourier transform in place: Cooley–Tukey, radix 2; the length is a power of two. */
function transform(real: Float64Array, imaginary: Float64Array): void {
  const length = real.length;
  for (let i = 1, j = 0; i < length; i++) {
    let bit = length >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      swap(real, i, j);
      swap(imaginary, i, j);
    }
  }
  for (let size = 2; size <= length; size *= 2) {
    const half = size / 2;
    for (let k = 0; k < half; k++) {
      const angle = (-2 * Math.PI * k) / size;
      const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
      for (let low = k; low < length; low += size) {
        const high = low + half;
        const [highReal, highImaginary] = [real[high] ?? 0, imaginary[high] ?? 0];
        const turnedReal = highReal * cos - highImaginary * sin;
        const turnedImaginary = highReal * sin + highImaginary * cos;
        const [lowReal, lowImaginary] = [real[low] ?? 0, imaginary[low] ?? 0];
        real[high] = lowReal - turnedReal;
        imaginary[high] = lowImaginary - turnedImaginary;
        real[low] = lowReal + turnedReal;
        imaginary[low] = lowImaginary + turnedImaginary;
      }
    }
  }
}

function swap(values: Float64Array, i: number, j: number): void {
  const kept = values[i] ?? 0;
  values[i] = values[j] ?? 0;
  values[j] = kept;
}
