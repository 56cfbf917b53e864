// Events out, no loggers in: a feature is handed an `emit` and says what happened; observability listens.

/** Every event has a `type`, a noun and a verb in kebab case such as `engine-start`. */
export interface AnyEvent {
  readonly type: string;
}

export type Emit<E extends AnyEvent = AnyEvent> = (event: E) => void;

export interface EventHub<E extends AnyEvent> {
  emit: Emit<E>;
  /** Listeners are called in order of subscription; one that throws is the bug of its owner and stops nobody. */
  subscribe(listener: (event: E) => void): Disposable;
}

/**
 * `onListenerError` may emit an event of it: what fails over that one is dropped. The default ends the process (Bun's
 * `reportError` does), as a test that meets a bug should.
 */
export function createEventHub<E extends AnyEvent>(
  onListenerError: (error: unknown) => void = reportError,
): EventHub<E> {
  const listeners = new Set<(event: E) => void>();
  let isTelling = false;
  const tell = (error: unknown): void => {
    if (isTelling) return;
    isTelling = true;
    try {
      onListenerError(error);
    } finally {
      isTelling = false;
    }
  };
  return {
    emit(event) {
      for (const listener of listeners) {
        try {
          listener(event);
        } catch (error) {
          tell(error);
        }
      }
    },
    subscribe(listener) {
      const own = (event: E): void => listener(event);
      listeners.add(own);
      return { [Symbol.dispose]: () => void listeners.delete(own) };
    },
  };
}
