// `verify`: what is on disk against what the registry says, without any network.
import { readdir, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { infoFileName } from "../../assets/asset-layout.ts";
import { sha256OfFile } from "../../assets/checksum.ts";
import { forEachLimited } from "../../assets/for-each-limited.ts";
import { listFiles, type Located, locate } from "../../assets/registry/locate.ts";
import { isInstalled, type RegistryRecord } from "../../assets/registry/record.ts";
import { throwIfAborted } from "../../base/deadline.ts";
import type { ModelWorld } from "../world.ts";
import { requireInstalled } from "./pin-model.ts";

export interface ModelVerification {
  modelId: string;
  status: "ok" | "bad";
  /** Paths within the install. */
  changed: string[];
  missing: string[];
  extra: string[];
}

export interface VerifyRequest {
  /** Default: every install. E_NOT_FOUND for one that is none. */
  modelId?: string | undefined;
  /** What no record knows makes an install bad. */
  failOnExtraFiles?: boolean | undefined;
  signal?: AbortSignal | undefined;
}

const filesAtOnce = 4;

export async function verifyModels(
  { registry, modelsRoot }: Pick<ModelWorld, "registry" | "modelsRoot">,
  { modelId, failOnExtraFiles = false, signal }: VerifyRequest = {},
): Promise<ModelVerification[]> {
  const records = await registry.load();
  if (modelId !== undefined) requireInstalled(records.get(modelId), modelId);
  const located = new Map<string, Located>();
  for (const [id, record] of records) {
    const place = isInstalled(record) ? await locate(record, modelsRoot) : null;
    if (place) located.set(id, place);
  }
  const chosen = [...records].filter(
    ([id, record]) => isInstalled(record) && (modelId === undefined || id === modelId),
  );
  const found: ModelVerification[] = [];
  for (const [id, record] of chosen.sort(([a], [b]) => (a < b ? -1 : 1))) {
    throwIfAborted(signal);
    const others = [...located].filter(([other]) => other !== id).map(([, { path }]) => path);
    found.push(await verifyOne(id, record, located.get(id) ?? null, { others, failOnExtraFiles, signal }));
  }
  return found;
}

async function verifyOne(
  modelId: string,
  record: RegistryRecord,
  located: Located | null,
  options: { others: readonly string[]; failOnExtraFiles: boolean; signal: AbortSignal | undefined },
): Promise<ModelVerification> {
  const outcome: ModelVerification = { modelId, status: "bad", changed: [], missing: [], extra: [] };
  if (!located) {
    const names = (record.files ?? []).map((file) => file.path);
    outcome.missing = names.length > 0 ? names : [record.install_path ?? record.relative_path ?? modelId];
    return outcome;
  }
  const files = listFiles(record, located);
  await forEachLimited(files, filesAtOnce, async (file) => {
    const seen = await stat(file.absolute).catch(() => null);
    if (!seen?.isFile()) outcome.missing.push(file.path);
    else if (typeof file.size === "number" && seen.size !== file.size) outcome.changed.push(file.path);
    else if (typeof file.sha256 === "string") {
      const digest = await sha256OfFile(file.absolute, options.signal);
      if (digest !== file.sha256.toLowerCase()) outcome.changed.push(file.path);
    }
  });
  if (!located.isFile) {
    const known = new Set(files.map((file) => file.absolute));
    outcome.extra = await listExtra(located.path, known, options.others);
  }
  outcome.changed.sort();
  outcome.missing.sort();
  const isBad =
    outcome.changed.length > 0 ||
    outcome.missing.length > 0 ||
    (options.failOnExtraFiles && outcome.extra.length > 0);
  outcome.status = isBad ? "bad" : "ok";
  return outcome;
}

/** Files that neither this record nor an install within the folder knows. */
async function listExtra(
  folder: string,
  known: ReadonlySet<string>,
  others: readonly string[],
): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const extra: string[] = [];
  for (const entry of entries) {
    if (entry.isDirectory()) continue;
    const path = join(entry.parentPath, entry.name);
    const isOther = others.some((other) => path === other || path.startsWith(other + sep));
    if (known.has(path) || isOther || path === join(folder, infoFileName)) continue;
    extra.push(relative(folder, path).split(sep).join("/"));
  }
  return extra.sort();
}
