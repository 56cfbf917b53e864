// Files that are on this machine already: a file or folder of the operator's, or one inside an installed dependency.
import { readdir, readFile, realpath, stat } from "node:fs/promises";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { z } from "zod";
import { AppError, fromFileSystemError, messageOf } from "../../base/errors.ts";
import { describeSource, type LocalSource } from "../asset-schema.ts";
import { type FetchPiece, pieceOfFile, type PlanSource } from "./source.ts";

export interface LocalSourceOptions {
  /** What relative paths are relative to: the project's folder. */
  baseFolder: string;
  /** Where the search for installed packages begins; it goes upward. */
  packagesFrom: string;
}

export function createLocalPlan({ baseFolder, packagesFrom }: LocalSourceOptions): PlanSource<LocalSource> {
  return async (source, { wanted, isSingleFile }) => {
    const label = describeSource(source);
    try {
      const root = source.package
        ? join(await findPackage(source.package, packagesFrom), source.path)
        : resolve(baseFolder, source.path);
      const isFolder = (await stat(root)).isDirectory();
      if (wanted) {
        const pieces = wanted.flatMap((file) => {
          const location = source.files ? source.files[file.path] : isFolder ? file.path : "";
          if (location === undefined) return [];
          const path = join(root, location);
          return [pieceOfFile(file, label, { kind: "disk", path })];
        });
        return { pieces, isFolder: () => !isSingleFile };
      }
      const paths = isFolder ? await listFiles(root) : [root];
      const pieces = paths.map(
        (path): FetchPiece => ({
          key: path,
          label,
          origin: { kind: "disk", path },
          sizeBytes: null,
          checksum: null,
          gives: {
            kind: "file",
            path: isFolder ? relative(root, path).split(sep).join("/") : basename(path),
          },
        }),
      );
      if (pieces.length === 0) {
        throw new AppError("E_NOT_FOUND", `${label} is an empty folder`, { source: label });
      }
      return { pieces, isFolder: () => isFolder };
    } catch (error) {
      throw asSourceError(error, label);
    }
  };
}

/** Marks a failure as the source's, so that another source may stand in. */
export function asSourceError(error: unknown, label: string): unknown {
  const known = fromFileSystemError(error, label);
  if (!(known instanceof AppError) || known.details?.["source"] !== undefined) return known;
  return new AppError(known.code, messageOf(known), { ...known.details, source: label }, known);
}

/** Links count as what they point at, as in the folders of the hub's own clients; one to a folder above it ends there. */
async function listFiles(folder: string, above: readonly string[] = []): Promise<string[]> {
  const real = await realpath(folder);
  if (above.includes(real)) return [];
  const names = (await readdir(folder)).sort();
  const found: string[] = [];
  for (const path of names.map((name) => join(folder, name))) {
    const seen = await stat(path);
    if (seen.isDirectory()) found.push(...(await listFiles(path, [...above, real])));
    else if (seen.isFile()) found.push(path);
  }
  return found;
}

const packageSchema = z.object({ version: z.string() });

/** The folder of `name@version`, looked for in every node_modules from `from` upward. */
async function findPackage(spec: string, from: string): Promise<string> {
  const at = spec.lastIndexOf("@");
  const [name, version] = [spec.slice(0, at), spec.slice(at + 1)];
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, "node_modules", name);
    const text = await readFile(join(candidate, "package.json"), "utf8").catch(() => null);
    if (text !== null && packageSchema.parse(JSON.parse(text)).version === version) return candidate;
    if (dirname(folder) === folder) break;
  }
  throw new AppError("E_NOT_FOUND", `package ${spec} is not installed beside this program`, {
    source: `installed package ${spec}`,
  });
}
