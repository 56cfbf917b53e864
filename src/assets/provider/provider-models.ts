// The models of one provider on this machine: where each lies, whether it is there, and how it is brought.
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "../../base/errors.ts";
import type { AssetDefinition } from "../asset-schema.ts";
import type { AssetStore, EnsureOptions, UnlistedAssets } from "../port.ts";
import {
  listModelIds,
  modelFolder,
  modelPath,
  type ModelPlanning,
  planModel,
  type PlannedModel,
} from "./plan-models.ts";

export interface ModelStatus {
  id: string;
  /** Where it is, or would be. */
  path: string;
  isInstalled: boolean;
  /** It is in the asset store's catalogue too. */
  isAsset: boolean;
}

export interface ProviderModels {
  /** Where its models lie, the usual folder first: old places and old settings count. Absolute. */
  readonly folders: readonly string[];
  /** `<models_root>/<directory_name>/<id><file_extension>`. E_ARGS for an id that would lead elsewhere. */
  path(modelId: string): string;
  /** A file or folder that is there, wherever it may lie; null for none. `names`: what it may be called beside its id. */
  find(modelId: string, names?: readonly string[]): Promise<string | null>;
  /**
   * Who brings it: the store, as the catalogue or the project file says (`catalogue`) or as the provider does (`request`);
   * the user; or the provider's own library.
   */
  origin(modelId: string): PlannedModel["by"]["kind"];
  /**
   * Its path, brought here first when it is missing. Null: the provider's own library brings it. E_NOT_FOUND for one that
   * the user promised ("local") and that is not there; what the download of an asset rejects with.
   */
  ensure(modelId: string, options?: EnsureOptions): Promise<string | null>;
  /** Every model that the provider or the project file names. */
  list(): Promise<ModelStatus[]>;
}

export interface ProviderModelsOptions {
  planning: ModelPlanning;
  /** Where its models once lay. */
  oldFolders: readonly string[];
  /** Other names of a model on disk. */
  namesOf?: ((modelId: string) => readonly string[]) | undefined;
}

export function createProviderModels(
  store: Pick<AssetStore, "getPath" | "status"> & UnlistedAssets,
  { planning, oldFolders, namesOf = () => [] }: ProviderModelsOptions,
): ProviderModels {
  const { provider, modelsRoot } = planning;
  const usual = join(modelsRoot, provider.assets.directory_name);
  const folders = [...new Set([modelFolder(planning), usual, ...oldFolders])];

  const find: ProviderModels["find"] = async (modelId, names = namesOf(modelId)) => {
    const extension = provider.assets.file_extension;
    const places = folders.flatMap((folder) =>
      [`${modelId}${extension}`, modelId, ...names].map((name) => join(folder, name)),
    );
    for (const place of new Set([modelPath(planning, modelId), ...places]))
      if (await hasContent(place)) return place;
    return null;
  };

  const statusOf = async ({ id, path, by }: PlannedModel): Promise<ModelStatus> => {
    if (by.kind === "catalogue") {
      const status = await store.status(by.name);
      return { id, path: status.path, isInstalled: status.status === "cached", isAsset: true };
    }
    const found = await find(id);
    return { id, path: found ?? path, isInstalled: found !== null, isAsset: false };
  };

  return {
    folders,
    path: (modelId) => modelPath(planning, modelId),
    find,
    origin: (modelId) => planModel(planning, modelId).by.kind,
    async ensure(modelId, options) {
      const { path, by } = planModel(planning, modelId);
      switch (by.kind) {
        case "catalogue":
          return store.getPath(by.name, options);
        case "request": {
          const found = await find(modelId);
          // What the user has put elsewhere is not fetched again; what lies in its place is the store's to judge.
          if (found !== null && found !== path && options?.forceDownload !== true) return found;
          return store.open(by.definition).getPath(options);
        }
        case "library":
          return find(modelId);
        case "user":
          return (await find(modelId)) ?? Promise.reject(notThere(planning, modelId, path));
      }
    },
    list: () => Promise.all(listModelIds(planning).map((id) => statusOf(planModel(planning, id)))),
  };
}

/** What the store is to have in its catalogue: in place of what has the same name there, and beside it. */
export function listDefinitions(planning: ModelPlanning): AssetDefinition[] {
  return listPlans(planning).flatMap(({ by }) =>
    by.kind === "catalogue" && by.definition ? [by.definition] : [],
  );
}

/** Names in the catalogue → models that the user brings instead. */
export function listUserModels(planning: ModelPlanning): ReadonlyMap<string, string> {
  const names = planning.provider.catalogued ?? {};
  return new Map(
    listPlans(planning).flatMap(({ id, by }) => {
      const name = Object.hasOwn(names, id) ? names[id] : undefined;
      return by.kind === "user" && name !== undefined ? [[name, id] as const] : [];
    }),
  );
}

const listPlans = (planning: ModelPlanning): PlannedModel[] =>
  listModelIds(planning).map((id) => planModel(planning, id));

function notThere({ provider: { kind, id } }: ModelPlanning, modelId: string, path: string): AppError {
  return new AppError(
    "E_NOT_FOUND",
    `the model ${modelId} of ${kind}.${id} is not at ${path}; put it there, or say in providers.${kind}.${id}.assets.model_urls where it comes from`,
    { provider: id, model: modelId, path },
  );
}

/** An empty file or folder is never a model. */
async function hasContent(path: string): Promise<boolean> {
  const seen = await stat(path).catch(() => null);
  if (seen?.isDirectory()) return (await readdir(path).catch(() => [])).length > 0;
  return (seen?.size ?? 0) > 0;
}
