// How often one download may fail. Its connections share the count: what breaks several of them at once is one failure.
import type { AppError } from "../../base/errors.ts";
import { type Backoff, isPassing, selectRetryDelayMs } from "./retry.ts";

export interface Attempts {
  /** Goes up with each failure that was counted. A connection that was opened before the last one has failed with it. */
  readonly episode: number;
  /**
   * Milliseconds to wait before going on, which are told; throws `failure` when it cannot pass, or no attempt is left.
   */
  spend(failure: unknown, doneBytes: number): number;
}

export interface AttemptsOptions extends Backoff {
  /** Further attempts; asked at each failure, since it depends on whether another source stands ready. */
  retries: () => number;
  onWait?: ((delayMs: number, failure: AppError) => void) | undefined;
}

/** Who gets so far between two failures has a bad line and no bad server: the count begins anew, if there is one. */
const progressBytes = 4 << 20;

export function createAttempts({ retries, onWait, ...backoff }: AttemptsOptions): Attempts {
  let episode = 0;
  let used = 0;
  let doneBefore = 0;
  return {
    get episode() {
      return episode;
    },
    spend(failure, doneBytes) {
      if (doneBytes - doneBefore >= progressBytes) used = 0;
      doneBefore = doneBytes;
      if (!isPassing(failure) || used >= retries()) throw failure;
      const delayMs = selectRetryDelayMs(failure, used, backoff);
      used += 1;
      episode += 1;
      onWait?.(delayMs, failure);
      return delayMs;
    },
  };
}
