// An asset as the operator writes it in the project file: the field names and rules of that file, nothing else.
import { z } from "zod";
import { archiveFormats, pathSegment, relativePath, webUrl } from "../asset-schema.ts";

const variableName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "must be the name of an environment variable, not a token");

/** RFC 9110's token, less the headers that the transfer itself needs. */
const headerName = z
  .string()
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, "must be the name of a header")
  .refine(
    (name) =>
      !/^(host|range|if-range|accept-encoding|connection|transfer-encoding|content-length)$/i.test(name),
    "is a header that the download itself needs",
  );

export const declaredAuthenticationSchema = z.strictObject({
  strategy: z.literal("env_token").default("env_token"),
  hf: z.strictObject({ token_env_var: variableName }).optional(),
  http: z
    .strictObject({
      token_env_var: variableName,
      /** "" sends the bare token. */
      scheme: z
        .string()
        .regex(/^[\w!#$%&'*+.^`|~-]*$/, "must be one word")
        .default("Bearer"),
      header_name: headerName.default("Authorization"),
    })
    .optional(),
});

const authentication = declaredAuthenticationSchema.optional();

const patterns = z
  .union([
    z
      .string()
      .min(1)
      .transform((pattern) => [pattern]),
    z.array(z.string().min(1)),
  ])
  .optional();

export const declaredSourceSchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("http"), url: webUrl, authentication }),
  z.strictObject({
    type: z.literal("hf"),
    repo_id: z.string().regex(/^[\w.-]+\/[\w.-]+$/, "must look like owner/name"),
    /** Without it: the snapshot. */
    filename: relativePath.optional(),
    revision: z.string().min(1).default("main"),
    allow_patterns: patterns,
    ignore_patterns: patterns,
    authentication,
  }),
  /** Relative to the project file. */
  z.strictObject({ type: z.literal("local"), path: z.string().min(1), authentication }),
  z.strictObject({
    type: z.literal("npm"),
    package: z.string().regex(/^(@[\w.-]+\/)?[\w.-]+$/, "must be a package name"),
    version: z.string().regex(/^\d+\.\d+\.\d+([-+][\w.+-]+)?$/, "must be one exact version"),
    path: relativePath.optional(),
    authentication,
  }),
]);

export const declaredAssetSchema = z.strictObject({
  name: pathSegment,
  version: pathSegment.default("latest"),
  asset_type: pathSegment.default("model"),
  source: declaredSourceSchema.optional(),
  sources: z.array(declaredSourceSchema).min(1).optional(),
  checksum: z
    .string()
    .regex(/^sha256:[0-9a-f]{64}$/i, 'must be "sha256:" and 64 hex digits')
    .optional(),
  unpack: z.boolean().default(false),
  unpack_format: z.enum(archiveFormats).optional(),
  unpack_destination_is_file: z.boolean().default(false),
  description: z.string().optional(),
  authentication,
  retries: z.int().nonnegative().default(0),
  retry_delay_seconds: z.number().nonnegative().default(5),
  progress_report: z.boolean().default(true),
  progress_report_interval_mb: z.number().positive().default(5),
});

export type DeclaredAsset = z.infer<typeof declaredAssetSchema>;
export type DeclaredSource = z.infer<typeof declaredSourceSchema>;
export type DeclaredAuthentication = z.infer<typeof declaredAuthenticationSchema>;
