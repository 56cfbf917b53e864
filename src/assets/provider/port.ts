// Every provider there is, as the command line and the web show it.
import type { EnsureOptions } from "../port.ts";
import type { ProviderAssets } from "./provider-assets.ts";
import type { ModelStatus } from "./provider-models.ts";

export const providerStates = [
  "ready",
  "loading",
  "not-installed",
  "missing-credentials",
  "incompatible",
  "disabled",
] as const;

export interface ProviderOverview {
  kind: string;
  name: string;
  title: string;
  state: (typeof providerStates)[number];
  /** Why it cannot run, or what it waits for. */
  reason?: string;
  /** In force: what the project file overrides is overridden. Addresses without their queries. */
  assets: ProviderAssets;
  credentials: readonly { variable: string; isSet: boolean }[];
  models: readonly ModelStatus[];
  /** Which of them its settings ask for. */
  modelInUse?: string | undefined;
}

export interface Providers {
  list(): Promise<ProviderOverview[]>;
  /**
   * `<models_root>/<directory_name>/<model_id><file_extension>`, as overridden. `provider` is its name, with its kind and a
   * dot before it where several have that name. A provider that nobody knows has the generic description, and a warning.
   * E_ARGS for names that would lead elsewhere.
   */
  modelPath(provider: string, modelId: string): Promise<string>;
  /**
   * Brings a model as the project file or the provider says; without an id the one that is in use. Null: the provider's own
   * library brings it. E_NOT_FOUND for "local" and not there; what downloads reject with.
   */
  ensureModel(provider: string, modelId?: string, options?: EnsureOptions): Promise<string | null>;
}
