// What a model's licence asks, and who has agreed to it on this machine.
import type { LicenseAcceptance, RegistryRecord } from "../../assets/registry/record.ts";
import { AppError } from "../../base/errors.ts";
import type { HubModel } from "../hub/port.ts";
import { formatModelId, parseOwnerRepo } from "../model-id.ts";
import type { ModelWorld } from "../world.ts";
import { requiresAcceptance } from "./license-terms.ts";

export interface LicenseState {
  modelId: string;
  /** Null: the model names none. */
  licenseType: string | null;
  requiresAcceptance: boolean;
  accepted: boolean;
  acceptance: LicenseAcceptance | null;
}

export interface LicenseRequest {
  modelId: string;
  revision?: string | undefined;
  signal?: AbortSignal | undefined;
}

/** Asks the hub; of an accepted one that cannot be asked, what was accepted. E_NET, E_NOT_FOUND, E_LICENSE, E_ARGS. */
export async function showLicense(
  world: Pick<ModelWorld, "hub" | "registry">,
  { modelId, revision, signal }: LicenseRequest,
): Promise<LicenseState> {
  const id = formatModelId(parseOwnerRepo(modelId));
  const acceptance = (await world.registry.load()).get(id)?.license_accepted ?? null;
  try {
    const model = await world.hub.getModel(id, { revision, signal });
    return stateOf(model, acceptance);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== "E_NET" || !acceptance) throw error;
    const licenseType = acceptance.license_type;
    return { modelId: id, licenseType, requiresAcceptance: true, accepted: true, acceptance };
  }
}

export interface AcceptRequest {
  modelId: string;
  userId: string;
  licenseType: string;
}

/** Before or after the install; a second time replaces the first. E_ARGS for an empty user or type. */
export async function acceptLicense(
  { registry, clock }: Pick<ModelWorld, "registry" | "clock">,
  { modelId, userId, licenseType }: AcceptRequest,
): Promise<RegistryRecord> {
  const id = formatModelId(parseOwnerRepo(modelId));
  if (userId.trim() === "" || licenseType.trim() === "") {
    throw new AppError("E_ARGS", "who accepts which licence? Give --user-id and --license-type", {
      model_id: id,
    });
  }
  return registry.update((records) => {
    const record: RegistryRecord = {
      ...records.get(id),
      model_id: id,
      license_accepted: {
        user_id: userId.trim(),
        timestamp: clock.wallTime().toISOString(),
        license_type: licenseType.trim(),
      },
    };
    records.set(id, record);
    return record;
  });
}

/** E_LICENSE for a model whose licence has to be accepted, and is not. */
export function requireAccepted(model: HubModel, record: RegistryRecord | undefined): void {
  const {
    accepted,
    requiresAcceptance: isRequired,
    licenseType,
  } = stateOf(model, record?.license_accepted ?? null);
  if (!isRequired || accepted) return;
  throw new AppError(
    "E_LICENSE",
    `${model.modelId} is under the licence ${licenseType}, which has to be accepted first: read it, then run \`troupe models license --model ${model.modelId} --accept --user-id YOU --license-type ${licenseType}\``,
    {
      model_id: model.modelId,
      license_type: licenseType,
      requires_acceptance: true,
      ...(model.licenseLink === null ? {} : { license_link: model.licenseLink }),
    },
  );
}

function stateOf(model: HubModel, acceptance: LicenseAcceptance | null): LicenseState {
  return {
    modelId: model.modelId,
    licenseType: model.license,
    requiresAcceptance: requiresAcceptance(model.license),
    accepted: acceptance !== null,
    acceptance,
  };
}
