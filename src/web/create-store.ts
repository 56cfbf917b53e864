// A state that tells of its changes, for what the page renders.
import type { Store } from "./use-store.ts";

export interface OwnStore<S> extends Store<S> {
  set: (change: Partial<S>) => void;
}

export function createStore<S extends object>(start: S): OwnStore<S> {
  const listeners = new Set<() => void>();
  let state = start;
  return {
    get state() {
      return state;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    set(change) {
      state = { ...state, ...change };
      for (const listener of listeners) listener();
    },
  };
}
