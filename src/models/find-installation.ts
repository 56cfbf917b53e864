// Is a model of the hub here already? The registry says it, and the disk has to agree.
import { locate } from "../assets/registry/locate.ts";
import type { Registry } from "../assets/registry/registry.ts";
import type { FindInstallation } from "./describe-model.ts";

/** E_SCHEMA as `Registry.load`. */
export function createFindInstallation(registry: Registry): FindInstallation {
  return async (modelId) => {
    const record = (await registry.load()).get(modelId);
    const located = record && (await locate(record, registry.modelsRoot));
    if (!located) return null;
    return {
      path: located.path,
      revision: record.revision ?? null,
      commit: record.commit ?? null,
      sizeBytes: record.total_size ?? null,
    };
  };
}
