// The phases that belong to whoever knows more of an asset than its bytes. They have their place in the list, so that
// refusals come in one order (licence, compatibility, quota, disk) and nothing is locked or fetched before the first two.
import { throwIfAborted } from "../../base/deadline.ts";
import type { AssetJob } from "../asset-job.ts";

/** E_LICENSE, by whoever was handed in. */
export async function askLicence({ asset, hooks, signal }: AssetJob): Promise<void> {
  await hooks.requireLicence?.(asset, signal);
  throwIfAborted(signal);
}

/** E_COMPAT, likewise. */
export async function askCompatible({ asset, hooks, signal }: AssetJob): Promise<void> {
  await hooks.requireCompatible?.(asset, signal);
  throwIfAborted(signal);
}

/** After the asset has its name and its record, still under its lock: what rejects fails the run, and the asset stays. */
export async function mirrorConfig({ asset, hooks, result, signal }: AssetJob): Promise<void> {
  if (result) await hooks.mirrorConfig?.(asset, result, signal);
}
