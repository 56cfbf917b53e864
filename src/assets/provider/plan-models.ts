// From what a provider says of its models, and what the project file says instead, to where each lies and who brings it.
// Pure: nothing is looked for, nothing is fetched.
import { join } from "node:path";
import { AppError } from "../../base/errors.ts";
import type { AssetDefinition } from "../asset-schema.ts";
import { selectUnpack } from "./archive-format.ts";
import type { ModelEntry } from "./model-entry.ts";
import { requireSegment } from "./path-segment.ts";
import type { ProviderAssets } from "./provider-assets.ts";

export interface ProviderModelsDescription {
  kind: string;
  id: string;
  assets: ProviderAssets;
  /** Model id → name in the asset catalogue, of what this program brings by itself. */
  catalogued?: Readonly<Record<string, string>> | undefined;
  /** Of models that are no assets of the catalogue: where this program gets them when they are asked for. */
  describeModel?: ((modelId: string) => ModelOrigin | undefined) | undefined;
}

export type ModelOrigin = Pick<AssetDefinition, "sources"> &
  Partial<Pick<AssetDefinition, "description" | "licence">>;

export interface ModelOverrides {
  /** Directory or extension are not the provider's own. */
  isMoved: boolean;
  /** In place of the URL of the model in use. */
  modelUrl?: { url: string; modelId: string } | undefined;
  /** Settings of old. */
  downloadRoot?: string | undefined;
  modelPaths?: Readonly<Record<string, string>> | undefined;
}

export interface PlannedModel {
  id: string;
  /** `<models_root>/<directory_name>/<id><file_extension>`, or where a setting of old says. */
  path: string;
  by: /** The store, under this name. */
    | { kind: "catalogue"; name: string; definition?: AssetDefinition }
    /** The store, when it is asked for. */
    | { kind: "request"; definition: AssetDefinition }
    /** The user: it has to be there. */
    | { kind: "user" }
    /** The provider's own library. */
    | { kind: "library" };
}

export interface ModelPlanning {
  provider: ProviderModelsDescription;
  overrides: ModelOverrides;
  modelsRoot: string;
  /** Of the catalogue, by name. */
  builtIn: ReadonlyMap<string, AssetDefinition>;
}

/** Absolute. E_ARGS for an id that would lead elsewhere. */
export function modelFolder({ provider, overrides, modelsRoot }: ModelPlanning): string {
  return (
    overrides.downloadRoot ??
    join(modelsRoot, requireSegment(provider.assets.directory_name, "directory_name"))
  );
}

export function modelPath(planning: ModelPlanning, modelId: string): string {
  const { overrides, provider } = planning;
  const old = Object.hasOwn(overrides.modelPaths ?? {}, modelId)
    ? overrides.modelPaths?.[modelId]
    : undefined;
  const name = `${requireSegment(modelId, "model id")}${provider.assets.file_extension}`;
  return old ?? join(modelFolder(planning), name);
}

/** E_SCHEMA for a `model_url` that no single file can come from. */
export function planModel(planning: ModelPlanning, modelId: string): PlannedModel {
  const { provider, overrides } = planning;
  const path = modelPath(planning, modelId);
  const plan = (by: PlannedModel["by"]): PlannedModel => ({ id: modelId, path, by });
  if (Object.hasOwn(overrides.modelPaths ?? {}, modelId)) return plan({ kind: "user" });
  const entry = entryOf(provider.assets, modelId);
  const url = overrides.modelUrl?.modelId === modelId ? overrides.modelUrl.url : undefined;
  const asset = catalogued(planning, modelId);
  if (url !== undefined) return plan(replaceUrl(planning, { modelId, path, url, entry, asset }));
  if (entry === "local") return plan({ kind: "user" });
  if (entry !== "auto" && entry !== undefined) {
    return plan({ kind: "catalogue", ...define(planning, modelId, path, entry) });
  }
  if (asset) return plan({ kind: "catalogue", ...placeBuiltIn(planning, path, asset) });
  const origin = entry === "auto" ? provider.describeModel?.(modelId) : undefined;
  if (!origin) return plan({ kind: "library" });
  const definition: AssetDefinition = {
    ...common(planning, modelId, path, false),
    ...origin,
  };
  return plan({ kind: "request", definition });
}

/** Every model that anybody has named. */
export function listModelIds({ provider, overrides }: ModelPlanning): string[] {
  return [
    ...new Set([
      ...Object.keys(provider.assets.model_urls),
      ...Object.keys(overrides.modelPaths ?? {}),
      ...(overrides.modelUrl ? [overrides.modelUrl.modelId] : []),
    ]),
  ];
}

