// Records events and lets a test wait for the one it needs, instead of for time.
import type { AnyEvent } from "../../src/base/events.ts";

export interface EventRecorder<E extends AnyEvent> {
  readonly events: readonly E[];
  emit(event: E): void;
  ofType<T extends E["type"]>(type: T): Extract<E, { type: T }>[];
  /** The first event, past or future, that `accept`s; rejects after `timeoutMs` (default 30 s). */
  waitFor(accept: (event: E) => boolean, timeoutMs?: number): Promise<E>;
}

export function createEventRecorder<E extends AnyEvent>(): EventRecorder<E> {
  const events: E[] = [];
  const waiters = new Set<(event: E) => void>();
  return {
    events,
    emit(event) {
      events.push(event);
      for (const waiter of waiters) waiter(event);
    },
    ofType(type) {
      return events.filter((event): event is Extract<E, { type: typeof type }> => event.type === type);
    },
    waitFor(accept, timeoutMs = 30_000) {
      const past = events.find(accept);
      if (past) return Promise.resolve(past);
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waiters.delete(waiter);
          reject(new Error(`the awaited event did not come; seen: ${events.map((e) => e.type).join(", ")}`));
        }, timeoutMs);
        const waiter = (event: E): void => {
          if (!accept(event)) return;
          clearTimeout(timer);
          waiters.delete(waiter);
          resolve(event);
        };
        waiters.add(waiter);
      });
    },
  };
}
