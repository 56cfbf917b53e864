// `scan`: what lies under the roots, with the names that the registry has for it, and what no record knows.
import { type Dirent } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import { countPlacedBytes } from "../../assets/folder-size.ts";
import { locate } from "../../assets/registry/locate.ts";
import { isInstalled } from "../../assets/registry/record.ts";
import { AppError } from "../../base/errors.ts";
import type { ModelWorld } from "../world.ts";

export interface ScanItem {
  path: string;
  modelId?: string;
  sizeBytes: number;
  /** UTC ISO 8601: of the last use or the install; of what no record knows, when it was last written to. */
  lastAccessed: string | null;
  isKnown: boolean;
}

export interface ScanRequest {
  /** Largest first (the default), or longest unused first. */
  sort?: "size" | "accessed" | undefined;
  /** "size>1GB": >, >=, <, <=, = and B, KB, MB, GB, TB, which are powers of 1024 here. E_ARGS for another form. */
  filter?: string | undefined;
}

export async function scanDisk(
  { registry, modelsRoot, assetsDir }: Pick<ModelWorld, "registry" | "modelsRoot" | "assetsDir">,
  { sort = "size", filter }: ScanRequest = {},
): Promise<{ items: ScanItem[]; totalBytes: number }> {
  const accepts = filter === undefined ? () => true : parseFilter(filter);
  const items: ScanItem[] = [];
  const known = new Set<string>();
  for (const [modelId, record] of await registry.load()) {
    const located = isInstalled(record) ? await locate(record, modelsRoot) : null;
    if (!located) continue;
    known.add(located.path);
    const lastAccessed = record.last_accessed ?? record.installed_at ?? null;
    const sizeBytes = await countPlacedBytes(located.path);
    items.push({ path: located.path, modelId, sizeBytes, lastAccessed, isKnown: true });
  }
  for (const path of await listUnknown(modelsRoot, known, ownNames, 3)) items.push(await describe(path));
  if (!assetsDir.startsWith(modelsRoot + sep)) {
    for (const path of await listUnknown(assetsDir, known, [], 3)) items.push(await describe(path));
  }
  const chosen = items.filter((item) => accepts(item.sizeBytes));
  chosen.sort((a, b) =>
    sort === "size"
      ? b.sizeBytes - a.sizeBytes || compare(a.path, b.path)
      : compare(a.lastAccessed ?? "", b.lastAccessed ?? "") || compare(a.path, b.path),
  );
  return { items: chosen, totalBytes: chosen.reduce((sum, item) => sum + item.sizeBytes, 0) };
}

/** At the top of the models root: not models. */
const ownNames = ["configs", "llm_registry.json"];
const isOwnName = (name: string, names: readonly string[]): boolean =>
  name.startsWith(".") || name.startsWith("model_registry.json") || names.includes(name);

/** Folders are entered while something known is below, or while they are the layout's own levels. */
async function listUnknown(
  folder: string,
  known: ReadonlySet<string>,
  names: readonly string[],
  depth: number,
): Promise<string[]> {
  const entries: Dirent[] = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const found: string[] = [];
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (known.has(path) || isOwnName(entry.name, names)) continue;
    const hasKnown = [...known].some((other) => other.startsWith(path + sep));
    const isLevel = depth > 1 && (await hasOnlyFolders(path));
    if (entry.isDirectory() && (hasKnown || isLevel)) {
      found.push(...(await listUnknown(path, known, [], depth - 1)));
    } else found.push(path);
  }
  return found;
}

async function hasOnlyFolders(path: string): Promise<boolean> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  return entries.every((entry) => entry.isDirectory());
}

async function describe(path: string): Promise<ScanItem> {
  const seen = await stat(path).catch(() => null);
  const lastAccessed = seen?.mtime.toISOString() ?? null;
  return { path, sizeBytes: await countPlacedBytes(path), lastAccessed, isKnown: false };
}

const powers: Readonly<Record<string, number>> = { "": 0, k: 1, m: 2, g: 3, t: 4 };

function parseFilter(text: string): (sizeBytes: number) => boolean {
  const match = /^\s*size\s*(>=|<=|>|<|==?)\s*(\d+(?:\.\d+)?)\s*([kmgt]?)i?b?\s*$/i.exec(text);
  if (!match) {
    throw new AppError("E_ARGS", `"${text}" is no filter; it looks like "size>1GB"`, { filter: text });
  }
  const [, operator, number, unit = ""] = match;
  const limit = Number(number) * 1024 ** (powers[unit.toLowerCase()] ?? 0);
  switch (operator) {
    case ">":
      return (size) => size > limit;
    case ">=":
      return (size) => size >= limit;
    case "<":
      return (size) => size < limit;
    case "<=":
      return (size) => size <= limit;
    default:
      return (size) => size === limit;
  }
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
