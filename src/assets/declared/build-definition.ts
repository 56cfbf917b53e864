// From the project file's words to the store's: one declared asset, judged as a whole.
import type { AssetDefinition } from "../asset-schema.ts";
import type { DeclaredAsset, DeclaredAuthentication, DeclaredSource } from "./declared-schema.ts";

/** What is wrong and in which field of the asset. */
export class DeclarationError extends Error {
  readonly path: readonly PropertyKey[];

  constructor(message: string, path: readonly PropertyKey[]) {
    super(message);
    this.path = path;
  }
}

interface PlacedSource {
  source: DeclaredSource;
  path: readonly PropertyKey[];
}

/** Throws DeclarationError for what no single field can be blamed for. */
export function buildDefinition(asset: DeclaredAsset): AssetDefinition {
  if (asset.unpack && asset.unpack_format === undefined) {
    throw new DeclarationError("unpack needs an unpack_format", ["unpack"]);
  }
  const sources = listSources(asset);
  requireFittingAuthentication(asset, sources);
  return {
    name: asset.name,
    version: asset.version,
    assetType: asset.asset_type,
    ...(asset.description === undefined ? {} : { description: asset.description }),
    ...(asset.checksum === undefined
      ? {}
      : { checksum: asset.checksum.slice("sha256:".length).toLowerCase() }),
    ...(asset.unpack && asset.unpack_format !== undefined
      ? { unpack: { format: asset.unpack_format, isDestinationFile: asset.unpack_destination_is_file } }
      : {}),
    sources: sources.map((placed) => buildSource(placed, asset.authentication)),
    retries: asset.retries,
    retryDelaySeconds: asset.retry_delay_seconds,
    hasProgressReport: asset.progress_report,
    progressIntervalMb: asset.progress_report_interval_mb,
  };
}

function listSources(asset: DeclaredAsset): PlacedSource[] {
  if (asset.source !== undefined && asset.sources !== undefined) {
    throw new DeclarationError("either source or sources, not both", ["sources"]);
  }
  if (asset.source !== undefined) return [{ source: asset.source, path: ["source"] }];
  if (asset.sources === undefined) throw new DeclarationError("needs a source", []);
  return asset.sources.map((source, index) => ({ source, path: ["sources", index] }));
}

/** The asset's own block has to fit some source of it; a source's block has to fit that source. */
function requireFittingAuthentication(asset: DeclaredAsset, sources: readonly PlacedSource[]): void {
  for (const { source, path } of sources) {
    if (source.authentication) requireFit(source.authentication, [source], [...path, "authentication"]);
  }
  if (!asset.authentication) return;
  const kinds = sources.map(({ source }) => source);
  requireFit(asset.authentication, kinds, ["authentication"]);
}

function requireFit(
  authentication: DeclaredAuthentication,
  sources: readonly DeclaredSource[],
  path: readonly PropertyKey[],
): void {
  const types = new Set(sources.map((source) => source.type));
  if (!types.has("http") && !types.has("hf")) {
    throw new DeclarationError(`a ${[...types].join(" or ")} source takes no authentication`, path);
  }
  for (const kind of ["hf", "http"] as const) {
    if (authentication[kind] && !types.has(kind)) {
      throw new DeclarationError(`there is no ${kind} source that this block is for`, [...path, kind]);
    }
  }
  if (!authentication.hf && !authentication.http) {
    throw new DeclarationError("names no token: add an hf or an http block", path);
  }
}

function buildSource(
  { source, path }: PlacedSource,
  shared: DeclaredAuthentication | undefined,
): AssetDefinition["sources"][number] {
  const own = source.authentication;
  switch (source.type) {
    case "http": {
      const block = selectBlock(own?.http, shared?.http, path);
      const authentication = block && {
        tokenVariable: block.token_env_var,
        scheme: block.scheme,
        headerName: block.header_name,
      };
      return { type: "http", url: source.url, ...(authentication ? { authentication } : {}) };
    }
    case "hf": {
      const block = selectBlock(own?.hf, shared?.hf, path);
      return {
        type: "hf",
        repoId: source.repo_id,
        revision: source.revision,
        ...(source.filename === undefined ? {} : { path: source.filename }),
        ...(source.allow_patterns ? { allowPatterns: source.allow_patterns } : {}),
        ...(source.ignore_patterns ? { ignorePatterns: source.ignore_patterns } : {}),
        ...(block ? { authentication: { tokenVariable: block.token_env_var } } : {}),
      };
    }
    case "local":
      return { type: "local", path: source.path };
    case "npm":
      return {
        type: "npm",
        package: source.package,
        version: source.version,
        ...(source.path === undefined ? {} : { path: source.path }),
      };
  }
}

function selectBlock<T>(
  own: T | undefined,
  shared: T | undefined,
  path: readonly PropertyKey[],
): T | undefined {
  if (own && shared && !Bun.deepEquals(own, shared)) {
    throw new DeclarationError("differs from the asset's own authentication; keep one of the two", [
      ...path,
      "authentication",
    ]);
  }
  return own ?? shared;
}
