// A recogniser that loses its way says the same again and again. This tells such a loop from speech.

/** So many rounds, and so many tokens in them together, are no speech: "no, no, no, no" is, sixteen times "no" is not. */
const minRounds = 4;
const minTokens = 16;
const maxPeriod = 24;

/** Where to cut when the tokens (or words) end in a loop: after its first round. Undefined when they do not. */
export function findLoopCut(tokens: readonly (number | string)[]): number | undefined {
  for (let period = 1; period <= maxPeriod; period++) {
    const rounds = Math.max(minRounds, Math.ceil(minTokens / period));
    const start = tokens.length - rounds * period;
    if (start < 0) continue;
    let isLoop = true;
    for (let i = start; isLoop && i + period < tokens.length; i++) isLoop = tokens[i] === tokens[i + period];
    if (isLoop) return start + period;
  }
  return undefined;
}
