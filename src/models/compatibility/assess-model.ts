// The verb: this machine, and whether a model of the hub runs on it.
import { type FileFilters, selectFiles } from "../download/select-files.ts";
import type { HubClient, ModelRequest } from "../hub/port.ts";
import { type Fit, judgeFit } from "./judge-fit.ts";
import { type Machine, probeMachine } from "./machine.ts";

export interface Assessment {
  machine: Machine;
  judged: { modelId: string; fit: Fit } | null;
}

export interface AssessmentDependencies {
  hub: Pick<HubClient, "getModel">;
  /** Default: this machine. */
  probe?: ((folder: string) => Promise<Machine>) | undefined;
}

export interface AssessmentRequest extends ModelRequest, FileFilters {
  /** Absolute; whose disk counts. */
  modelsRoot: string;
}

/**
 * Null for the model: the machine alone, which asks nobody. With filters it is about those files alone. Rejects as
 * `HubClient.getModel`, and with E_NOT_FOUND when the filters let nothing through.
 */
export async function assessModel(
  { hub, probe = probeMachine }: AssessmentDependencies,
  modelId: string | null,
  request: AssessmentRequest,
): Promise<Assessment> {
  const machine = await probe(request.modelsRoot);
  if (modelId === null) return { machine, judged: null };
  const model = await hub.getModel(modelId, request);
  const chosen = selectFiles(model.modelId, model.files, request);
  return { machine, judged: { modelId: model.modelId, fit: judgeFit(machine, chosen, model.files) } };
}
