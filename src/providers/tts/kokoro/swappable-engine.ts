// An engine that can be replaced by a better one while it works: what runs, runs to its end, what comes goes to the new.
import type { Engine } from "../../../speech/engine.ts";

export interface SwappableEngine extends Engine {
  /** From now on `next`, which is owned from here on; the one before ends when its jobs have. */
  replace(next: Engine): void;
}

export function createSwappableEngine(first: Engine): SwappableEngine {
  let current = { engine: first, jobs: 0 };
  /** Replaced, and not gone yet. */
  const retired = new Set<Engine>();

  const retire = async (engine: Engine): Promise<void> => {
    await engine[Symbol.asyncDispose]();
    retired.delete(engine);
  };

  return {
    get state() {
      return current.engine.state;
    },
    get pid() {
      return current.engine.pid;
    },
    start: () => current.engine.start(),
    async run(method, params, options) {
      const used = current;
      used.jobs += 1;
      try {
        return await used.engine.run(method, params, options);
      } finally {
        used.jobs -= 1;
        if (used !== current && used.jobs === 0) void retire(used.engine);
      }
    },
    replace(next) {
      const old = current;
      current = { engine: next, jobs: 0 };
      retired.add(old.engine);
      if (old.jobs === 0) void retire(old.engine);
    },
    async [Symbol.asyncDispose]() {
      const all = [current.engine, ...retired];
      await Promise.all(all.map((engine) => engine[Symbol.asyncDispose]()));
    },
  };
}
