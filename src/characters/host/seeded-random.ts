// A small reproducible source of randomness for prompts: the same seed gives the same sequence.

/**
 * 0 ≤ x < 1, in steps of 2⁻³². sfc32 (Chris Doty-Humphrey, PractRand, public domain), seeded from one number and run on
 * 12 times, as its author advises.
 */
export function createRandom(seed: number): () => number {
  let a = 0;
  let b = seed | 0;
  let c = Math.floor(seed / 2 ** 32) | 0;
  let counter = 1;
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
  for (let round = 0; round < 12; round++) next();
  return next;
}
