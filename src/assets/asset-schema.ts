// What an asset is: a name, the files it consists of, and the places that can give them.
import { isAbsolute } from "node:path";
import { z } from "zod";

/** One path segment that is safe on every file system: it becomes a folder's name. */
export const pathSegment = z
  .string()
  .max(100)
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]*$/,
    "letters, digits, '.', '_' and '-' only, the first a letter or digit",
  )
  .refine((text) => !text.includes(".."), "must not contain '..'");

/** What file systems take for one name, and for a whole path with the folder before it. */
const maxNameBytes = 255;
const maxPathBytes = 2048;

/** A relative path with forward slashes, no empty, '.' or '..' segment, no drive, no control character, not too long. */
export const relativePath = z
  .string()
  .min(1)
  .refine(
    isSafeRelativePath,
    "must be a relative path without '..' segments, control characters or endless names",
  );

export function isSafeRelativePath(path: string): boolean {
  // oxlint-disable-next-line no-control-regex -- control characters are what is refused
  if (/[\u0000-\u001f\u007f\\]/.test(path) || /^[A-Za-z]:/.test(path)) return false;
  if (Buffer.byteLength(path) > maxPathBytes) return false;
  const isName = (part: string): boolean => part !== "" && part !== "." && part !== "..";
  return path.split("/").every((part) => isName(part) && Buffer.byteLength(part) <= maxNameBytes);
}

export const webUrl = z
  .url({ protocol: /^https?$/, hostname: /./ })
  .refine((url) => !hasCredentials(url), "credentials do not belong in a url");

/** Also asked of what is no url at all. */
function hasCredentials(url: string): boolean {
  const { username, password } = URL.canParse(url) ? new URL(url) : { username: "", password: "" };
  return username !== "" || password !== "";
}

/** Which environment variable holds the token; its value is read when it is sent, and written nowhere. */
const hubAuthentication = z.strictObject({ tokenVariable: z.string().min(1) }).optional();
const httpAuthentication = z
  .strictObject({
    tokenVariable: z.string().min(1),
    /** Before the token, with a blank between; "" sends the bare token. */
    scheme: z.string().default("Bearer"),
    headerName: z.string().min(1).default("Authorization"),
  })
  .optional();

/**
 * Where each file of the asset lies inside the source, keyed by its path in the asset; only these files are asked of
 * the source, so that several sources can complete one asset. Without it the source has them all, under `path`.
 */
const files = z.record(relativePath, relativePath).optional();

export const hubSourceSchema = z.strictObject({
  type: z.literal("hf"),
  /** The hub's oldest ones have no owner. */
  repoId: z.string().regex(/^[\w.-]+(\/[\w.-]+)?$/, "must look like owner/name"),
  /** Branch, tag or commit. */
  revision: z.string().min(1).default("main"),
  /** A file or folder of the repository; without it and without `files`: all of it (a snapshot). */
  path: relativePath.optional(),
  files,
  /** fnmatch patterns on the paths of a snapshot; "*" crosses "/", as the hub's own clients have it. */
  allowPatterns: z.array(z.string()).optional(),
  ignorePatterns: z.array(z.string()).optional(),
  authentication: hubAuthentication,
});

export const httpSourceSchema = z
  .strictObject({
    type: z.literal("http"),
    /** The file of an asset of one file. */
    url: webUrl.optional(),
    /** Path in the asset → url. */
    files: z.record(relativePath, webUrl).optional(),
    authentication: httpAuthentication,
  })
  .refine((source) => (source.url === undefined) !== (source.files === undefined), "either url or files");

export const npmSourceSchema = z.strictObject({
  type: z.literal("npm"),
  package: z.string().regex(/^(@[\w.-]+\/)?[\w.-]+$/, "must be a package name"),
  version: z.string().regex(/^\d+\.\d+\.\d+([-+][\w.+-]+)?$/, "must be one exact version"),
  /** A file or folder of the package; without it: all of it. */
  path: relativePath.optional(),
  files,
});

export const localSourceSchema = z.strictObject({
  type: z.literal("local"),
  /** A file or folder; relative to the project's folder, or to `package`. */
  path: z.string().min(1),
  /** `name@version` of a dependency of this program, when the files lie inside it. */
  package: z.string().optional(),
  files,
});

export const assetSourceSchema = z.discriminatedUnion("type", [
  hubSourceSchema,
  httpSourceSchema,
  npmSourceSchema,
  localSourceSchema,
]);

/**
 * An explicit place for what is no asset of the assets folder: a provider's model, a snapshot of the hub. It is written
 * down in the model registry under the asset's name.
 */
const placeSchema = z.strictObject({
  /** Absolute: the folder that the files land in; with `isFile`, the one file. */
  path: z.string().refine(isAbsolute, "must be absolute"),
  isFile: z.boolean().default(false),
  kind: z.enum(["hub", "provider"]),
  /** What the install is for, such as "llama-cpp" or "transformers". */
  library: z.string().default(""),
  /** As it was asked for, and what it stood for. */
  revision: z.string().nullable().default(null),
  commit: z.string().nullable().default(null),
});

