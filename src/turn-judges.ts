// Who judges whether a speaker has finished: the words so far always, the sound of the pause where that was chosen.
import { loadTurnDetector } from "./provider-catalogue.ts";
import {
  type AudioTurnDependencies,
  type AudioTurnOptions,
  type AudioTurnPart,
  createAudioTurnPart,
} from "./speech/audio-turn-part.ts";
import type { AudioTurnDetector, TurnDetector } from "./speech/ports.ts";
import type { ProviderCatalogue, SpeechSystem } from "./speech/provider.ts";

export interface TurnJudges extends AsyncDisposable {
  /** Kind → id, as default-assets.ts takes it. */
  chosen: { turn?: string };
  /** The one that listens begins to load, and says so in its state; nobody waits for it. */
  load(): Promise<{ turnDetector: TurnDetector; audioTurnDetector: AudioTurnDetector | undefined }>;
  /** With the state of the one that listens, when it has one. */
  listProviders: SpeechSystem["listProviders"];
}

export interface TurnJudgesDependencies extends Omit<AudioTurnDependencies, "catalogue"> {
  catalogue: ProviderCatalogue;
  speech: Pick<SpeechSystem, "listProviders">;
}

/** `id` is "transcript", or one of the catalogue's turn detectors. */
export function createTurnJudges(deps: TurnJudgesDependencies, options: AudioTurnOptions): TurnJudges {
  const { catalogue, speech, ...rest } = deps;
  const { id } = options;
  const part: AudioTurnPart | undefined =
    id === "transcript"
      ? undefined
      : createAudioTurnPart({ ...rest, catalogue: catalogue.turn ?? {} }, options);
  return {
    chosen: part ? { turn: id } : {},
    async load() {
      void part?.start();
      return { turnDetector: await loadTurnDetector(), audioTurnDetector: part };
    },
    async listProviders() {
      const others = await speech.listProviders();
      const state = part?.state;
      return state ? [...others, { kind: "turn", id, title: id, state, isInUse: true }] : others;
    },
    async [Symbol.asyncDispose]() {
      await part?.[Symbol.asyncDispose]();
    },
  };
}
