// What a provider says of its own files, and how a project file overrides it, key by key.
import { z } from "zod";
import { type ModelUrls, modelUrlsSchema } from "./model-entry.ts";
import { providerPathSegment } from "./path-segment.ts";

/** Folders of the cache root, beside that of unfinished downloads; `models` is the models root itself. */
export const cacheTypes = ["models", "runtime", "tts", "temp", "downloads"] as const;

const keys = {
  /** With its dot; "" for models that are folders. */
  file_extension: z
    .string()
    .regex(
      /^(\.[A-Za-z0-9][A-Za-z0-9._-]*)?$/,
      'must be empty, or a dot and letters or digits, such as ".onnx"',
    )
    .refine((text) => !text.includes(".."), "must not contain '..'"),
  /** Of its own under the models root. */
  directory_name: providerPathSegment,
  /** Names of environment variables. */
  credential_patterns: z.array(
    z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "must be the name of an environment variable, not a key"),
  ),
  cache_types: z.array(z.enum(cacheTypes)),
  model_urls: modelUrlsSchema,
};

/** What the project file may say under `[providers.<kind>.<name>.assets]`. */
export const providerAssetsOverrideSchema = z.strictObject(keys).partial();
export type ProviderAssetsOverride = z.output<typeof providerAssetsOverrideSchema>;

export interface ProviderAssets {
  file_extension: string;
  directory_name: string;
  credential_patterns: readonly string[];
  cache_types: readonly (typeof cacheTypes)[number][];
  model_urls: Readonly<ModelUrls>;
}

/** The generic description, with what the provider says instead. */
export function describeProviderAssets(id: string, own: Partial<ProviderAssets> = {}): ProviderAssets {
  return {
    file_extension: "",
    directory_name: id,
    credential_patterns: [],
    cache_types: ["runtime"],
    model_urls: {},
    ...own,
  };
}

/** Each key that is given replaces the provider's own; `model_urls` merges by model id. */
export function mergeProviderAssets(own: ProviderAssets, override: ProviderAssetsOverride): ProviderAssets {
  const given = Object.fromEntries(Object.entries(override).filter(([, value]) => value !== undefined));
  return { ...own, ...given, model_urls: { ...own.model_urls, ...override.model_urls } };
}
