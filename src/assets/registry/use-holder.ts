// What one process works with, marked for all others until it ends.
import type { UseLocks } from "./use-locks.ts";

export interface UseHolder extends AsyncDisposable {
  /** Marks it, once. */
  begin(name: string): Promise<void>;
}

export function createUseHolder(locks: UseLocks | undefined): UseHolder {
  const held = new AsyncDisposableStack();
  const names = new Map<string, Promise<void>>();
  return {
    async begin(name) {
      if (!locks) return;
      const known = names.get(name) ?? locks.hold(name).then((lease) => void held.use(lease));
      names.set(name, known);
      try {
        await known;
      } catch (error) {
        names.delete(name);
        throw error;
      }
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}
