// Chooses the next token from its scores, where the library leaves that to its users.

export type PickToken = (logits: Float32Array) => number;

/** Tokens that are looked at: what is less likely than this many others is never said. */
const candidates = 64;

/**
 * Temperature 0 takes the likeliest. Else one of the likeliest tokens whose probabilities add up to `topP` (Holtzman et al.
 * 2020). The same seed gives the same choices.
 */
export function createTokenPicker(options: {
  temperature: number;
  topP: number;
  seed: number | undefined;
}): PickToken {
  const { temperature, topP } = options;
  const random = createRandom(options.seed ?? (crypto.getRandomValues(new Uint32Array(1))[0] as number));
  return (logits) => {
    const best = selectBest(logits, temperature > 0 ? candidates : 1);
    const top = best[0];
    if (top === undefined || best.length === 1) return top?.token ?? 0;
    const weights = best.map(({ score }) => Math.exp((score - top.score) / temperature));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    let kept = 0;
    let count = 0;
    while (count < weights.length && kept < topP * total) kept += weights[count++] as number;
    let left = random() * kept;
    for (let index = 0; index < count; index++) {
      left -= weights[index] as number;
      if (left <= 0) return (best[index] as { token: number }).token;
    }
    return top.token;
  };
}

/** The highest scores, the highest first. */
function selectBest(logits: Float32Array, count: number): { token: number; score: number }[] {
  const best: { token: number; score: number }[] = [];
  let least = Number.NEGATIVE_INFINITY;
  for (let token = 0; token < logits.length; token++) {
    const score = logits[token] as number;
    // NaN is never greater: a broken score is passed over.
    if (!(score > least) && best.length >= count) continue;
    if (Number.isNaN(score)) continue;
    let place = best.length;
    while (place > 0 && (best[place - 1] as { score: number }).score < score) place -= 1;
    best.splice(place, 0, { token, score });
    if (best.length > count) best.pop();
    least = best.length >= count ? (best[best.length - 1] as { score: number }).score : least;
  }
  return best;
}

/** Numbers in [0, 1): Mulberry32 (Tommy Ettinger, public domain). */
function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
