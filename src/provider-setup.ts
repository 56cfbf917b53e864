// Providers as this project has them: what each says of itself, what the project file says instead, and what the
// environment and the credentials root hold for them. Half of it is needed before the asset store is made, half after.
import { basename } from "node:path";
import type { AssetDefinition } from "./assets/asset-schema.ts";
import { mergeCatalogues } from "./assets/catalogue/merge-catalogues.ts";
import type { AssetEvent, AssetStore, UnlistedAssets } from "./assets/port.ts";
import { listOldFolders } from "./assets/provider/old-places.ts";
import type { ModelPlanning } from "./assets/provider/plan-models.ts";
import {
  describeProviderAssets,
  mergeProviderAssets,
  type ProviderAssets,
} from "./assets/provider/provider-assets.ts";
import { loadProviderCredentials, type ProviderCredentials } from "./assets/provider/provider-credentials.ts";
import {
  createProviderModels,
  listDefinitions,
  listUserModels,
  type ProviderModels,
} from "./assets/provider/provider-models.ts";
import { AppError } from "./base/errors.ts";
import type { Emit } from "./base/events.ts";
import { homeOf } from "./config/expand-path.ts";
import type { LoadedSettings } from "./config/load-settings.ts";
import { type ProviderTable, readProviderTables } from "./config/provider-settings.ts";
import { describeProvider, type KnownProvider, listProviderNames } from "./provider-descriptions.ts";
import type { ProviderCatalogue, ProviderSupplies } from "./speech/provider.ts";
import { selectNearest } from "./text/nearest-word.ts";

export type AssetWarning = Extract<AssetEvent, { type: "asset-warning" }>;
type Store = Pick<AssetStore, "getPath" | "status"> & UnlistedAssets;

export interface ProviderSetup {
  tables: readonly ProviderTable[];
  /** Of old settings, unknown providers and broken files of credentials; each once. */
  warnings: readonly AssetWarning[];
  /** Values of credentials, for those who must keep them out of what they write. */
  secrets: readonly string[];
  /** What an agent may require: the catalogue's names, with what the project file adds for providers. */
  assetNames: readonly string[];
  /** Names in the catalogue of what the user brings instead. */
  userAssets: ReadonlySet<string>;
  /** The store's catalogue, with what the project file changes of it. */
  catalogue(declared: readonly AssetDefinition[]): AssetDefinition[];
  credentialsOf(kind: string, id: string): Promise<ProviderCredentials>;
  connect(store: Store): ConnectedProviders;
}

export interface ConnectedProviders {
  modelsOf(kind: string, id: string): Promise<ProviderModels>;
  suppliesOf(kind: string, id: string): Promise<ProviderSupplies>;
  /** The store's, but for what the user brings ("local"). */
  getAssetPath: AssetStore["getPath"];
  describe(kind: string, id: string): Promise<DescribedProvider>;
}

export interface DescribedProvider extends KnownProvider {
  /** In force. */
  assets: ProviderAssets;
  /** The model that its settings name, or its only one. */
  modelInUse: string | undefined;
}

interface Described {
  provider: DescribedProvider;
  planning: ModelPlanning;
}

