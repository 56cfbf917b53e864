// Requests are taken in the order in which they came, also when one of them has to be looked into first.

export interface RequestOrder {
  /** Runs it now, or in its turn. */
  run(work: () => void): void;
  /** From within a request: those after it wait until `pending` is known and `then` has run. `pending` never rejects. */
  hold<T>(pending: Promise<T>, then: (value: T) => void): void;
  /** What waits is dropped, and what comes. */
  close(): void;
}

/** `onFull`: one more came than may wait, and was dropped. */
export function createRequestOrder(options: { limit: number; onFull: () => void }): RequestOrder {
  /** A request is being looked into; these wait. */
  let waiting: (() => void)[] | undefined;
  let isClosed = false;

  const run = (work: () => void): void => {
    if (isClosed) return;
    if (!waiting) work();
    else if (waiting.length < options.limit) waiting.push(work);
    else options.onFull();
  };
  return {
    run,
    hold(pending, then) {
      const held: (() => void)[] = [];
      waiting = held;
      void pending.then((value) => {
        if (isClosed) return;
        waiting = undefined;
        then(value);
        // One of them may have to be looked into as well; the rest then waits for that one.
        for (const work of held) run(work);
      });
    },
    close() {
      isClosed = true;
      waiting = undefined;
    },
  };
}
