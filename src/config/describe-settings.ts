// Settings for those who show them: with where each came from, and without what is nobody's business.
import type { LoadedSettings } from "./load-settings.ts";
import { type SettingDefinition, type SettingKey, settingDefinitions } from "./settings-schema.ts";

export interface DescribedSetting {
  key: string;
  /** As JSON shows it; secrets as "set" or "not set". */
  value: unknown;
  source: string;
  description: string;
}

const definitionOf = (key: string): SettingDefinition => settingDefinitions[key as SettingKey];

export function describeSettings({ settings, sources }: LoadedSettings): DescribedSetting[] {
  return Object.entries(settings).map(([key, value]) => {
    const definition = definitionOf(key);
    const isSet = Array.isArray(value) ? value.length > 0 : value !== undefined;
    return {
      key,
      value: definition.isSecret === true ? (isSet ? "set" : "not set") : value,
      source: sources[key as SettingKey],
      description: definition.description,
    };
  });
}

/** Values of the settings that are secret. */
export function listSecretSettings({ settings }: LoadedSettings): string[] {
  return Object.entries(settings)
    .filter(([key]) => definitionOf(key).isSecret === true)
    .flatMap(([, value]) => (Array.isArray(value) ? value : [value]))
    .filter((value): value is string => typeof value === "string" && value !== "");
}

/** What to look at when the setting's value is refused. */
export const variableOf = ({ sources }: LoadedSettings, key: SettingKey): string =>
  sources[key].replace(/^environment /, "");
