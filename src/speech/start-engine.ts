// What providers have in common whose models run in an engine of their own.
import { z } from "zod";
import type { Engine, EngineOptions } from "./engine.ts";
import type { LoadContext } from "./provider.ts";

/** Unload the models after so long without work; 0 never does. A timer cannot hold more than 24 days. */
export const idleUnloadMinutesSchema = z.number().min(0).max(10_000).default(0);

/** The engine, loaded and warm; one that cannot be loaded is let go of. Throws what its load throws. */
export async function startEngine(
  context: Pick<LoadContext, "createEngine">,
  { idleUnloadMinutes = 0, ...options }: Omit<EngineOptions, "idleUnloadMs"> & { idleUnloadMinutes?: number },
): Promise<Engine> {
  const engine = context.createEngine({
    ...options,
    idleUnloadMs: idleUnloadMinutes > 0 ? idleUnloadMinutes * 60_000 : undefined,
  });
  try {
    await engine.start();
    return engine;
  } catch (error) {
    await engine[Symbol.asyncDispose]();
    throw error;
  }
}
