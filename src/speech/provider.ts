// What a provider folder exports: a description that costs nothing to import, and `load`, which may.
import type { z } from "zod";
import type { ModelOrigin } from "../assets/provider/plan-models.ts";
import type { ProviderAssets } from "../assets/provider/provider-assets.ts";
import type { ProviderModels } from "../assets/provider/provider-models.ts";
import type { Emit } from "../base/events.ts";
import type { Engine, EngineOptions, SpeechEvent } from "./engine.ts";
import type {
  AudioTurnDetector,
  ProviderState,
  SpeechRecognizer,
  SpeechSynthesizer,
  VoiceActivityDetector,
} from "./ports.ts";

export interface ProviderDescription {
  /** Unique within its kind. */
  id: string;
  title: string;
  /** BCP 47 */
  languages: readonly string[];
  /** SPDX, of the weights. */
  licence: string;
  homepage: string;
  /** Parses `[providers.<kind>.<id>]`; every field has a default. */
  settingsSchema: z.ZodType;
  /** What it does not say is as src/assets/provider/provider-assets.ts has it. */
  assets: Partial<ProviderAssets>;
  /** Model id → name in the asset catalogue, of the models among `assets.model_urls` that are there. */
  catalogued?: Readonly<Record<string, string>> | undefined;
  /** Of those among them that are "auto" and not there: where they come from when they are asked for. */
  describeModel?: ((modelId: string) => ModelOrigin | undefined) | undefined;
  /** What a model may be called on disk beside its id. */
  namesOf?: ((modelId: string) => readonly string[]) | undefined;
  /** Names in the asset catalogue that `load` asks for, given its settings. */
  assetNames: (settings: unknown) => readonly string[];
}

export interface LoadContext {
  /** The path of a catalogue asset, brought here first when it is missing. */
  getAssetPath: (name: string, options?: { signal?: AbortSignal }) => Promise<string>;
  createEngine: (options: EngineOptions) => Engine;
  /** `<cache_root>/runtime`, for prepared graphs. */
  runtimeCacheDir: string;
  /** Root of models that users bring themselves (`<models_root>`). */
  modelsRoot: string;
  /** This provider's own, as the project file overrides them. Without it: below `modelsRoot`, and nothing is fetched. */
  models?: ProviderModels | undefined;
  /** Threads for one engine's inference. */
  threads: number;
  /** The parsed settings of this provider. */
  settings: unknown;
  emit: Emit<SpeechEvent>;
  signal?: AbortSignal | undefined;
}

/** What the project file and the environment have for a provider. */
export interface ProviderSupplies {
  models: ProviderModels;
  /** Of a credential that it cannot do without and that is not set: which, and what to do. */
  missingCredential: string | undefined;
}

export interface Provider<K extends string, T> extends ProviderDescription {
  kind: K;
  /** Cheap look at the machine, without loading: can this run here? */
  probe(context: Pick<LoadContext, "modelsRoot" | "models" | "settings">): Promise<ProviderState>;
  /** Resolves when the thing answers requests (assets there, engine loaded and warm). */
  load(context: LoadContext): Promise<T>;
}

export type SynthesizerProvider = Provider<"tts", SpeechSynthesizer>;
export type RecognizerProvider = Provider<"asr", SpeechRecognizer>;
export type DetectorProvider = Provider<"vad", VoiceActivityDetector>;
export type TurnProvider = Provider<"turn", AudioTurnDetector>;
export type SpeechProvider = SynthesizerProvider | RecognizerProvider | DetectorProvider | TurnProvider;

/** id → import of its folder; the composition root names them, so that nothing is imported before it is chosen. */
export interface ProviderCatalogue {
  tts: Readonly<Record<string, () => Promise<SynthesizerProvider>>>;
  asr: Readonly<Record<string, () => Promise<RecognizerProvider>>>;
  vad: Readonly<Record<string, () => Promise<DetectorProvider>>>;
  /** Of those that listen; who has none judges turns by their words. */
  turn?: Readonly<Record<string, () => Promise<TurnProvider>>> | undefined;
}

export interface SpeechPartStatus {
  provider: string;
  state: ProviderState;
}

/** The speech of one running server: which engines are chosen, and whether they can answer yet. */
export interface SpeechSystem extends AsyncDisposable {
  /** Loads the chosen three, one beside the other; resolves when each is ready or has failed. Never rejects. */
  start(): Promise<void>;
  status(): Readonly<Record<"tts" | "asr" | "vad", SpeechPartStatus>>;
  /**
   * The chosen one, or the named one (loaded on first use). Rejects with E_BUSY while it loads longer than `timeoutMs`
   * (default 0: at once), E_NOT_FOUND (no such provider), or its load error.
   */
  synthesizer(options?: GetPartOptions): Promise<SpeechSynthesizer>;
  recognizer(options?: GetPartOptions): Promise<SpeechRecognizer>;
  detector(options?: GetPartOptions): Promise<VoiceActivityDetector>;
  /** Every provider of the catalogue with its state, for `/v1/providers` and doctor. */
  listProviders(): Promise<readonly ListedProvider[]>;
}

export interface ListedProvider {
  kind: string;
  id: string;
  title: string;
  state: ProviderState;
  /** Somebody has asked for it: the state is how it is, and not what a look at the machine promises. */
  isInUse?: boolean | undefined;
}

export interface GetPartOptions {
  provider?: string | undefined;
  timeoutMs?: number | undefined;
  signal?: AbortSignal | undefined;
}
