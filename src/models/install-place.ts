// Where an install of the hub lands under the models root.
import { join, resolve } from "node:path";
import { AppError } from "../base/errors.ts";
import { formatModelId, parseOwnerRepo } from "./model-id.ts";

export const libraries = ["llama-cpp", "transformers"] as const;
export type Library = (typeof libraries)[number];

/** Users of the path know it from before there were folders of libraries. */
const fixedPlaces: Readonly<Record<string, string>> = {
  "distilbert-base-uncased": "distilbert-base-uncased",
  "distilbert/distilbert-base-uncased": "distilbert-base-uncased",
};

export const isGgufFile = (path: string): boolean => path.toLowerCase().endsWith(".gguf");

/** Any file of it that ends in .gguf, in any case. */
export const isGgufRepo = (files: readonly { path: string }[]): boolean =>
  files.some((file) => isGgufFile(file.path));

export interface InstallRootRequest {
  modelsRoot: string;
  modelId: string;
  /** All of the repository's files: the same place whatever is chosen of them. */
  files: readonly { path: string }[];
  library?: string | undefined;
  /** Instead of the usual place: the folder itself, relative to the current one. */
  dest?: string | undefined;
}

/** E_ARGS for a library that there is not, or a model id that is none. */
export function resolveInstallRoot(request: InstallRootRequest): { path: string; library: Library } {
  const { modelsRoot, files, dest } = request;
  const id = parseOwnerRepo(request.modelId);
  const library = parseLibrary(request.library) ?? (isGgufRepo(files) ? "llama-cpp" : "transformers");
  if (dest !== undefined) return { path: resolve(dest), library };
  const fixed = request.library === undefined ? fixedPlaces[formatModelId(id)] : undefined;
  if (fixed !== undefined) return { path: join(modelsRoot, fixed), library };
  return { path: join(modelsRoot, library, ...(id.owner === null ? [] : [id.owner]), id.repo), library };
}

export function parseLibrary(text: string | undefined): Library | undefined {
  if (text === undefined) return undefined;
  const known = libraries.find((library) => library === text);
  if (known) return known;
  throw new AppError("E_ARGS", `there is no library ${text}; it is one of ${libraries.join(", ")}`, {
    library: text,
  });
}
