// When outcomes become a snapshot: all at once if they come together, without those that keep the others waiting.
import type { Clock } from "../base/clock.ts";

/** After the last outcome that came, those still missing are slow. */
const quietMs = 250;
/** However steadily outcomes come, nobody waits longer to be seen. */
const maxWaitMs = 2000;
/** With no outcome at all, an empty stage opens after this long. */
const firstWaitMs = 1000;

/** Dispose it to publish no more. */
export interface SnapshotCadence extends Disposable {
  /** One more outcome is in. */
  outcome: () => void;
  /** All outcomes are in. */
  complete: () => void;
}

/**
 * `isFirst`: the first outcome starts a fixed wait of 250 ms, so that a stage opens soon; later ones, and those of a
 * reload, are waited for as long as they keep coming.
 */
export function createSnapshotCadence(
  publish: () => void,
  { clock, isFirst }: { clock: Clock; isFirst: boolean },
): SnapshotCadence {
  let quiet: Disposable | undefined;
  let limit: Disposable | undefined = isFirst ? clock.schedule(() => fire(), firstWaitMs) : undefined;
  let isOpening = isFirst;

  const cancel = (): void => {
    quiet?.[Symbol.dispose]();
    limit?.[Symbol.dispose]();
    quiet = undefined;
    limit = undefined;
  };
  const fire = (): void => {
    cancel();
    isOpening = false;
    publish();
  };
  return {
    outcome() {
      if (isOpening) {
        quiet ??= clock.schedule(fire, quietMs);
        return;
      }
      quiet?.[Symbol.dispose]();
      quiet = clock.schedule(fire, quietMs);
      limit ??= clock.schedule(fire, maxWaitMs);
    },
    complete: fire,
    [Symbol.dispose]: cancel,
  };
}
