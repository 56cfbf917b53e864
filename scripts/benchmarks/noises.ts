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

/** A voice without words: harmonics of `hz(t)`, coloured by resonances; `t` from 0 to 1. */
function voice(
  ms: number,
  hz: (t: number) => number,
  formants: readonly (readonly [hz: number, widthHz: number, gain: number])[],
): Float32Array {
  const pcm = new Float32Array(Math.round((ms * rateHz) / 1000));
  let phase = 0;
  for (let i = 0; i < pcm.length; i++) {
    const t = i / pcm.length;
    const pitch = hz(t);
    phase += pitch / rateHz;
    let sample = 0;
    for (let harmonic = 1; harmonic * pitch < 4000; harmonic++) {
      const at = harmonic * pitch;
      const colour = formants.reduce(
        (sum, [centre, width, gain]) => sum + gain / (1 + ((at - centre) / width) ** 2),
        0,
      );
      sample += (colour / harmonic) * Math.sin(2 * Math.PI * harmonic * phase);
    }
    pcm[i] = sample * Math.min(1, t * 12, (1 - t) * 8);
  }
  return pcm;
}

const scaleTo = (pcm: Float32Array, peak: number): Float32Array => {
  const loudest = pcm.reduce((max, sample) => Math.max(max, Math.abs(sample)), 1e-9);
  return pcm.map((sample) => (sample * peak) / loudest);
};
const nasal = [
  [250, 120, 1],
  [1100, 300, 0.05],
  [2300, 400, 0.02],
] as const;
const open = [
  [750, 130, 1],
  [1250, 180, 0.5],
  [2600, 300, 0.15],
] as const;
const dull = [
  [550, 130, 1],
  [1300, 220, 0.25],
  [2500, 300, 0.08],
] as const;

/** "Mm-hm": two hums, the second higher. */
export function makeAssent(random: Random): Float32Array {
  const base = 95 + random() * 120;
  const first = voice(180 + random() * 120, (t) => base * (1.05 - 0.1 * t), nasal);
  const second = voice(220 + random() * 160, (t) => base * (1.1 + 0.2 * t), nasal);
  return scaleTo(join([first, second], 40 + random() * 50), 0.25);
}

/** "Hmm": one hum, falling. */
export function makeHum(random: Random): Float32Array {
  const base = 95 + random() * 120;
  return scaleTo(
    voice(400 + random() * 500, (t) => base * (1.15 - 0.25 * t), nasal),
    0.25,
  );
}

/** "Uh-huh". */
export function makeUhHuh(random: Random): Float32Array {
  const base = 95 + random() * 120;
  const first = voice(140 + random() * 60, (t) => base * (1 - 0.1 * t), dull);
  const breath = shape(resonantNoise(70, 1500, 0.4, random), 20, 40, 0.1);
  const second = voice(200 + random() * 100, (t) => base * (1.05 + 0.2 * t), dull);
  return scaleTo(join([first, breath, second], 5), 0.3);
}

/** "Ha ha ha": breath and vowel, four or five times a second, falling. */
export function makeLaugh(random: Random): Float32Array {
  const base = 130 + random() * 160;
  const count = 3 + Math.floor(random() * 4);
  const syllables = Array.from({ length: count }, (_, i) => {
    const breath = shape(resonantNoise(90, 1400, 0.5, random), 30, 50, 0.12);
    const pitch = base * (1.2 - (0.4 * i) / count);
    const vowel = scaleTo(
      voice(80 + random() * 50, (t) => pitch * (1 - 0.1 * t), open),
      0.35 - 0.03 * i,
    );
    return join([breath, vowel], 0);
  });
  return join(syllables, 20 + random() * 30);
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
