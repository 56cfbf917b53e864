// What a provider is loaded with, for tests of a provider by itself.
import { availableParallelism, tmpdir } from "node:os";
import { createEngine } from "../../src/base/engine-host.ts";
import type { Engine, SpeechEvent } from "../../src/speech/engine.ts";
import type { LoadContext } from "../../src/speech/provider.ts";
import { createEventRecorder, type EventRecorder } from "./event-recorder.ts";

export interface TestLoadContext extends LoadContext {
  recorder: EventRecorder<SpeechEvent>;
  /** That the provider has created, in order. */
  engines: Engine[];
}

export function createLoadContext(overrides: Partial<LoadContext> = {}): TestLoadContext {
  const recorder = createEventRecorder<SpeechEvent>();
  const engines: Engine[] = [];
  return {
    getAssetPath: (name) => Promise.reject(new Error(`the test has no model ${name}`)),
    createEngine(options) {
      const engine = createEngine({ emit: recorder.emit }, options);
      engines.push(engine);
      return engine;
    },
    runtimeCacheDir: tmpdir(),
    modelsRoot: tmpdir(),
    threads: availableParallelism(),
    settings: undefined,
    emit: recorder.emit,
    ...overrides,
    recorder,
    engines,
  };
}
