// A pinned model is never taken away, neither by gc nor by remove.
import { isInstalled, type RegistryRecord } from "../../assets/registry/record.ts";
import { AppError } from "../../base/errors.ts";
import type { ModelWorld } from "../world.ts";

export interface PinOutcome {
  modelId: string;
  pinned: boolean;
  action: "pinned" | "unpinned" | "unchanged";
}

/** E_NOT_FOUND for what is not installed. */
export function pinModel(
  { registry }: Pick<ModelWorld, "registry">,
  modelId: string,
  pinned: boolean,
): Promise<PinOutcome> {
  return registry.update((records) => {
    const record = requireInstalled(records.get(modelId), modelId);
    if ((record.pinned ?? false) === pinned) return { modelId, pinned, action: "unchanged" };
    const { pinned: _, ...rest } = record;
    records.set(modelId, pinned ? { ...rest, pinned } : rest);
    return { modelId, pinned, action: pinned ? "pinned" : "unpinned" };
  });
}

export function requireInstalled(record: RegistryRecord | undefined, modelId: string): RegistryRecord {
  if (record && isInstalled(record)) return record;
  throw new AppError("E_NOT_FOUND", `${modelId} is not installed; \`troupe models scan\` lists what is`, {
    model_id: modelId,
  });
}
