// What one process works with, marked for all others until it ends.
import type { Registrar } from "./keep-registered.ts";
import type { UseLocks } from "./use-locks.ts";

export interface UseHolder extends AsyncDisposable {
  /** Marks it, once. */
  begin(name: string): Promise<void>;
  /** Writes down its last use, beside: nobody who wants to speak waits for that. */
  note(name: string): void;
}

export function createUseHolder(locks: UseLocks | undefined, registrar: Registrar | null): UseHolder {
  const held = new AsyncDisposableStack();
  const names = new Map<string, Promise<void>>();
  const notes = new Set<Promise<void>>();
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
    note(name) {
      if (!registrar) return;
      const note: Promise<void> = registrar
        .touch(name)
        .catch(() => undefined)
        .finally(() => notes.delete(note));
      notes.add(note);
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(notes);
      await held.disposeAsync();
    },
  };
}
