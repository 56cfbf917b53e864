// A list that is read again and again, whenever there is news of it: the newest answer is the one that counts, and what
// could not be read is said until it can be.
import { type ApiFailure, toApiFailure } from "./api.ts";
import type { OwnStore } from "./create-store.ts";

/** `read` gives what of the state is new. */
export function createListReader<S extends { failure: ApiFailure | undefined }>(
  store: OwnStore<S>,
  read: (signal: AbortSignal) => Promise<Partial<S>>,
): () => Promise<void> {
  let reading: AbortController | undefined;
  /** Of the last reading; what else has failed is not this one's to take back. */
  let failure: ApiFailure | undefined;
  return async () => {
    reading?.abort();
    const own = new AbortController();
    reading = own;
    try {
      const change = await read(own.signal);
      if (own !== reading) return;
      const shown = store.state.failure;
      // Whoever could not reach the server, it is there again.
      const isOver = shown !== undefined && (shown === failure || shown.isAway);
      store.set(isOver ? { ...change, failure: undefined } : change);
      failure = undefined;
    } catch (error) {
      if (own !== reading) return;
      failure = toApiFailure(error);
      const change: Partial<{ failure: ApiFailure | undefined }> = { failure };
      store.set(change as Partial<S>);
    }
  };
}
