// From a record to the disk: where the install is now, and which files it should have.
import { stat } from "node:fs/promises";
import { basename, join, relative, resolve, sep } from "node:path";
import { listSafeFiles, type RegistryFile, type RegistryRecord } from "./record.ts";

export interface Located {
  /** Absolute, and there. */
  path: string;
  isFile: boolean;
}

/** Null when neither the absolute nor the relative place is there, or when nothing is installed. */
export async function locate(record: RegistryRecord, modelsRoot: string): Promise<Located | null> {
  const { install_path: absolute, relative_path: inRoot } = record;
  const here = typeof inRoot === "string" ? [resolve(modelsRoot, inRoot)] : [];
  const recorded = typeof absolute === "string" ? [resolve(absolute)] : [];
  // In a copied root the absolute place is the original's, and not to be touched from here while the copy has its own.
  const isOfThisRoot = recorded.every((path) => isInside(path, [modelsRoot]));
  for (const path of isOfThisRoot ? [...recorded, ...here] : [...here, ...recorded]) {
    const seen = await stat(path).catch(() => null);
    if (seen) return { path, isFile: seen.isFile() };
  }
  return null;
}

export function filePathOf(located: Located, file: RegistryFile): string {
  return located.isFile ? located.path : join(located.path, ...file.path.split("/"));
}

/** The files of the record with their paths on disk; those whose names would leave the folder are left out. */
export function listFiles(record: RegistryRecord, located: Located): (RegistryFile & { absolute: string })[] {
  return listSafeFiles(record)
    .filter((file) => !located.isFile || file.path === basename(located.path) || record.files?.length === 1)
    .map((file) => ({ ...file, absolute: filePathOf(located, file) }));
}

/** True below one of the roots, and not a root itself. */
export function isInside(path: string, roots: readonly string[]): boolean {
  return roots.some((root) => path.startsWith(resolve(root) + sep));
}

/** With forward slashes; undefined outside of the root. */
export function relativeTo(root: string, path: string): string | undefined {
  return isInside(path, [root]) ? relative(root, path).split(sep).join("/") : undefined;
}
