// The folders that everything this program keeps is in.
import { join } from "node:path";
import { ensureFolder } from "../base/ensure-folder.ts";
import type { LoadedSettings } from "./load-settings.ts";
import { settingDefinitions } from "./settings-schema.ts";

export interface DescribedRoot {
  name: "models" | "cache" | "credentials" | "assets";
  /** Absolute. */
  path: string;
  /** `environment …`, `file …`, `default`. */
  source: string;
  /** Permission bits, when it is made; else the default ones. */
  mode?: number;
  /** What to do when it cannot be made or written to. */
  cure: string;
}

const keys = {
  models: "storage.models_root",
  cache: "storage.cache_root",
  credentials: "storage.credentials_root",
  assets: "settings.assets.cache_dir",
} as const;

/** Within the cache root. */
export const cacheFolders = ["downloads", "runtime", "tts", "temp"] as const;

export function listRoots({
  settings,
  sources,
}: Pick<LoadedSettings, "settings" | "sources">): DescribedRoot[] {
  return Object.entries(keys).map(([name, key]): DescribedRoot => {
    const [variable] = settingDefinitions[key].variables ?? [];
    return {
      name: name as DescribedRoot["name"],
      path: settings[key],
      source: sources[key],
      ...(name === "credentials" && { mode: 0o700 }),
      cure: `give this user the right to write there, or choose another folder with ${key} or ${variable}`,
    };
  });
}

/** Makes those that are not there, and the cache's own folders. E_PERM for one that cannot be made; E_DISK. */
export async function ensureRoots(roots: readonly DescribedRoot[]): Promise<void> {
  for (const root of roots) {
    const { name, path, cure, mode } = root;
    await ensureFolder(path, { what: `the ${name} root`, cure, ...(mode !== undefined && { mode }) });
    if (name !== "cache") continue;
    for (const folder of cacheFolders) {
      await ensureFolder(join(path, folder), { what: `the cache's folder ${folder}`, cure });
    }
  }
}
