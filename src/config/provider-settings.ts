// `[providers.<kind>.<id>]` of the project file: tables that each provider parses for itself, and what every provider has
// in common in them: its assets, and the settings of old that say the same in other words.
import { z } from "zod";
import { providerPathSegment } from "../assets/provider/path-segment.ts";
import {
  type ProviderAssetsOverride,
  providerAssetsOverrideSchema,
} from "../assets/provider/provider-assets.ts";
import { webUrl } from "../assets/asset-schema.ts";
import { type OldSettings, readOldSettings } from "./old-provider-settings.ts";
import { formatField, type ProjectFile } from "./project-file.ts";

export interface ProviderTable {
  kind: string;
  id: string;
  /** What is the provider's own to parse. */
  settings: Readonly<Record<string, unknown>>;
  isEnabled: boolean;
  assets: ProviderAssetsOverride;
  /** In place of the one URL of the model in use. */
  modelUrl?: string;
  old: OldSettings;
}

export interface ConfigWarning {
  /** `providers.asr.whisper.download_root` */
  field: string;
  message: string;
}

export interface ProviderTables {
  tables: readonly ProviderTable[];
  /** One for each setting of old that is still used. */
  warnings: readonly ConfigWarning[];
}

/** kind → id → settings. */
export type ProviderSettings = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

const providersSchema = z.record(
  z.string(),
  z.record(providerPathSegment, z.record(z.string(), z.unknown())),
);

/** E_SCHEMA with file, line and field for what does not fit. `env` is for paths that name variables. */
export function readProviderTables(
  project: ProjectFile | undefined,
  env: Readonly<Record<string, string | undefined>>,
): ProviderTables {
  const given = project?.content["providers"] ?? undefined;
  if (project === undefined || given === undefined || project.isForeign) return { tables: [], warnings: [] };
  const warnings: ConfigWarning[] = [];
  const tables = Object.entries(parse(project, ["providers"], providersSchema, given)).flatMap(
    ([kind, byId]) =>
      Object.entries(byId).map(([id, table]): ProviderTable => {
        const at = ["providers", kind, id];
        const { assets, model_url: modelUrl, enabled, ...rest } = table;
        const { old, settings, found } = readOldSettings(project, { at, env, table: rest });
        warnings.push(...found);
        return {
          kind,
          id,
          settings: { ...settings, ...(enabled === undefined ? {} : { enabled }) },
          isEnabled: enabled !== false,
          assets: parse(project, [...at, "assets"], providerAssetsOverrideSchema, assets ?? {}),
          ...(modelUrl === undefined
            ? {}
            : { modelUrl: parse(project, [...at, "model_url"], webUrl, modelUrl) }),
          old,
        };
      }),
  );
  return { tables, warnings };
}

export function listProviderSettings(tables: readonly ProviderTable[]): ProviderSettings {
  const byKind: Record<string, Record<string, unknown>> = {};
  for (const { kind, id, settings } of tables) (byKind[kind] ??= {})[id] = settings;
  return byKind;
}

export function parse<S extends z.ZodType>(
  project: ProjectFile,
  at: readonly PropertyKey[],
  schema: S,
  value: unknown,
): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const [unknownKey] = issue?.code === "unrecognized_keys" ? issue.keys : [];
  const path = [...at, ...(issue?.path ?? []), ...(unknownKey === undefined ? [] : [unknownKey])];
  const message = unknownKey === undefined ? messageOfIssue(issue) : "there is no such field";
  throw project.misfit(path, `${formatField(path)}: ${message}`);
}

/** Of a key that is wrong, what is wrong with it. */
function messageOfIssue(issue: z.core.$ZodIssue | undefined): string {
  if (issue?.code === "invalid_key" || issue?.code === "invalid_element") {
    return issue.issues[0]?.message ?? issue.message;
  }
  return issue?.message ?? "does not fit";
}
