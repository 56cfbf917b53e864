// Whether a model's URL gives an archive, and of which format: told by the URL, by the file's own name, and where neither
// says anything by the magic of what comes.
import { type ArchiveFormat, type AssetDefinition } from "../asset-schema.ts";

type Unpack = NonNullable<AssetDefinition["unpack"]>;

const suffixes: readonly (readonly [RegExp, ArchiveFormat])[] = [
  [/\.zip$/i, "zip"],
  [/\.(tar\.gz|tgz)$/i, "tar.gz"],
  [/\.(tar\.bz2|tbz2?)$/i, "tar.bz2"],
  [/\.tar$/i, "tar"],
];

export interface ArchiveHints {
  url: string;
  /** The name that the model is to have. */
  fileName: string;
  /** As the project file says it. */
  extract?: boolean | undefined;
  format?: ArchiveFormat | undefined;
}

/** Undefined: it is to be kept as it comes. */
export function selectUnpack({ url, fileName, extract, format }: ArchiveHints): Unpack["format"] | undefined {
  if (extract === false) return undefined;
  const name = new URL(url).pathname.split("/").at(-1) ?? "";
  const told = format ?? formatOfName(name) ?? formatOfName(fileName);
  if (extract === true) return told ?? "any";
  // A provider whose models are archives wants them whole.
  if (told !== undefined && told === formatOfName(fileName)) return undefined;
  if (told !== undefined) return told;
  // Names with an ending of their own say enough: weights of PyTorch are zip files inside, and are not to be opened.
  return /\.[A-Za-z][\w-]*$/.test(name) || /\.[A-Za-z][\w-]*$/.test(fileName) ? undefined : "auto";
}

export function formatOfName(name: string): ArchiveFormat | undefined {
  return suffixes.find(([pattern]) => pattern.test(name))?.[1];
}
