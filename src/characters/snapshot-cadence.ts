// When outcomes become a snapshot: all at once if they come together, without those that keep the others waiting.
import type { Clock } from "../base/clock.ts";

/** While a stage opens, what is in is shown this often. */
const openingMs = 250;
/** In a reload, those still missing this long after the last outcome are slow; … */
const quietMs = 250;
/** … of many at once they are more likely behind than slow, so each that was missing at first adds to it, up to a second. */
const quietPerFileMs = 5;
const maxQuietMs = 1000;
/** However steadily the outcomes of a reload come, nobody waits longer to be seen; for each that is missing at first, … */
const maxWaitMs = 2000;
/** … this much more: ten times what a file takes. */
const waitPerFileMs = 5;
/** With no outcome at all, an empty stage opens after this long. */
const firstWaitMs = 1000;

/** Dispose it to publish no more. */
export interface SnapshotCadence extends Disposable {
  /** One more outcome is in, and so many are under way. */
  outcome: (underWay: number) => void;
  /** All outcomes are in. */
  complete: () => void;
}

/**
 * A stage that opens (`isOpening`) shows what it has 250 ms after the first outcome, and what comes later as it comes. A
 * reload is one snapshot: it waits for its files as long as they keep coming.
 */
export function createSnapshotCadence(
  publish: () => void,
  { clock, isOpening }: { clock: Clock; isOpening: boolean },
): SnapshotCadence {
  let quiet: Disposable | undefined;
  let limit: Disposable | undefined;
  let mostUnderWay = 0;
  let isDisposed = false;

  const cancel = (): void => {
    quiet?.[Symbol.dispose]();
    limit?.[Symbol.dispose]();
    quiet = undefined;
    limit = undefined;
    mostUnderWay = 0;
  };
  const fire = (): void => {
    if (isDisposed) return;
    cancel();
    publish();
  };
  if (isOpening) quiet = clock.schedule(fire, firstWaitMs);
  return {
    outcome(underWay) {
      if (isDisposed) return;
      mostUnderWay = Math.max(mostUnderWay, underWay);
      if (!isOpening) {
        quiet?.[Symbol.dispose]();
        quiet = clock.schedule(fire, Math.min(maxQuietMs, quietMs + mostUnderWay * quietPerFileMs));
      }
      limit ??= clock.schedule(fire, isOpening ? openingMs : maxWaitMs + underWay * waitPerFileMs);
    },
    complete: fire,
    [Symbol.dispose]() {
      isDisposed = true;
      cancel();
    },
  };
}
