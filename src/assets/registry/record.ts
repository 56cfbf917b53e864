// One record of the model registry, in the field names of the file itself: what is not known here is kept as it is.
import { z } from "zod";
import { isSafeRelativePath } from "../asset-schema.ts";

const optionalText = z.string().nullish();

const fileSchema = z.looseObject({
  /** Relative to `install_path`; of an install that is one file, its name. */
  path: z.string().min(1),
  size: z.int().nonnegative().nullish(),
  sha256: optionalText,
});

export const licenseAcceptanceSchema = z.looseObject({
  user_id: z.string(),
  /** UTC ISO 8601 */
  timestamp: z.string(),
  license_type: z.string(),
});

/** Only `install_path` and `files[].path` are needed of an older registry; without an install, neither. */
export const registryRecordSchema = z.looseObject({
  model_id: optionalText,
  /** "hub", "provider" or "declared"; whatever else an older one wrote counts as "hub". */
  kind: optionalText,
  library: optionalText,
  revision: optionalText,
  commit: optionalText,
  /** UTC ISO 8601 */
  installed_at: optionalText,
  /** Absolute: the folder of the files, or the one file. */
  install_path: optionalText,
  /** The same under the models root; counts when the absolute one is gone, so that a copied root works. */
  relative_path: optionalText,
  files: z.array(fileSchema).nullish(),
  total_size: z.number().nonnegative().nullish(),
  pinned: z.boolean().nullish(),
  license_accepted: licenseAcceptanceSchema.nullish(),
  last_accessed: optionalText,
});

export const registrySchema = z.record(z.string().min(1), registryRecordSchema);

export type RegistryRecord = z.infer<typeof registryRecordSchema>;
export type RegistryFile = NonNullable<RegistryRecord["files"]>[number];
export type LicenseAcceptance = z.infer<typeof licenseAcceptanceSchema>;
export type RegistryRecords = ReadonlyMap<string, RegistryRecord>;

/** What an install writes into a record; everything else of it stays. */
export interface Installation {
  kind: "hub" | "provider" | "declared";
  library: string;
  revision: string | null;
  commit: string | null;
  installed_at: string;
  install_path: string;
  relative_path?: string | undefined;
  files: { path: string; size: number; sha256: string }[];
}

export function isInstalled(record: RegistryRecord): boolean {
  return typeof record.install_path === "string" || typeof record.relative_path === "string";
}

/** The record after an install: its own fields replaced, pins, licences and what is not known here kept. */
export function withInstallation(
  id: string,
  earlier: RegistryRecord | undefined,
  installation: Installation,
): RegistryRecord {
  const { relative_path: relativePath, ...rest } = installation;
  const record: RegistryRecord = {
    ...withoutInstallation(earlier ?? {}),
    model_id: id,
    ...rest,
    total_size: installation.files.reduce((sum, file) => sum + file.size, 0),
  };
  return relativePath === undefined ? record : { ...record, relative_path: relativePath };
}

const installationKeys = [
  "kind",
  "library",
  "revision",
  "commit",
  "installed_at",
  "install_path",
  "relative_path",
  "files",
  "total_size",
  "last_accessed",
];

/** What is left of a record when its files go. */
export function withoutInstallation(record: RegistryRecord): RegistryRecord {
  return Object.fromEntries(Object.entries(record).filter(([key]) => !installationKeys.includes(key)));
}

/** Nothing in it that its user would miss. */
export function isBare(record: RegistryRecord): boolean {
  const { model_id: _, pinned, license_accepted: accepted, ...rest } = record;
  return !pinned && !accepted && Object.keys(rest).length === 0;
}

/** Sorted keys and two spaces, the same for the same records. */
export function encodeRegistry(records: RegistryRecords): string {
  const sorted = [...records].sort(([a], [b]) => (a < b ? -1 : 1));
  return `${JSON.stringify(Object.fromEntries(sorted.map(([id, record]) => [id, sortKeys(record)])), null, 2)}\n`;
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sortKeys(inner)]));
}

/** Paths of the record that are safe to look at; an older registry may hold anything. */
export const listSafeFiles = (record: RegistryRecord): RegistryFile[] =>
  (record.files ?? []).filter((file) => isSafeRelativePath(file.path));
