// Files of a Hugging Face hub repository, or of a mirror that speaks the same.
import { basename } from "node:path";
import { AppError } from "../../base/errors.ts";
import type { HubSource } from "../asset-schema.ts";
import { isSafeRelativePath } from "../asset-schema.ts";
import type { Tokens } from "../credentials.ts";
import { createHubApi, notHub } from "../hub/hub-api.ts";
import { listHubTree } from "../hub/hub-tree.ts";
import type { Credential, HttpDependencies } from "../transfer/http-request.ts";
import { selectByPatterns } from "./name-pattern.ts";
import { type FetchPiece, locateFiles, pieceOfFile, type PlanSource, type WebOrigin } from "./source.ts";

export interface HubOptions {
  /** "https://huggingface.co", or a mirror's base url. */
  endpoint: string;
  /** Its token is sent to the endpoint's origin alone. */
  findToken: Tokens["find"];
  stallMs: number;
}

/** What a refusal names where no token was found. */
export const defaultTokenVariable = "HF_TOKEN";

export function createHubPlan(dependencies: HttpDependencies, options: HubOptions): PlanSource<HubSource> {
  const api = createHubApi(dependencies, options);
  const variableOf = (source: HubSource): string =>
    source.authentication?.tokenVariable ?? defaultTokenVariable;
  const originOf = (source: HubSource, path: string, credential: Credential | undefined): WebOrigin =>
    api.originOf({
      url: api.fileUrl(source, path),
      target: source,
      credential,
      tokenVariable: variableOf(source),
    });
  const labelOf = (source: HubSource, path: string): string => `hub file ${source.repoId}/${path}`;

  return async (source, request) => {
    const { wanted, isSingleFile } = request;
    const credential = await findHubCredential(options.findToken, source);
    if (wanted) {
      const pieces = locateFiles(source, wanted, isSingleFile).map(({ file, location }) =>
        pieceOfFile(file, labelOf(source, location), originOf(source, location, credential)),
      );
      return { pieces, isFolder: () => !isSingleFile };
    }
    const all = await listHubTree(api, {
      ...request,
      target: source,
      credential,
      tokenVariable: variableOf(source),
    });
    const root = source.path;
    const isFile = root !== undefined && all.some((entry) => entry.path === root);
    const inside = all.filter((e) => root === undefined || e.path === root || e.path.startsWith(`${root}/`));
    const chosen = selectByPatterns(inside, (entry) => entry.path, {
      allow: source.allowPatterns,
      ignore: source.ignorePatterns,
    });
    if (chosen.length === 0) {
      const what = `hub repository ${source.repoId}`;
      throw new AppError("E_NOT_FOUND", `${what} has no such files; check path and patterns`, {
        source: what,
      });
    }
    const pieces = chosen.map((entry): FetchPiece => {
      const path = isFile ? basename(entry.path) : root ? entry.path.slice(root.length + 1) : entry.path;
      if (!isSafeRelativePath(path))
        throw notHub(labelOf(source, path), "E_VERIFY", "an unsafe file name in its list");
      return {
        key: entry.path,
        label: labelOf(source, entry.path),
        origin: originOf(source, entry.path, credential),
        sizeBytes: entry.sizeBytes,
        checksum: entry.checksum,
        gives: { kind: "file", path },
      };
    });
    return { pieces, isFolder: () => !isFile };
  };
}

export async function findHubCredential(
  findToken: Tokens["find"],
  source: HubSource,
): Promise<Credential | undefined> {
  const token = await findToken(source);
  if (!token) return undefined;
  return { header: "authorization", value: `Bearer ${token.value}`, variable: token.variable };
}
