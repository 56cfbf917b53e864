// Speech runs in engines (base/engine.ts); this is what they and the providers in front of them tell.
import type { EngineEvent } from "../base/engine.ts";

export type { Engine, EngineJobOptions, EngineOptions, EngineState } from "../base/engine.ts";

export type SpeechEvent =
  | EngineEvent
  | { type: "provider-state"; kind: string; provider: string; state: string; reason?: string };
