// What every provider says of itself before it is chosen: its title, its files, its credentials.
import type { ProviderModelsDescription } from "./assets/provider/plan-models.ts";
import type { ProviderAssets } from "./assets/provider/provider-assets.ts";
import { replyServerPresets } from "./reply/plan-reply-source.ts";
import type { ProviderCatalogue, SpeechProvider } from "./speech/provider.ts";

export interface KnownProvider extends Pick<ProviderModelsDescription, "catalogued" | "describeModel"> {
  kind: string;
  id: string;
  title: string;
  /** False: nobody but the project file speaks of it. */
  isKnown: boolean;
  ownAssets: Partial<ProviderAssets>;
  namesOf?: ((modelId: string) => readonly string[]) | undefined;
  /** The model that these settings ask for. */
  selectModel: (settings: Readonly<Record<string, unknown>>) => string | undefined;
}

type SpeechKind = keyof ProviderCatalogue;
const speechKinds = ["tts", "asr", "vad", "turn"] as const satisfies readonly SpeechKind[];

/** Of reply sources that are no preset with a key of their own. */
const optionalKeys: Readonly<Record<string, string>> = { openai_compatible: "OPENAI_COMPATIBLE_API_KEY" };

const noModel = (): undefined => undefined;
/** The specification's names have no dashes. */
export const replyProviderId = (source: string): string => source.trim().toLowerCase().replaceAll("-", "_");

const replyServers = Object.entries(replyServerPresets).map(
  ([source, { title, apiKeyName }]): KnownProvider => {
    const id = replyProviderId(source);
    const variable = apiKeyName ?? optionalKeys[id];
    return {
      kind: "llm",
      id,
      title: id === "openai_compatible" ? "Any OpenAI-compatible server" : title,
      isKnown: true,
      ownAssets: variable === undefined ? {} : { credential_patterns: [variable] },
      selectModel: noModel,
    };
  },
);

/** Beside `local`, which is no server, and `none`, which is nobody. */
export const isReplyServer = (id: string): boolean => replyServers.some((provider) => provider.id === id);

const localModels: KnownProvider = {
  kind: "llm",
  id: "local",
  title: "A language model on this machine",
  isKnown: true,
  // Models of the hub, which `troupe models` installs; GGUF files are in the folder llama-cpp.
  ownAssets: { directory_name: "transformers", cache_types: ["models", "runtime"] },
  selectModel: noModel,
};

const turnProviders: readonly KnownProvider[] = [
  {
    kind: "turn",
    id: "transcript",
    title: "The words so far",
    isKnown: true,
    ownAssets: {},
    selectModel: noModel,
  },
];

const others = [...replyServers, localModels, ...turnProviders];

/** Kind and id of each, in the order in which they are listed. */
export function listProviderNames(catalogue: ProviderCatalogue): (readonly [kind: string, id: string])[] {
  const namesOf = (kinds: readonly SpeechKind[]) =>
    kinds.flatMap((kind) => Object.keys(catalogue[kind] ?? {}).map((id) => [kind, id] as const));
  return [
    ...namesOf(["tts", "asr", "vad"]),
    ...others.map(({ kind, id }) => [kind, id] as const),
    ...namesOf(["turn"]),
  ];
}

/** Imports the description of a provider of speech; undefined for one that Troupe does not know. */
export async function describeProvider(
  catalogue: ProviderCatalogue,
  kind: string,
  id: string,
): Promise<KnownProvider | undefined> {
  const speechKind = speechKinds.find((candidate) => candidate === kind);
  const loaders: Readonly<Record<string, () => Promise<SpeechProvider>>> =
    (speechKind && catalogue[speechKind]) ?? {};
  const load = Object.hasOwn(loaders, id) ? loaders[id] : undefined;
  if (load) return describeSpeech(await load());
  return others.find((provider) => provider.kind === kind && provider.id === id);
}

function describeSpeech(provider: SpeechProvider): KnownProvider {
  const { kind, id, title, assets, catalogued, describeModel, namesOf } = provider;
  const modelOf = new Map(Object.entries(catalogued ?? {}).map(([modelId, name]) => [name, modelId]));
  return {
    kind,
    id,
    title,
    isKnown: true,
    ownAssets: assets,
    catalogued,
    describeModel,
    namesOf,
    selectModel(settings) {
      const parsed = provider.settingsSchema.safeParse(settings);
      const { model } = (parsed.data ?? {}) as { model?: unknown };
      if (typeof model === "string") return model;
      const [name] = parsed.success ? provider.assetNames(parsed.data) : [];
      return name === undefined ? undefined : modelOf.get(name);
    },
  };
}