const entryOf = ({ model_urls: urls }: ProviderAssets, modelId: string): ModelEntry | undefined =>
  Object.hasOwn(urls, modelId) ? urls[modelId] : undefined;

function catalogued({ provider, builtIn }: ModelPlanning, modelId: string): AssetDefinition | undefined {
  const names = provider.catalogued ?? {};
  return Object.hasOwn(names, modelId) ? builtIn.get(names[modelId] ?? "") : undefined;
}

/** The name under which the provider asks for it, where it does; else one that no other provider's model has. */
function assetName({ provider }: ModelPlanning, modelId: string): string {
  const names = provider.catalogued ?? {};
  const known = Object.hasOwn(names, modelId) ? names[modelId] : undefined;
  const encode = (text: string): string =>
    text.replace(/[^A-Za-z0-9.-]/g, (sign) =>
      sign === "_" ? sign : `_${sign.codePointAt(0)?.toString(16)}_`,
    );
  return known ?? [provider.kind, provider.id, modelId].map(encode).join("-");
}

function common(
  planning: ModelPlanning,
  modelId: string,
  path: string,
  isFile: boolean,
): Pick<AssetDefinition, "name" | "place" | "retries" | "retryDelaySeconds"> {
  const place = { path, isFile, kind: "provider", library: planning.provider.id } as const;
  return { name: assetName(planning, modelId), place, retries: 4, retryDelaySeconds: 1 };
}

function define(
  planning: ModelPlanning,
  modelId: string,
  path: string,
  entry: Exclude<ModelEntry, "auto" | "local">,
): { name: string; definition: AssetDefinition } {
  const described = entry.description === undefined ? {} : { description: entry.description };
  if ("files" in entry) {
    const base = common(planning, modelId, path, false);
    return {
      name: base.name,
      definition: { ...base, ...described, sources: [{ type: "http", files: entry.files }] },
    };
  }
  const { url, size, checksum, extract, format } = entry;
  const { file_extension: extension } = planning.provider.assets;
  const unpack = selectUnpack({ url, fileName: `${modelId}${extension}`, extract, format });
  // What this program knows as several files stays a folder; without extension it is one anyway.
  const isFolder = (catalogued(planning, modelId)?.files?.length ?? 1) > 1 || extension === "";
  const base = common(planning, modelId, path, !isFolder);
  return {
    name: base.name,
    definition: {
      ...base,
      ...described,
      ...(size !== undefined && { sizeBytes: size }),
      ...(checksum !== undefined && { checksum }),
      ...(unpack !== undefined && { unpack: { format: unpack } }),
      sources: [{ type: "http", url }],
    },
  };
}

/** Its manifest stays, and lies where the overrides say. */
function placeBuiltIn(
  { provider, overrides }: ModelPlanning,
  path: string,
  asset: AssetDefinition,
): { name: string; definition?: AssetDefinition } {
  if (!overrides.isMoved && overrides.downloadRoot === undefined) return { name: asset.name };
  const isFile = asset.files?.length === 1;
  const place = { path, isFile, kind: "provider", library: provider.id } as const;
  return { name: asset.name, definition: { ...asset, place } };
}

/** Another URL for the same bytes: size, checksum, format and manifest are kept. */
function replaceUrl(
  planning: ModelPlanning,
  model: {
    modelId: string;
    path: string;
    url: string;
    entry: ModelEntry | undefined;
    asset: AssetDefinition | undefined;
  },
): PlannedModel["by"] {
  const { modelId, path, url, entry, asset } = model;
  const hasOwnEntry = entry !== undefined && entry !== "auto" && entry !== "local";
  const isPack = hasOwnEntry && "files" in entry;
  if (isPack || (!hasOwnEntry && (asset?.files?.length ?? 1) > 1)) {
    const { kind, id } = planning.provider;
    const field = `providers.${kind}.${id}.model_url`;
    throw new AppError(
      "E_SCHEMA",
      `${field}: the model ${modelId} is several files; name each under assets.model_urls.${modelId}.files`,
      { field, model: modelId },
    );
  }
  if (!hasOwnEntry && asset) {
    const { name, definition = asset } = placeBuiltIn(planning, path, asset);
    return { kind: "catalogue", name, definition: { ...definition, sources: [{ type: "http", url }] } };
  }
  const known = hasOwnEntry && !isPack ? entry : {};
  return { kind: "catalogue", ...define(planning, modelId, path, { ...known, url }) };
}
