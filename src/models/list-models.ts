// The list of an owner's models, or of those that a search finds.
import { AppError } from "../base/errors.ts";
import type { HubClient, ModelQuery, ModelSummary } from "./hub/port.ts";

/** E_ARGS without an owner and a search, E_NOT_FOUND when nothing fits; else as the hub client. */
export async function listModelsForOwner(
  hub: Pick<HubClient, "listModels">,
  query: ModelQuery,
  signal?: AbortSignal,
): Promise<readonly ModelSummary[]> {
  const owner = query.owner?.trim() || undefined;
  const search = query.search?.trim() || undefined;
  if (owner === undefined && search === undefined) {
    throw new AppError("E_ARGS", "name an owner with --owner, or say what to look for with --search");
  }
  if (owner !== undefined && !/^[\w.-]+$/.test(owner)) {
    throw new AppError("E_ARGS", `"${owner}" is no owner's name`, { owner });
  }
  const models = await hub.listModels({ ...query, owner, search }, signal);
  if (models.length > 0) return models;
  const what = [owner === undefined ? "" : ` of ${owner}`, search === undefined ? "" : ` for "${search}"`];
  throw new AppError("E_NOT_FOUND", `the hub has no models${what.join("")}; check the spelling`, {
    ...(owner !== undefined && { owner }),
    ...(search !== undefined && { search }),
  });
}
