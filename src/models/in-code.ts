// The verbs for programs, `import … from "troupe/models"`: the functions of the same names, and what they stand on.
import { createRegistry } from "../assets/registry/registry.ts";
import type { RegistryRecord, RegistryRecords } from "../assets/registry/record.ts";

export type { RegistryFile, RegistryRecord, RegistryRecords } from "../assets/registry/record.ts";
export { AppError, type ErrorCode } from "../base/errors.ts";
export { assessModel } from "./compatibility/assess-model.ts";
export { judgeModelFit } from "./compatibility/judge-fit.ts";
export { probeMachine } from "./compatibility/machine.ts";
export { describeModel, getModelFiles, type ModelDescription } from "./describe-model.ts";
export {
  type DownloadOutcome,
  type DownloadRequest,
  downloadSnapshot,
} from "./download/download-snapshot.ts";
export { copySharedConfigs } from "./download/mirror-configs.ts";
export { openFileSource } from "./headers/byte-source.ts";
export { readGgufHeader } from "./headers/gguf-header.ts";
export { summarizeGguf } from "./headers/gguf-summary.ts";
export { readSafetensorsHeader } from "./headers/safetensors-header.ts";
export { createHubClient } from "./hub/hub-client.ts";
export type { HubClient, HubFile, HubModel, ModelQuery, ModelSummary } from "./hub/port.ts";
export { isGgufRepo, resolveInstallRoot } from "./install-place.ts";
export { listModelsForOwner } from "./list-models.ts";
export { formatModelId, parseOwnerRepo } from "./model-id.ts";
export { createModelLibrary, type ModelLibrary } from "./model-library.ts";
export { type ModelWorldOptions, openModelWorld } from "./open-model-world.ts";
export type { ModelWorld } from "./world.ts";

/** By the models' ids; empty where nothing is installed. E_SCHEMA once for a damaged file, which is then rebuilt. */
export const loadRegistry = (modelsRoot: string): Promise<RegistryRecords> =>
  createRegistry({}, { modelsRoot }).load();

/** Nobody else writes between the reading and the writing; what `change` throws leaves the file as it was. */
export const updateRegistry = <T>(
  modelsRoot: string,
  change: (records: Map<string, RegistryRecord>) => T | Promise<T>,
): Promise<T> => createRegistry({}, { modelsRoot }).update(change);
