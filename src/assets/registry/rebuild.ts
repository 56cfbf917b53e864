// The registry out of what is on disk: the engine's own records first, then folders that no record tells of.
import { type Dirent } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { type AssetInfo, parseAssetInfo } from "../asset-info.ts";
import { infoFileName, recordsFolderName } from "../asset-layout.ts";
import { sha256OfFile } from "../checksum.ts";
import { forEachLimited } from "../for-each-limited.ts";
import { relativeTo } from "./locate.ts";
import { type Installation, type RegistryRecord, withInstallation } from "./record.ts";

export interface RebuildOptions {
  modelsRoot: string;
  /** Of declared assets. */
  assetsDir: string | null;
}

/** Only what is whole on disk. Hashes whatever has no record, or another time than its record says. */
export async function rebuildRecords(options: RebuildOptions): Promise<Map<string, RegistryRecord>> {
  const records = new Map<string, RegistryRecord>();
  const known = new Set<string>();
  for (const [info, folder] of await listInfos(options)) {
    const installation = await proveInfo(info, folder, options.modelsRoot);
    if (!installation) continue;
    known.add(installation.install_path);
    records.set(info.name, withInstallation(info.name, records.get(info.name), installation));
  }
  for (const { id, library, path } of await listHubFolders(options.modelsRoot)) {
    if (known.has(path) || records.has(id)) continue;
    const files = await hashFolder(path);
    if (files.length === 0) continue;
    const { mtime } = await stat(path);
    const installation: Installation = {
      kind: "hub",
      library,
      revision: null,
      commit: null,
      installed_at: mtime.toISOString(),
      install_path: path,
      relative_path: relativeTo(options.modelsRoot, path),
      files,
    };
    records.set(id, withInstallation(id, undefined, installation));
  }
  return records;
}

/** Each with the folder that its paths are relative to. */
async function listInfos({ modelsRoot, assetsDir }: RebuildOptions): Promise<[AssetInfo, string][]> {
  const found: [AssetInfo, string][] = [];
  const folder = join(modelsRoot, recordsFolderName);
  for (const entry of await list(folder)) {
    const info = parseAssetInfo(await readFile(join(folder, entry.name), "utf8").catch(() => ""));
    if (info?.place) found.push([info, join(modelsRoot, "")]);
  }
  if (assetsDir !== null) {
    for (const path of await listDepth(assetsDir, 3)) {
      const info = parseAssetInfo(await readFile(join(path, infoFileName), "utf8").catch(() => ""));
      if (info && !info.place) found.push([info, path]);
    }
  }
  return found;
}

/** Null for what is not whole any more. */
async function proveInfo(info: AssetInfo, folder: string, modelsRoot: string): Promise<Installation | null> {
  const { place } = info;
  const target = place ? (place.path.startsWith(sep) ? place.path : join(modelsRoot, place.path)) : folder;
  for (const file of info.files) {
    const path = place?.is_file ? target : join(target, ...file.path.split("/"));
    const seen = await stat(path).catch(() => null);
    if (!seen?.isFile() || seen.size !== file.size_bytes) return null;
    if (seen.mtimeMs !== file.mtime_ms && (await sha256OfFile(path)) !== file.sha256) return null;
  }
  return installationOf(info, target, modelsRoot);
}

export function installationOf(info: AssetInfo, target: string, modelsRoot: string): Installation {
  const { place, source } = info;
  return {
    kind: place?.kind ?? "declared",
    library: place?.library ?? "",
    revision: place?.revision ?? (source.type === "hf" ? source.revision : null),
    commit: place?.commit ?? null,
    installed_at: info.installed_at,
    install_path: target,
    relative_path: relativeTo(modelsRoot, target),
    files: info.files.map(({ path, size_bytes: size, sha256 }) => ({ path, size, sha256 })),
  };
}

export interface HubFolder {
  id: string;
  library: string;
  path: string;
}

/** Folders that look like installs of the hub; of `transformers/<repo>/` with files of its own, the repository is that. */
export async function listHubFolders(modelsRoot: string): Promise<HubFolder[]> {
  const found: HubFolder[] = [];
  for (const library of ["llama-cpp", "transformers"]) {
    for (const owner of await listFolders(join(modelsRoot, library))) {
      const path = join(modelsRoot, library, owner);
      const entries = await list(path);
      if (library === "transformers" && entries.some((entry) => entry.isFile())) {
        found.push({ id: owner, library, path });
        continue;
      }
      for (const entry of entries.filter((candidate) => candidate.isDirectory())) {
        found.push({ id: `${owner}/${entry.name}`, library, path: join(path, entry.name) });
      }
    }
  }
  const distilbert = "distilbert-base-uncased";
  const path = join(modelsRoot, distilbert);
  if ((await list(path)).length > 0) found.push({ id: distilbert, library: "transformers", path });
  return found;
}

async function hashFolder(folder: string): Promise<{ path: string; size: number; sha256: string }[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files: { path: string; size: number; sha256: string }[] = [];
  const visible = entries.filter((entry) => entry.isFile() && !entry.name.startsWith("."));
  await forEachLimited(visible, 4, async (entry) => {
    const absolute = join(entry.parentPath, entry.name);
    const path = relative(folder, absolute).split(sep).join("/");
    files.push({ path, size: (await stat(absolute)).size, sha256: await sha256OfFile(absolute) });
  });
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

const list = (folder: string): Promise<Dirent[]> => readdir(folder, { withFileTypes: true }).catch(() => []);

const listFolders = async (folder: string): Promise<string[]> =>
  (await list(folder))
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith("."))
    .map((entry) => entry.name);

async function listDepth(root: string, depth: number): Promise<string[]> {
  if (depth === 0) return [root];
  const below = (await listFolders(root)).map((name) => listDepth(join(root, name), depth - 1));
  return (await Promise.all(below)).flat();
}
