// What holds its own state and tells of changes, as a hook.
import { useEffect, useState } from "preact/hooks";

export interface Store<S> {
  readonly state: S;
  /** Calls `listener` after each change; gives what ends that. */
  subscribe: (listener: () => void) => () => void;
}

export function useStore<S>(store: Store<S>): S {
  const [state, setState] = useState(store.state);
  useEffect(() => {
    // It may have changed between the first rendering and now.
    setState(store.state);
    return store.subscribe(() => setState(store.state));
  }, [store]);
  return state;
}
