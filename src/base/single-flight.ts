// Calls for the same key that overlap share one run.

/** `run(key, work)`: the first caller's `work` runs; those who come before it settles get the same promise. */
export function createSingleFlight<V>(): (key: string, work: () => Promise<V>) => Promise<V> {
  const flights = new Map<string, Promise<V>>();
  return (key, work) => {
    const running = flights.get(key);
    if (running) return running;
    const flight = work().finally(() => flights.delete(key));
    flights.set(key, flight);
    return flight;
  };
}
