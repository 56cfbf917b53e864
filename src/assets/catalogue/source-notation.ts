// Short notations for the sources of the catalogue.
import type { AssetDefinition } from "../asset-schema.ts";

type Source = AssetDefinition["sources"][number];
interface Where {
  path?: string;
  /** Path in the asset → path in the source. */
  files?: Record<string, string>;
}

/** `owner/name@commit` of the hub. */
export function fromHub(spec: string, where: Where): Source {
  const [repoId, revision] = splitSpec(spec);
  return { type: "hf", repoId, revision, ...where };
}

/** `name@version` of a published package. */
export function fromPackage(spec: string, where: Where): Source {
  const [name, version] = splitSpec(spec);
  return { type: "npm", package: name, version, ...where };
}

function splitSpec(spec: string): [string, string] {
  const at = spec.lastIndexOf("@");
  return [spec.slice(0, at), spec.slice(at + 1)];
}
