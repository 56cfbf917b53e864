// `migrate`: what lies loose, broken or in old places, and where it belongs. Looks only; the same plan twice on a tidy
// disk is empty.
import { readdir, stat } from "node:fs/promises";
import { basename, dirname, extname, join, relative, sep } from "node:path";
import type { OldModel } from "../../assets/provider/old-places.ts";
import { sha256OfFile } from "../../assets/checksum.ts";
import { locate } from "../../assets/registry/locate.ts";
import { isInstalled, type RegistryRecords } from "../../assets/registry/record.ts";
import { readGgufHeader } from "../headers/gguf-header.ts";
import { summarizeGguf } from "../headers/gguf-summary.ts";
import { openFileSource } from "../headers/byte-source.ts";
import { type ConfigCopy, planConfigCopies } from "../download/mirror-configs.ts";
import { isGgufFile } from "../install-place.ts";
import { formatModelId, parseOwnerRepo } from "../model-id.ts";
import type { ModelWorld } from "../world.ts";

export interface Move {
  /** Absolute, both. */
  from: string;
  to: string;
  /** Under which name the registry has it afterwards; null for what is no model of the hub. */
  modelId: string | null;
}

export interface MigrationPlan {
  moves: readonly Move[];
  /** Absolute. */
  removals: readonly string[];
  copies: readonly ConfigCopy[];
  /** Both stay where they are. */
  conflicts: readonly Move[];
  /** GGUF installs in their place that no record knows: a move that was cut short before its record. */
  unrecorded: readonly { modelId: string; path: string }[];
}

/** What lies where models lay before there was a models root. */
export type FindOldModels = () => Promise<readonly OldModel[]>;

export async function planMigration(
  { registry, modelsRoot }: Pick<ModelWorld, "registry" | "modelsRoot">,
  findOldModels: FindOldModels | null,
): Promise<MigrationPlan> {
  const records = await registry.load();
  const files = await listFiles(modelsRoot);
  const wanted: Move[] = [];
  for (const file of files) {
    if (isGgufFile(file) && isLoose(relative(modelsRoot, file))) {
      wanted.push(await placeGguf(modelsRoot, file, records));
    }
  }
  for (const { path, target } of (await findOldModels?.()) ?? []) {
    const to = join(modelsRoot, ...target.split("/"));
    if (path !== to) wanted.push({ from: path, to, modelId: null });
  }
  const { moves, conflicts } = await separateConflicts(wanted);
  const unrecorded = await listUnrecorded(modelsRoot, files, records, moves);
  return {
    moves,
    conflicts,
    removals: files.filter((file) => file.endsWith(".corrupt")).sort(),
    copies: await planConfigCopies(modelsRoot, foresee(records, moves, unrecorded)),
    unrecorded,
  };
}

/** The records as they will be, as far as the configs beside them go. */
function foresee(
  records: RegistryRecords,
  moves: readonly Move[],
  unrecorded: MigrationPlan["unrecorded"],
): RegistryRecords {
  const later = new Map(records);
  for (const { modelId, to } of moves) {
    if (modelId !== null) later.set(modelId, { ...later.get(modelId), install_path: dirname(to) });
  }
  for (const { modelId, path } of unrecorded) {
    later.set(modelId, { ...later.get(modelId), install_path: path });
  }
  return later;
}

/** Not within the folder of an owner and a repository. */
function isLoose(path: string): boolean {
  const parts = path.split(sep);
  return parts.length === 1 || (parts[0] === "llama-cpp" && parts.length < 4);
}

/** The registry knows whose it is, or the file itself does; else nobody, and no owner is made up. */
async function placeGguf(modelsRoot: string, from: string, records: RegistryRecords): Promise<Move> {
  const owned = (await findOwner(from, modelsRoot, records)) ?? (await readOwner(from));
  const { owner, repo } = owned ?? { owner: "unknown", repo: basename(from, extname(from)) };
  const to = join(modelsRoot, "llama-cpp", owner, repo, basename(from));
  return { from, to, modelId: formatModelId({ owner, repo }) };
}

interface Owned {
  owner: string;
  repo: string;
}

async function findOwner(path: string, modelsRoot: string, records: RegistryRecords): Promise<Owned | null> {
  for (const [id, record] of records) {
    const located = await locate(record, modelsRoot);
    if (!located) continue;
    const isThis = located.isFile
      ? located.path === path
      : (record.files ?? []).some((file) => join(located.path, ...file.path.split("/")) === path);
    const owned = isThis ? parseOwned(id) : null;
    if (owned) return owned;
  }
  return null;
}

async function readOwner(path: string): Promise<Owned | null> {
  try {
    await using source = await openFileSource(path);
    const { repository } = summarizeGguf(await readGgufHeader(source));
    return repository === null ? null : parseOwned(repository);
  } catch {
    return null; // no sound header says nothing
  }
}

function parseOwned(id: string): Owned | null {
  try {
    const { owner, repo } = parseOwnerRepo(id);
    return owner === null ? null : { owner, repo };
  } catch {
    return null;
  }
}

/** What stands at the target, or goes there before, is never overwritten. */
async function separateConflicts(
  wanted: readonly Move[],
): Promise<Pick<MigrationPlan, "moves" | "conflicts">> {
  const moves: Move[] = [];
  const conflicts: Move[] = [];
  const taken = new Set<string>();
  for (const move of wanted.toSorted((a, b) => (a.from < b.from ? -1 : 1))) {
    const isFree = !taken.has(move.to) && !(await stat(move.to).catch(() => null));
    (isFree ? moves : conflicts).push(move);
    if (isFree) taken.add(move.to);
  }
  return { moves, conflicts };
}

async function listUnrecorded(
  modelsRoot: string,
  files: readonly string[],
  records: RegistryRecords,
  moves: readonly Move[],
): Promise<MigrationPlan["unrecorded"]> {
  const found = new Map<string, string>();
  for (const file of files) {
    const [library, owner, repo, ...rest] = relative(modelsRoot, file).split(sep);
    if (library !== "llama-cpp" || owner === undefined || repo === undefined || rest.length !== 1) continue;
    const modelId = `${owner}/${repo}`;
    const record = records.get(modelId);
    if (!isGgufFile(file) || (record && isInstalled(record))) continue;
    if (moves.some((move) => dirname(move.to) === dirname(file))) continue; // recorded with the move
    found.set(modelId, dirname(file));
  }
  return [...found].map(([modelId, path]) => ({ modelId, path }));
}

/** Hidden folders are the engine's own. */
async function listFiles(root: string): Promise<string[]> {
  const entries = await readdir(root, { withFileTypes: true }).catch(() => []);
  const found: string[] = [];
  for (const entry of entries.filter(({ name }) => !name.startsWith("."))) {
    const path = join(root, entry.name);
    if (entry.isDirectory()) found.push(...(await listFiles(path)));
    else if (entry.isFile()) found.push(path);
  }
  return found.sort();
}

/** Of every file of a folder, for a record that is made afterwards. */
export async function hashFiles(folder: string): Promise<{ path: string; size: number; sha256: string }[]> {
  const files = await listFiles(folder);
  return Promise.all(
    files.map(async (file) => ({
      path: relative(folder, file).split(sep).join("/"),
      size: (await stat(file)).size,
      sha256: await sha256OfFile(file),
    })),
  );
}
