// Lets others wait until the session is as they need it.

export interface StateWaits {
  /** The state has changed: whoever waited for what now holds goes on. */
  notify(): void;
  /** Resolves when `holds` does, at once if it does already, and when `signal` aborts. */
  until(holds: () => boolean, signal?: AbortSignal): Promise<void>;
}

export function createStateWaits(): StateWaits {
  const looks = new Set<() => void>();
  return {
    notify() {
      for (const look of looks) look();
    },
    until(holds, signal) {
      if (holds() || signal?.aborted === true) return Promise.resolve();
      return new Promise((resolve) => {
        const go = (): void => {
          looks.delete(look);
          signal?.removeEventListener("abort", go);
          resolve();
        };
        const look = (): void => {
          if (holds()) go();
        };
        looks.add(look);
        signal?.addEventListener("abort", go, { once: true });
      });
    },
  };
}
