// `configs/<repo>.json`: a copy of each model's config.json where older readers look for it. Two owners of one
// repository name get `<owner>--<repo>.json` each.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { locate } from "../../assets/registry/locate.ts";
import type { RegistryRecords } from "../../assets/registry/record.ts";
import { writeFileAtomic } from "../../base/atomic-file.ts";
import { parseOwnerRepo } from "../model-id.ts";

export interface ConfigCopy {
  /** Absolute. */
  from: string;
  to: string;
  modelId: string;
  text: string;
}

/** The copies that are not there yet, or differ. */
export async function planConfigCopies(modelsRoot: string, records: RegistryRecords): Promise<ConfigCopy[]> {
  const found: { id: string; owner: string | null; repo: string; from: string; text: string }[] = [];
  for (const [id, record] of records) {
    if (record.kind === "provider" || record.kind === "declared") continue;
    const located = await locate(record, modelsRoot);
    if (!located || located.isFile) continue;
    const from = join(located.path, "config.json");
    const text = await readFile(from, "utf8").catch(() => null);
    if (text === null) continue;
    try {
      found.push({ id, ...parseOwnerRepo(id), from, text });
    } catch {
      continue; // an older registry's key that is no model id
    }
  }
  const copies: ConfigCopy[] = [];
  for (const { id, owner, repo, from, text } of found) {
    const isShared = found.some((other) => other.id !== id && other.repo === repo);
    const name = isShared && owner !== null ? `${owner}--${repo}` : repo;
    const to = join(modelsRoot, "configs", `${name}.json`);
    if ((await readFile(to, "utf8").catch(() => null)) !== text) copies.push({ from, to, modelId: id, text });
  }
  return copies.sort((a, b) => (a.to < b.to ? -1 : 1));
}

/** Brings every copy up to date; those that differ are replaced. Absolute paths of what was written. */
export async function copySharedConfigs(modelsRoot: string, records: RegistryRecords): Promise<string[]> {
  const copies = await planConfigCopies(modelsRoot, records);
  for (const { to, text } of copies) await writeFileAtomic(to, text);
  return copies.map(({ to }) => to);
}
