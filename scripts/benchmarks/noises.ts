// Sounds of rooms and throats, made from noise and decay: 24 kHz, about as loud as they are a metre from a microphone.
const rateHz = 24_000;
type Random = () => number;

/** White noise through a resonance at `hz`. */
function resonantNoise(ms: number, hz: number, width: number, random: Random): Float32Array {
  const pcm = new Float32Array((ms * rateHz) / 1000);
  const r = 1 - width;
  const a1 = -2 * r * Math.cos((2 * Math.PI * hz) / rateHz);
  const a2 = r * r;
  let [y1, y2] = [0, 0];
  for (let i = 0; i < pcm.length; i++) {
    const y = random() * 2 - 1 - a1 * y1 - a2 * y2;
    [y2, y1] = [y1, y];
    pcm[i] = y;
  }
  return pcm;
}

/** Quick to rise, slower to fall. */
function shape(pcm: Float32Array, attackMs: number, decayMs: number, peak: number): Float32Array {
  const loudest = pcm.reduce((max, sample) => Math.max(max, Math.abs(sample)), 1e-9);
  return pcm.map((sample, i) => {
    const ms = (i * 1000) / rateHz;
    return (
      (peak * sample * Math.min(1, ms / attackMs) * Math.exp(-Math.max(0, ms - attackMs) / decayMs)) / loudest
    );
  });
}

export function join(parts: readonly Float32Array[], gapMs: number): Float32Array {
  const gap = (gapMs * rateHz) / 1000;
  const all = new Float32Array(parts.reduce((sum, part) => sum + part.length + gap, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length + gap;
  }
  return all;
}

export function mix(a: Float32Array, b: Float32Array, gain: number): Float32Array {
  return a.map((sample, i) => sample + gain * (b[i % b.length] ?? 0));
}

export function makeCough(random: Random): Float32Array {
  const bursts = 1 + Math.floor(random() * 3);
  const one = (): Float32Array => {
    const throat = resonantNoise(180 + random() * 120, 500 + random() * 500, 0.12, random);
    const air = resonantNoise(180 + random() * 120, 1800 + random() * 900, 0.25, random);
    return shape(mix(throat, air, 0.6), 8, 60 + random() * 40, 0.4);
  };
  return join(Array.from({ length: bursts }, one), 120 + random() * 120);
}

export function makeSigh(random: Random): Float32Array {
  return shape(resonantNoise(900, 900 + random() * 600, 0.5, random), 250, 250, 0.08);
}

export function makeKnocks(random: Random): Float32Array {
  const one = (): Float32Array => shape(resonantNoise(120, 140 + random() * 120, 0.03, random), 2, 25, 0.5);
  return join([one(), one(), one()], 160);
}

export function makeTyping(random: Random): Float32Array {
  const one = (): Float32Array => shape(resonantNoise(40, 3000 + random() * 2500, 0.3, random), 1, 6, 0.15);
  return join(Array.from({ length: 12 }, one), 60 + random() * 60);
}

export function makeMusic(random: Random): Float32Array {
  const root = 220 * 2 ** (Math.floor(random() * 12) / 12);
  return Float32Array.from({ length: 2 * rateHz }, (_, i) => {
    const seconds = i / rateHz;
    const chord = [1, 5 / 4, 3 / 2, 2].map((ratio) => Math.sin(2 * Math.PI * root * ratio * seconds));
    return 0.05 * Math.exp(-((seconds % 0.5) * 3)) * chord.reduce((sum, tone) => sum + tone, 0);
  });
}