/** Of an asset with a place of its own: segments with slashes between, such as owner/name. */
const assetName = z
  .string()
  .max(200)
  .refine(
    (name) => name.split("/").every((part) => pathSegment.safeParse(part).success || /^_[\w.-]*$/.test(part)),
    "letters, digits, '.', '_' and '-' only, without '..'",
  );

const sha256Hex = z.string().regex(/^[0-9a-f]{64}$/, "must be 64 lower-case hex digits");

export const assetFileSchema = z.strictObject({
  path: relativePath,
  sizeBytes: z.int().positive(),
  sha256: sha256Hex,
});

export const archiveFormats = ["zip", "tar", "tar.gz", "tar.bz2"] as const;
export type ArchiveFormat = (typeof archiveFormats)[number];
/** `any`: an archive of whichever format its magic says. `auto`: likewise, and what is none is left as it came. */
export const unpackFormats = [...archiveFormats, "any", "auto"] as const;

export const assetSchema = z
  .strictObject({
    name: assetName,
    place: placeSchema.optional(),
    version: pathSegment.default("latest"),
    assetType: pathSegment.default("model"),
    description: z.string().optional(),
    /** SPDX */
    licence: z.string().optional(),
    /**
     * The manifest: exactly these files, whichever source they come from. One file: the asset's path is the file's;
     * several: their folder's. Without it the first source that answers decides, and nothing is checked but sizes.
     */
    files: z.array(assetFileSchema).min(1).optional(),
    /**
     * Of an asset without a manifest: the sha256 of the one file as it is fetched (the archive's, when it is unpacked),
     * else that of the list of its files (checksum.ts).
     */
    checksum: sha256Hex.optional(),
    /** Of the one file as it is fetched, likewise. */
    sizeBytes: z.int().positive().optional(),
    /** What is fetched is an archive, and the asset is what is in it. */
    unpack: z
      .strictObject({
        format: z.enum(unpackFormats),
        /** The asset's path is that of the one file that matters, not the folder's. */
        isDestinationFile: z.boolean().default(false),
      })
      .optional(),
    /** Tried in order; all must give the same bytes. */
    sources: z.array(assetSourceSchema).min(1),
    /** Further attempts at one source after failures that can pass. */
    retries: z.int().nonnegative().default(0),
    /** Before the first retry; it doubles, with jitter, up to 60 s. */
    retryDelaySeconds: z.number().nonnegative().default(5),
    hasProgressReport: z.boolean().default(true),
    /** Off a terminal: a line of progress each time so many MiB have come. */
    progressIntervalMb: z.number().positive().default(5),
    /**
     * False for what did not come from the operator's own files or hands: only public addresses are then asked, no file
     * of this machine is read, and no variable of its environment is sent.
     */
    isTrusted: z.boolean().default(true),
  })
  .refine(
    ({ isTrusted, sources }) => isTrusted || !sources.some(isOperatorsOwn),
    "a file of this machine, or a token of its own, is for assets of the operator's own files",
  )
  .superRefine(({ name, place }, context) => {
    if (place) return;
    const [issue] = pathSegment.safeParse(name).error?.issues ?? [];
    if (issue) context.addIssue({ code: "custom", path: ["name"], message: issue.message });
  })
  .refine(
    ({ files, checksum, sizeBytes, unpack }) =>
      !files || (checksum === undefined && sizeBytes === undefined && !unpack),
    "a manifest says it all: neither checksum, size nor unpack goes with it",
  )
  .refine(
    ({ files }) => new Set(files?.map((file) => file.path.toLowerCase())).size === (files?.length ?? 0),
    "two files of the manifest collide",
  );

function isOperatorsOwn(source: z.infer<typeof assetSourceSchema>): boolean {
  return source.type === "local" || ("authentication" in source && source.authentication !== undefined);
}

export type Asset = z.infer<typeof assetSchema>;
/** An asset as it is written down: what has a default may be left out. */
export type AssetDefinition = z.input<typeof assetSchema>;
export type AssetFile = z.infer<typeof assetFileSchema>;
export type AssetSource = z.infer<typeof assetSourceSchema>;
export type HubSource = z.infer<typeof hubSourceSchema>;
export type HttpSource = z.infer<typeof httpSourceSchema>;
export type NpmSource = z.infer<typeof npmSourceSchema>;
export type LocalSource = z.infer<typeof localSourceSchema>;

/** What messages call a source; urls lose their query, which may hold a signature. */
export function describeSource(source: AssetSource): string {
  switch (source.type) {
    case "hf":
      return `hub repository ${source.repoId}`;
    case "npm":
      return `package ${source.package}@${source.version}`;
    case "local":
      return source.package ? `installed package ${source.package}` : source.path;
    case "http":
      return describeUrl(source.url ?? Object.values(source.files ?? {})[0] ?? "");
  }
}

export function describeUrl(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}
