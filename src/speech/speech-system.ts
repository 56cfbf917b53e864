// The speech of one running server: three chosen providers, loaded one beside the other, and any other on demand. One that
// fails harms no other; what is missing is said in its state, and the server speaks text meanwhile.
import { type Clock, systemClock } from "../base/clock.ts";
import { waitFor } from "../base/deadline.ts";
import { AppError } from "../base/errors.ts";
import type { Emit } from "../base/events.ts";
import { createEngine } from "../base/engine-host.ts";
import type { SpeechEvent } from "./engine.ts";
import type { ProviderState, SpeechRecognizer, SpeechSynthesizer, VoiceActivityDetector } from "./ports.ts";
import type {
  GetPartOptions,
  ListedProvider,
  LoadContext,
  Provider,
  ProviderCatalogue,
  ProviderSupplies,
  SpeechPartStatus,
  SpeechSystem,
} from "./provider.ts";
import type { SpeechKind } from "./select-provider.ts";
import {
  createSpeechPart,
  describeFailure,
  describeMissingCredential,
  parseProviderSettings,
  type SpeechPart,
} from "./speech-part.ts";

export interface SpeechSystemDependencies {
  catalogue: ProviderCatalogue;
  getAssetPath: LoadContext["getAssetPath"];
  /** What the project file and the environment have for a provider. */
  suppliesOf?: ((kind: SpeechKind, id: string) => Promise<ProviderSupplies>) | undefined;
  emit: Emit<SpeechEvent>;
  clock?: Clock | undefined;
}

export interface SpeechSystemOptions {
  /** Ids in the catalogue: select-provider.ts. */
  synthesizer: string;
  recognizer: string;
  detector: string;
  /** `[providers.<kind>.<id>]`, not parsed. */
  settings?: Readonly<Partial<Record<SpeechKind, Readonly<Record<string, unknown>>>>> | undefined;
  /** Threads for one engine's inference; at least 1. */
  threads: number;
  runtimeCacheDir: string;
  modelsRoot: string;
}

const kinds = ["tts", "asr", "vad"] as const;
const probeTimeoutMs = 2000;

type PartOf = { tts: SpeechSynthesizer; asr: SpeechRecognizer; vad: VoiceActivityDetector };
type Parts = { [K in SpeechKind]: Map<string, SpeechPart<PartOf[K]>> };

/** Loads nothing until `start` or a getter is called. Owns what it loads. */
export function createSpeechSystem(
  deps: SpeechSystemDependencies,
  options: SpeechSystemOptions,
): SpeechSystem {
  const { catalogue, emit } = deps;
  const clock = deps.clock ?? systemClock;
  const chosen = { tts: options.synthesizer, asr: options.recognizer, vad: options.detector };
  const parts: Parts = { tts: new Map(), asr: new Map(), vad: new Map() };
  let isClosed = false;

  const context: Omit<LoadContext, "settings" | "signal"> = {
    getAssetPath: deps.getAssetPath,
    createEngine: (engineOptions) => createEngine({ emit, clock }, engineOptions),
    runtimeCacheDir: options.runtimeCacheDir,
    modelsRoot: options.modelsRoot,
    threads: options.threads,
    emit,
  };
  const settingsOf = (kind: SpeechKind, id: string): unknown => options.settings?.[kind]?.[id];

  const partOf = <K extends SpeechKind>(kind: K, id: string): SpeechPart<PartOf[K]> => {
    const known: Map<string, SpeechPart<PartOf[K]>> = parts[kind];
    const part = known.get(id);
    if (part) return part;
    const importers = catalogue[kind] as Readonly<Record<string, () => Promise<Provider<string, PartOf[K]>>>>;
    const importProvider = Object.hasOwn(importers, id) ? importers[id] : undefined;
    if (!importProvider) {
      const names = Object.keys(importers).join(", ");
      throw new AppError("E_NOT_FOUND", `there is no ${kind} provider ${id}; there are ${names}`, {
        kind,
        id,
      });
    }
    const getSupplies = deps.suppliesOf && (() => deps.suppliesOf?.(kind, id));
    const created = createSpeechPart<PartOf[K]>(
      { importProvider, context, getSupplies, settings: settingsOf(kind, id), emit, clock },
      { kind, id },
    );
    known.set(id, created);
    return created;
  };

  const getPart = async <K extends SpeechKind>(kind: K, request: GetPartOptions = {}): Promise<PartOf[K]> => {
    if (isClosed) throw new AppError("E_BUSY", "the server is stopping");
    const { provider = chosen[kind], timeoutMs = 0, signal } = request;
    return partOf(kind, provider).get({ timeoutMs, signal });
  };

  const statusOf = (kind: SpeechKind): SpeechPartStatus => {
    const provider = chosen[kind];
    try {
      return {
        provider,
        state: partOf(kind, provider).state ?? { state: "loading", detail: "not started yet" },
      };
    } catch (error) {
      return { provider, state: describeFailure(error) };
    }
  };

  const probe = async (kind: SpeechKind, id: string): Promise<ListedProvider> => {
    const known = parts[kind].get(id)?.state;
    const load = catalogue[kind][id] as () => Promise<Provider<string, unknown>>;
    let title = id;
    let state: ProviderState;
    try {
      const provider = await load();
      title = provider.title;
      const settings = parseProviderSettings(provider, settingsOf(kind, id));
      const { modelsRoot } = options;
      const look = async (): Promise<ProviderState> => {
        const supplies = await deps.suppliesOf?.(kind, id);
        return (
          describeMissingCredential(supplies?.missingCredential) ??
          (await provider.probe({ modelsRoot, models: supplies?.models, settings }))
        );
      };
      state = known ?? (await waitFor(look(), { timeoutMs: probeTimeoutMs }));
    } catch (error) {
      state = known ?? describeFailure(error);
    }
    return { kind, id, title, state, isInUse: known !== undefined };
  };

  return {
    async start() {
      await Promise.allSettled(kinds.map(async (kind) => partOf(kind, chosen[kind]).load()));
    },
    status: () => ({ tts: statusOf("tts"), asr: statusOf("asr"), vad: statusOf("vad") }),
    synthesizer: (request) => getPart("tts", request),
    recognizer: (request) => getPart("asr", request),
    detector: (request) => getPart("vad", request),
    listProviders: () =>
      Promise.all(kinds.flatMap((kind) => Object.keys(catalogue[kind]).map((id) => probe(kind, id)))),
    async [Symbol.asyncDispose]() {
      isClosed = true;
      const all = kinds.flatMap((kind) => [...parts[kind].values()]);
      await Promise.all(all.map((part) => part[Symbol.asyncDispose]()));
    },
  };
}
