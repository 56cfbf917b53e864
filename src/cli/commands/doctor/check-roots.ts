// The folders that everything is kept in: are they there, may they be written to, how full are they?
import { constants } from "node:fs";
import { access, mkdir, rmdir, stat, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { countFolderBytes } from "../../../assets/folder-size.ts";
import type { CliApp, StorageRoot } from "../../app-port.ts";
import { formatBytes } from "../../output.ts";
import type { Check } from "./check.ts";

/** A model, its prepared graph and room to work. */
const neededFreeBytes = 1024 ** 3;

/** One after the other: they may lie in one folder that is not there yet. */
export async function checkRoots(app: Pick<CliApp, "roots">): Promise<Check[]> {
  const checks: Check[] = [];
  for (const root of app.roots) checks.push(await checkRoot(root));
  return checks;
}

async function checkRoot(root: StorageRoot): Promise<Check> {
  const name = `${root.name} root`;
  const where = `${root.path} (${root.source})`;
  const seen = await stat(root.path).catch((error: NodeJS.ErrnoException) => error);
  if (seen instanceof Error && seen.code !== "ENOENT")
    return refuse(root, `cannot be looked at (${seen.code})`);
  const isThere = !(seen instanceof Error);
  if (isThere && !seen.isDirectory()) return refuse(root, "is no folder");
  const trouble = isThere ? await findWriteTrouble(root.path) : await findMakeTrouble(root.path);
  if (trouble !== null) {
    return refuse(root, isThere ? `is not writable (${trouble})` : `cannot be made (${trouble})`);
  }
  const freeBytes = await countFreeBytes(root.path);
  const contents = isThere
    ? `writable, ${formatBytes(await countFolderBytes(root.path))} in it`
    : "not there yet, made on first need";
  const detail = `${where}: ${contents}, ${formatBytes(freeBytes)} free`;
  if (freeBytes < neededFreeBytes) {
    const remedy = `free some space; ${formatBytes(neededFreeBytes)} are needed`;
    return { name, ok: false, detail, code: "E_DISK", remedy };
  }
  const isOpen = isThere && root.mode !== undefined && (seen.mode & 0o777 & ~root.mode) !== 0;
  if (!isOpen || process.platform === "win32") return { name, ok: true, detail };
  const mode = (root.mode ?? 0).toString(8);
  return { name, ok: true, detail: `${detail}, open to others`, remedy: `chmod ${mode} ${root.path}` };
}

const refuse = (root: StorageRoot, what: string): Check => ({
  name: `${root.name} root`,
  ok: false,
  detail: `${root.path} (${root.source}) ${what}`,
  code: "E_PERM",
  remedy: root.cure,
});

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? "unknown";

async function findWriteTrouble(path: string): Promise<string | null> {
  return access(path, constants.W_OK).then(() => null, codeOf);
}

/** Tried out and undone: a mode says less than the system does. */
async function findMakeTrouble(path: string): Promise<string | null> {
  try {
    const first = await mkdir(path, { recursive: true });
    for (let made = path; first !== undefined; made = dirname(made)) {
      // Somebody else may use it by now.
      const isGone = await rmdir(made).then(
        () => true,
        () => false,
      );
      if (!isGone || made === first) break;
    }
    return null;
  } catch (error) {
    return codeOf(error);
  }
}

/** Of the disk that it is on, or will be. */
async function countFreeBytes(path: string): Promise<number> {
  for (let folder = path; ; folder = dirname(folder)) {
    const disk = await statfs(folder).catch(() => null);
    if (disk) return disk.bavail * disk.bsize;
    if (dirname(folder) === folder) return 0;
  }
}
