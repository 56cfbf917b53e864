// Callers who want to see the progress of what they asked for, whoever began it.
import type { AssetEvent, AssetProgress } from "./port.ts";

export interface ProgressListeners {
  /** Until disposed. */
  add(asset: string, listener: ((progress: AssetProgress) => void) | undefined): Disposable;
  tell(event: AssetEvent): void;
}

export function createProgressListeners(): ProgressListeners {
  const listeners = new Map<string, Set<(progress: AssetProgress) => void>>();
  return {
    add(asset, listener) {
      if (!listener) return { [Symbol.dispose]: () => undefined };
      const own = listeners.get(asset) ?? new Set();
      listeners.set(asset, own.add(listener));
      return {
        [Symbol.dispose]() {
          own.delete(listener);
          if (own.size === 0 && listeners.get(asset) === own) listeners.delete(asset);
        },
      };
    },
    tell(event) {
      if (event.type !== "asset-progress") return;
      const { phase, doneBytes, totalBytes, bytesPerSecond } = event;
      for (const listener of listeners.get(event.asset) ?? []) {
        listener({ phase, doneBytes, totalBytes, bytesPerSecond });
      }
    },
  };
}
