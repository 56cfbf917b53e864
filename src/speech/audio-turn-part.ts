// The chosen detector of turns by their sound: loaded beside the three that speak and hear, asked by every session. What it
// cannot answer in time is judged by the words, so a session never waits for it.
import { type Clock, systemClock } from "../base/clock.ts";
import { createEngine } from "../base/engine-host.ts";
import { AppError } from "../base/errors.ts";
import type { Emit } from "../base/events.ts";
import type { SpeechEvent } from "./engine.ts";
import type { AudioTurnDetector, ProviderState } from "./ports.ts";
import type { LoadContext, ProviderCatalogue, ProviderSupplies } from "./provider.ts";
import { createSpeechPart } from "./speech-part.ts";

export interface AudioTurnDependencies {
  catalogue: NonNullable<ProviderCatalogue["turn"]>;
  getAssetPath: LoadContext["getAssetPath"];
  suppliesOf?: ((kind: string, id: string) => Promise<ProviderSupplies>) | undefined;
  emit: Emit<SpeechEvent>;
  clock?: Clock | undefined;
}

export interface AudioTurnOptions extends Pick<LoadContext, "threads" | "runtimeCacheDir" | "modelsRoot"> {
  /** In the catalogue. */
  id: string;
  /** `[providers.turn.<id>]`, not parsed. */
  settings?: unknown;
}

/** Answers E_BUSY at once while it loads. */
export interface AudioTurnPart extends AudioTurnDetector {
  /** Undefined before it was started. */
  readonly state: ProviderState | undefined;
  /** Resolves when it is ready or has failed. Never rejects. */
  start(): Promise<void>;
}

/** Owns what it loads. Throws E_NOT_FOUND for a detector that there is not. */
export function createAudioTurnPart(deps: AudioTurnDependencies, options: AudioTurnOptions): AudioTurnPart {
  const { catalogue, emit } = deps;
  const clock = deps.clock ?? systemClock;
  const { id, settings, ...roots } = options;
  const importProvider = Object.hasOwn(catalogue, id) ? catalogue[id] : undefined;
  if (!importProvider) {
    const names = Object.keys(catalogue).join(", ");
    const message = `there is no turn provider ${id}; there are ${["transcript", names].join(", ")}`;
    throw new AppError("E_NOT_FOUND", message, { kind: "turn", id });
  }
  const part = createSpeechPart<AudioTurnDetector>(
    {
      importProvider,
      context: {
        ...roots,
        getAssetPath: deps.getAssetPath,
        createEngine: (engineOptions) => createEngine({ emit, clock }, engineOptions),
        emit,
      },
      getSupplies: deps.suppliesOf && (() => deps.suppliesOf?.("turn", id)),
      settings,
      emit,
      clock,
    },
    { kind: "turn", id },
  );
  return {
    id,
    get state() {
      return part.state;
    },
    async start() {
      await part.load().catch(() => undefined);
    },
    async judge(pcm, given) {
      const detector = await part.get({ timeoutMs: 0, signal: given?.signal });
      return detector.judge(pcm, given);
    },
    [Symbol.asyncDispose]: () => part[Symbol.asyncDispose](),
  };
}
