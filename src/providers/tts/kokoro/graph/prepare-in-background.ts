// Prepares the graph in a process of its own, beside the voice that speaks already with a slower one.
import { join } from "node:path";
import { createFileLocker } from "../../../../base/file-lock.ts";
import type { Engine } from "../../../../speech/engine.ts";
import type { LoadContext } from "../../../../speech/provider.ts";
import type { PreparationLoadParams } from "./preparation-engine.ts";
import { ensurePreparedGraph, type PreparedGraph, type PreparedGraphPlace } from "./prepared-graph.ts";

export interface BackgroundOptions {
  modelFolder: string;
  sourcePath: string;
  voicesFolder: string;
  place: PreparedGraphPlace;
  signal: AbortSignal;
}

/** Resolves with the graph; rejects when the signal aborts or a step fails, and then nothing is left behind. */
export async function prepareInBackground(
  context: Pick<LoadContext, "createEngine" | "threads" | "emit">,
  { modelFolder, sourcePath, voicesFolder, place, signal }: BackgroundOptions,
): Promise<PreparedGraph> {
  const { threads, emit } = context;
  let engine: Engine | undefined;
  const startEngine = (workFolder: string): Engine => {
    const loadParams: PreparationLoadParams = {
      sourcePath,
      vocabularyPath: join(modelFolder, "tokenizer.json"),
      voicesFolder,
      workFolder,
      threads,
    };
    return context.createEngine({
      title: "the preparation of the Kokoro model",
      id: "kokoro-preparation",
      entry: join(import.meta.dir, "preparation-engine.ts"),
      loadParams,
    });
  };
  const endSteps = async (): Promise<void> => {
    await engine?.[Symbol.asyncDispose]();
    engine = undefined;
  };
  try {
    return await ensurePreparedGraph(
      {
        locker: createFileLocker(),
        runStep: (step, workFolder) => {
          engine ??= startEngine(workFolder);
          return engine.run(step, null, { signal, timeoutMs: stepTimeoutMs });
        },
        endSteps,
        onProgress: (step) => {
          const reason = `a faster model is being prepared for this machine, once (${step})`;
          emit({ type: "provider-state", kind: "tts", provider: "kokoro", state: "ready", reason });
        },
      },
      { sourcePath, threads, signal, ...place },
    );
  } finally {
    await endSteps();
  }
}

/** A step takes 1 to 5 s on two free cores; on a busy small machine, a hundred times as long may pass. */
const stepTimeoutMs = 600_000;
