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

function isSame(a: HeardWord | undefined, b: HeardWord | undefined): boolean {
  return a?.text === b?.text;
}
