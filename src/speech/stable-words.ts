// Which words of a running transcript are certain: those that two passes in a row agree on (local agreement: Liu, Spanakis
// and Niehues, "Low-latency sequence-to-sequence speech recognition", 2020), less the last ones, whose sound may not be
// complete yet.
import type { HeardWord } from "./speech-decoder.ts";

/** Agreed words at the end that are not called certain yet. */
const heldBackWords = 2;

/**
 * `previous` and `current` both begin with `stable`. The answer begins with `stable` too, so nothing is taken back.
 */
export function extendStable(
  stable: readonly HeardWord[],
  previous: readonly HeardWord[],
  current: readonly HeardWord[],
): readonly HeardWord[] {
  let agreed = 0;
  while (agreed < previous.length && agreed < current.length && isSame(previous[agreed], current[agreed]))
    agreed++;
  const certain = Math.min(agreed, Math.min(previous.length, current.length) - heldBackWords);
  return certain > stable.length ? current.slice(0, certain) : stable;
}

export interface SplitWords {
  /** The words of the segment that ends here. */
  decided: readonly HeardWord[];
  /** Certain words that are said after its end. */
  rest: readonly HeardWord[];
}

/**
 * A segment is cut, perhaps before the end of what has been shown as certain. `heard` is what a fresh pass over the
 * segment alone hears; the answer says the same in the words that were shown, as far as they reach. Where the two differ
 * the split is where they differ least (edit distance with a free end).
 */
export function splitStable(stable: readonly HeardWord[], heard: readonly HeardWord[]): SplitWords {
  // distance[k]: between the words of `heard` so far and the first k of `stable`.
  let distance = Array.from({ length: stable.length + 1 }, (_, k) => k);
  const whole: number[] = [distance.at(-1) ?? 0];
  for (const word of heard) {
    const next = [(distance[0] ?? 0) + 1];
    for (let k = 1; k <= stable.length; k++) {
      const replaced = (distance[k - 1] ?? 0) + (isAlike(stable[k - 1], word) ? 0 : 1);
      next.push(Math.min(replaced, (distance[k] ?? 0) + 1, (next[k - 1] ?? 0) + 1));
    }
    distance = next;
    whole.push(distance.at(-1) ?? 0);
  }
  const consumed = indexOfLeast(distance);
  const needed = indexOfLeast(whole);
  if ((distance[consumed] ?? 0) < (whole[needed] ?? 0)) {
    return { decided: stable.slice(0, consumed), rest: stable.slice(consumed) };
  }
  return { decided: [...stable, ...heard.slice(needed)], rest: [] };
}

/** Of equals the last: a word heard wrongly is likelier than one that nobody said. */
function indexOfLeast(values: readonly number[]): number {
  let best = 0;
  for (const [i, value] of values.entries()) if (value <= (values[best] ?? 0)) best = i;
  return best;
}

function isAlike(a: HeardWord | undefined, b: HeardWord): boolean {
  const plain = (text: string): string => text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
  return a !== undefined && plain(a.text) === plain(b.text);
}

function isSame(a: HeardWord | undefined, b: HeardWord | undefined): boolean {
  return a?.text === b?.text;
}
