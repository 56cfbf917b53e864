// Finding the way back into a draft: after one different word the rest of an earlier guess is mostly right again.

/** So many tokens in a row must be the same before the draft is believed again. */
const matchLength = 2;

/**
 * What follows in `draft` where its tokens end as `tokens` does, looked for near the place it should be at; empty when
 * they have nothing in common.
 */
export function findContinuation(draft: readonly number[], tokens: readonly number[]): number[] {
  const last = tokens.slice(-matchLength);
  if (last.length < matchLength) return [];
  let best: number | undefined;
  for (let end = matchLength; end <= draft.length; end++) {
    if (last.some((token, i) => draft[end - matchLength + i] !== token)) continue;
    const isNearer = best === undefined || Math.abs(end - tokens.length) < Math.abs(best - tokens.length);
    if (isNearer) best = end;
  }
  return best === undefined ? [] : draft.slice(best);
}