/** E_SCHEMA with file, line and field for what does not fit. */
export async function setUpProviders(
  loaded: LoadedSettings,
  options: {
    speechProviders: ProviderCatalogue;
    builtIn: readonly AssetDefinition[];
    /** Of warnings that come after those of the setup itself. */
    emit: Emit<AssetEvent>;
  },
): Promise<ProviderSetup> {
  const { settings, env } = loaded;
  const { tables, warnings: oldSettings } = readProviderTables(loaded.project, env);
  const builtIn = new Map(options.builtIn.map((definition) => [definition.name, definition]));
  const oldRoots = { home: homeOf(env), projectFolder: loaded.projectFolder };
  const warnings: AssetWarning[] = [];
  const fileName = loaded.projectFile === undefined ? "troupe.toml" : basename(loaded.projectFile);
  let isDone = false;
  const warn = (asset: string, code: string, message: string): void => {
    const warning: AssetWarning = { type: "asset-warning", asset, code, message };
    if (isDone) options.emit(warning);
    else warnings.push(warning);
  };
  for (const { message } of oldSettings) warn(fileName, "W_DEPRECATED", message);

  const describe = remember(async (kind, id): Promise<Described> => {
    const known = await describeProvider(options.speechProviders, kind, id);
    if (!known) warn(fileName, "E_NOT_FOUND", describeUnknown(options.speechProviders, kind, id));
    const table = tables.find((candidate) => candidate.kind === kind && candidate.id === id);
    return plan({
      known: known ?? describeGeneric(kind, id),
      table,
      builtIn,
      modelsRoot: settings["storage.models_root"],
    });
  });

  const credentialsOf = remember(async (kind, id) => {
    const { provider } = await describe(kind, id);
    const table = tables.find((candidate) => candidate.kind === kind && candidate.id === id);
    return loadProviderCredentials({
      provider: id,
      patterns: provider.assets.credential_patterns,
      credentialsRoot: settings["storage.credentials_root"],
      environment: env,
      file: table?.old.credentialsPath,
      warn: (message) => warn("credentials", "E_SCHEMA", message),
    });
  });

  const overridden = await Promise.all(tables.map(({ kind, id }) => describe(kind, id)));
  const definitions = overridden.flatMap(({ planning }) => listPlanned(loaded, planning));
  const users = new Map(
    overridden.flatMap((described) =>
      [...listUserModels(described.planning)].map(
        ([name, modelId]) => [name, { described, modelId }] as const,
      ),
    ),
  );
  const withKeys = [
    ...tables.map(({ kind, id }) => [kind, id] as const),
    ...listProviderNames(options.speechProviders).filter(([kind]) => kind === "llm"),
  ];
  const credentials = await Promise.all(withKeys.map(([kind, id]) => credentialsOf(kind, id)));

  isDone = true;
  return {
    tables,
    warnings,
    secrets: [...new Set(credentials.flatMap(({ values }) => values))],
    assetNames: [...new Set([...builtIn.keys(), ...definitions.map(({ name }) => name)])],
    userAssets: new Set(users.keys()),
    catalogue(declared) {
      const own = mergeCatalogues(options.builtIn, definitions);
      return mergeCatalogues(
        own.filter(({ name }) => !users.has(name)),
        declared,
      );
    },
    credentialsOf,
    connect(store) {
      const modelsOf = remember(async (kind, id) => {
        const { planning, provider } = await describe(kind, id);
        return createProviderModels(store, {
          planning,
          oldFolders: listOldFolders(kind, id, oldRoots),
          namesOf: provider.namesOf,
        });
      });
      return {
        modelsOf,
        describe: async (kind, id) => (await describe(kind, id)).provider,
        async suppliesOf(kind, id) {
          const [models, { missing }] = await Promise.all([modelsOf(kind, id), credentialsOf(kind, id)]);
          return { models, missingCredential: missing?.reason };
        },
        async getAssetPath(name, given) {
          const user = users.get(name);
          if (!user) return store.getPath(name, given);
          const { kind, id } = user.described.provider;
          // Of what the user brings there is a path, or a failure.
          return (await (await modelsOf(kind, id)).ensure(user.modelId, given)) ?? "";
        },
      };
    },
  };
}

/** What is wrong is told with file and line. */
function listPlanned({ project }: LoadedSettings, planning: ModelPlanning): AssetDefinition[] {
  try {
    return listDefinitions(planning);
  } catch (error) {
    const field = error instanceof AppError ? error.details?.["field"] : undefined;
    if (!project || !(error instanceof AppError) || typeof field !== "string") throw error;
    throw project.misfit(field.split("."), error.message);
  }
}

function plan(facts: {
  known: KnownProvider;
  table: ProviderTable | undefined;
  builtIn: ReadonlyMap<string, AssetDefinition>;
  modelsRoot: string;
}): Described {
  const { known, table, builtIn, modelsRoot } = facts;
  const override = table?.assets ?? {};
  const apiKeyEnv = table?.old.apiKeyEnv;
  const merged = mergeProviderAssets(describeProviderAssets(known.id, known.ownAssets), override);
  const assets =
    apiKeyEnv === undefined || override.credential_patterns
      ? merged
      : { ...merged, credential_patterns: [apiKeyEnv] };
  const modelInUse = known.selectModel(table?.settings ?? {}) ?? soleKey(assets.model_urls);
  const modelUrl = table?.modelUrl;
  return {
    provider: { ...known, assets, modelInUse },
    planning: {
      provider: { ...known, assets },
      overrides: {
        isMoved: override.directory_name !== undefined || override.file_extension !== undefined,
        downloadRoot: table?.old.downloadRoot,
        modelPaths: table?.old.modelPaths,
        modelUrl: modelUrl === undefined ? undefined : { url: modelUrl, modelId: modelInUse ?? "model" },
      },
      modelsRoot,
      builtIn,
    },
  };
}

const soleKey = (record: Readonly<Record<string, unknown>>): string | undefined => {
  const [first, ...others] = Object.keys(record);
  return others.length === 0 ? first : undefined;
};

const describeGeneric = (kind: string, id: string): KnownProvider => ({
  kind,
  id,
  title: id,
  isKnown: false,
  ownAssets: {},
  selectModel: () => undefined,
});

function describeUnknown(catalogue: ProviderCatalogue, kind: string, id: string): string {
  const names = listProviderNames(catalogue).map((pair) => pair.join("."));
  const nearest = selectNearest(`${kind}.${id}`, names);
  const hint = nearest === undefined ? "" : `; did you mean ${nearest}?`;
  return `there is no provider ${kind}.${id}, so the generic description counts for its files${hint}`;
}

/** One answer for each kind and id. */
function remember<T>(
  ask: (kind: string, id: string) => Promise<T>,
): (kind: string, id: string) => Promise<T> {
  const known = new Map<string, Promise<T>>();
  return (kind, id) => {
    const key = `${kind}.${id}`;
    const answer = known.get(key) ?? ask(kind, id);
    known.set(key, answer);
    return answer;
  };
}
