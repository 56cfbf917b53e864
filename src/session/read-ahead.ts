// Lets a slow maker work while its consumer is busy with what was made before.

/**
 * The items of `source`, up to `limit` of them made before they are asked for. The source is read from the first request
 * on, one item at a time; when the consumer leaves, no further item is asked for. What the source throws comes after the
 * items before it.
 */
export async function* readAhead<T>(source: AsyncIterable<T>, limit: number): AsyncGenerator<T> {
  const ready: T[] = [];
  let failure: { error: unknown } | undefined;
  let isEnded = false;
  let isLeft = false;
  let change = Promise.withResolvers<void>();
  const notify = (): void => {
    change.resolve();
    change = Promise.withResolvers();
  };

  const work = async (): Promise<void> => {
    try {
      for await (const item of source) {
        ready.push(item);
        notify();
        while (ready.length >= limit && !isLeft) await change.promise;
        if (isLeft) return;
      }
    } catch (error) {
      failure = { error };
    } finally {
      isEnded = true;
      notify();
    }
  };
  void work();

  try {
    for (;;) {
      if (ready.length > 0) {
        const item = ready.shift() as T;
        notify();
        yield item;
      } else if (failure) throw failure.error;
      else if (isEnded) return;
      else await change.promise;
    }
  } finally {
    isLeft = true;
    notify();
  }
}
