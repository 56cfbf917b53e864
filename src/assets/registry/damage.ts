// What a damaged registry still tells: records that fit are taken over, and of the rest at least the names are said.
import { isInstalled, registryRecordSchema, type RegistryRecord, withoutInstallation } from "./record.ts";

export interface Losses {
  /** Names of models. */
  pins: string[];
  licences: string[];
  /** Named in the damaged file, and not on disk. */
  models: string[];
}

/** Adds to `records` the pins, licences and unknown fields of those records that can still be read. */
export function salvageRecords(text: string, records: Map<string, RegistryRecord>): void {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return;
  }
  if (typeof json !== "object" || json === null || Array.isArray(json)) return;
  for (const [id, value] of Object.entries(json)) {
    const parsed = registryRecordSchema.safeParse(value);
    if (!parsed.success) continue;
    const kept = withoutInstallation(parsed.data);
    const rebuilt = records.get(id);
    if (rebuilt) records.set(id, { ...kept, ...rebuilt });
    // An install elsewhere (--dest) is not where the rebuilding looks; it is the record that knows it.
    else if (isInstalled(parsed.data) || parsed.data.license_accepted) records.set(id, parsed.data);
  }
}

/** By the lines of the file as it is written: a model's name, and what was said of it below. */
export function findLosses(text: string, records: ReadonlyMap<string, RegistryRecord>): Losses {
  const losses: Losses = { pins: [], licences: [], models: [] };
  let id: string | null = null;
  for (const line of text.split("\n")) {
    const name = /^ {2}"([^"]+)": \{/.exec(line)?.[1];
    if (name !== undefined) {
      id = name;
      if (!records.has(id)) losses.models.push(id);
    }
    if (id === null) continue;
    const record = records.get(id);
    if (/^ {4}"pinned": true/.test(line) && record?.pinned !== true) losses.pins.push(id);
    if (/^ {4}"license_accepted": \{/.test(line) && !record?.license_accepted) losses.licences.push(id);
  }
  return losses;
}
