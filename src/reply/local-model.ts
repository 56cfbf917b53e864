// A language model that runs on this machine, as its provider gives it.
import type { Engine, EngineOptions, EngineState } from "../base/engine.ts";
import type { LanguageModel } from "./language-model.ts";

export interface LocalModelContext {
  createEngine: (options: EngineOptions) => Engine;
  /** `<models_root>`, where `troupe models` installs. */
  modelsRoot: string;
  /** Threads for inference; at least 1. */
  threads: number;
  /** Most tokens of conversation and answer together; a model made for fewer has fewer. */
  contextTokens: number;
  /** `[providers.llm.local]`, not parsed. */
  settings: unknown;
  /** Until disposed, nobody takes this model of the registry off the disk. E_BUSY when somebody does so right now. */
  holdModel: (id: string) => Promise<AsyncDisposable>;
}

/**
 * Beside what every language model throws: E_BUSY (too many replies wait, or the engine's process stopped in the middle;
 * the next reply has another) and what its load throws.
 */
export interface LocalLanguageModel extends LanguageModel, AsyncDisposable {
  readonly state: EngineState;
  /** Loads the model unless it is loaded; calls that overlap share one load. Rejects with the load's error. */
  start(): Promise<void>;
}

/** What the folder providers/llm/local exports. */
export interface LocalModelProvider {
  kind: "llm";
  id: "local";
  title: string;
  /**
   * The name of the model that `open` would take; looks at files alone. Undefined takes the only one installed. Throws
   * E_NOT_FOUND (no model, or no program to run it; with the command that brings it), E_ARGS, E_VERIFY, E_SCHEMA, E_PERM.
   */
  find(
    context: Pick<LocalModelContext, "modelsRoot" | "settings">,
    model: string | undefined,
  ): Promise<string>;
  /** As `find`; the model loads with `start` or its first reply. */
  open(
    context: LocalModelContext,
    options: {
      model: string | undefined;
      temperature: number | undefined;
      maxOutputTokens: number | undefined;
    },
  ): Promise<LocalLanguageModel>;
}
