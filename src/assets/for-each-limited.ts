// Work on many things, a few at a time.

/**
 * Up to `limit` at once; the first failure keeps further ones from starting, aborts the signal of those that have, and is
 * thrown when all have ended. One that `isTooMany` says is due to the others beside it is none, unless it came alone: its
 * item is worked on again, with fewer from then on.
 */
export async function forEachLimited<T>(
  items: readonly T[],
  limit: number,
  work: (item: T, failed: AbortSignal) => Promise<void>,
  isTooMany: (error: unknown) => boolean = () => false,
): Promise<void> {
  const queue = [...items];
  const failures: unknown[] = [];
  const failed = new AbortController();
  let most = Math.min(limit, items.length);
  let active = 0;
  const tryOne = async (item: T): Promise<void> => {
    active += 1;
    // Or in a moment, when this one is the first.
    const hasOthersBeside = active + queue.length > 1;
    try {
      await work(item, failed.signal);
    } catch (error) {
      if (hasOthersBeside && most > 1 && isTooMany(error)) {
        most -= 1;
        queue.push(item);
      } else {
        failures.push(error);
        failed.abort(error);
      }
    } finally {
      active -= 1;
    }
  };
  const run = async (): Promise<void> => {
    while (active < most && failures.length === 0) {
      const item = queue.shift();
      if (item === undefined) return;
      await tryOne(item);
    }
  };
  await Promise.all(Array.from({ length: most }, run));
  if (failures.length > 0) throw failures[0];
}
