// The verb: this machine, and whether a model of the hub runs on it.
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

/** Null for the model: the machine alone, which asks nobody. `modelsRoot` is whose disk counts. */
export async function assessModel(
  { hub, probe = probeMachine }: AssessmentDependencies,
  modelId: string | null,
  { modelsRoot, ...request }: ModelRequest & { modelsRoot: string },
): Promise<Assessment> {
  const machine = await probe(modelsRoot);
  if (modelId === null) return { machine, judged: null };
  const model = await hub.getModel(modelId, request);
  return { machine, judged: { modelId: model.modelId, fit: judgeFit(machine, model.files) } };
}
