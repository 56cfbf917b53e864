// Which files of a repository are brought: those that the filters let through, and none whose name would leave the
// folder.
import { isSafeRelativePath } from "../../assets/asset-schema.ts";
import { selectByPatterns } from "../../assets/sources/name-pattern.ts";
import { AppError } from "../../base/errors.ts";
import type { HubFile } from "../hub/port.ts";

export interface FileFilters {
  /** The hub's patterns; undefined: everything. */
  include?: readonly string[] | undefined;
  exclude?: readonly string[] | undefined;
}

/** E_VERIFY for a repository with an unsafe name in it, chosen or not; E_NOT_FOUND when nothing gets through. */
export function selectFiles(modelId: string, files: readonly HubFile[], filters: FileFilters): HubFile[] {
  requireSafeNames(modelId, files);
  const { include, exclude } = filters;
  const allow = include && include.length > 0 ? include : undefined;
  const chosen = selectByPatterns([...files], (file) => file.path, { allow, ignore: exclude });
  if (chosen.length > 0) return chosen;
  const why = files.length === 0 ? "has no files" : "has no file that --include and --exclude let through";
  throw new AppError(
    "E_NOT_FOUND",
    `${modelId} ${why}; \`troupe models info --model ${modelId}\` lists them`,
    {
      model_id: modelId,
      include: allow ?? [],
      exclude: exclude ?? [],
    },
  );
}

/** What no folder may get, on any system: climbing, absolute, drive and share names, backslashes, control characters. */
export function requireSafeNames(modelId: string, files: readonly { path: string }[]): void {
  const unsafe = files.find((file) => !isSafeRelativePath(file.path));
  if (!unsafe) return;
  const path = JSON.stringify(unsafe.path);
  throw new AppError(
    "E_VERIFY",
    `${modelId} has a file whose name would leave its folder: ${path}; nothing was written`,
    { model_id: modelId, path: unsafe.path },
  );
}

/** The pattern that fits this one name, whatever is in it. */
export const escapePattern = (path: string): string => path.replace(/[*?[]/g, "[$&]");
