// `remove`: one model, by name.
import { AppError } from "../../base/errors.ts";
import type { ModelWorld } from "../world.ts";
import { requireInstalled } from "./pin-model.ts";
import { takeAway, type TakenAway } from "./take-away.ts";

/** E_NOT_FOUND; E_ARGS for a pinned one; nothing is touched. */
export async function requireRemovable(
  { registry }: Pick<ModelWorld, "registry">,
  modelId: string,
): Promise<void> {
  const record = requireInstalled((await registry.load()).get(modelId), modelId);
  if (record.pinned === true) throw pinnedError(modelId);
}

/** E_NOT_FOUND, E_ARGS (pinned), E_BUSY (in use, or being brought). */
export async function removeModel(world: ModelWorld, modelId: string): Promise<TakenAway> {
  await requireRemovable(world, modelId);
  const taken = await takeAway(world, modelId, (record) => record.pinned !== true);
  if (!taken) throw pinnedError(modelId);
  return taken;
}

const pinnedError = (modelId: string): AppError =>
  new AppError("E_ARGS", `${modelId} is pinned; run \`troupe models pin --model ${modelId} --unpin\` first`, {
    model_id: modelId,
    pinned: true,
  });
