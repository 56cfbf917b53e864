// All that is to be known of a model before it is downloaded: `info`, the page's view, and what `browse` shows.
import type { HubClient, HubFile, HubModel, ModelRequest } from "./hub/port.ts";
import { listVariants, type ModelVariant } from "./variants.ts";
import { explainHeaderFailure, readWeightsHeader, type WeightsHeader } from "./weights-header.ts";

/** What the registry says of a model that is here. */
export interface Installation {
  path: string;
  revision: string | null;
  commit: string | null;
  sizeBytes: number | null;
}

export type FindInstallation = (modelId: string) => Promise<Installation | null>;

export interface ModelDescription {
  model: HubModel;
  /** Smallest first. */
  variants: readonly ModelVariant[];
  header: WeightsHeader | null;
  installation: Installation | null;
  /** What could not be found out, and why. */
  warnings: readonly string[];
}

/** Rejects as `HubClient.getModel`. A few requests, and a few MiB at most. */
export async function describeModel(
  dependencies: { hub: HubClient; findInstallation: FindInstallation },
  modelId: string,
  request: ModelRequest = {},
): Promise<ModelDescription> {
  const { hub, findInstallation } = dependencies;
  const model = await hub.getModel(modelId, request);
  const variants = listVariants(model.files);
  const warnings: string[] = [];
  const header = await readWeightsHeader(hub, model, variants, request.signal).catch((error: unknown) => {
    warnings.push(explainHeaderFailure(error));
    return null;
  });
  return { model, variants, header, installation: await findInstallation(model.modelId), warnings };
}

/** The files alone, with their sizes and digests. */
export async function getModelFiles(
  hub: Pick<HubClient, "getModel">,
  modelId: string,
  request: ModelRequest = {},
): Promise<readonly HubFile[]> {
  return (await hub.getModel(modelId, request)).files;
}
