// Where one model of a provider comes from, in each of the forms that a project file may say it in.
import { z } from "zod";
import { archiveFormats, relativePath, webUrl } from "../asset-schema.ts";
import { providerPathSegment } from "./path-segment.ts";

const sha256 = z
  .string()
  .regex(/^(sha256:)?[0-9a-f]{64}$/i, 'must be "sha256:" and 64 hex digits')
  .transform((text) => text.replace(/^sha256:/i, "").toLowerCase());

const oneUrl = z.strictObject({
  url: webUrl,
  /** Bytes of what the URL gives. */
  size: z.int().positive().optional(),
  /** Default: what the URL says, or else the file's own name (archive-format.ts). */
  extract: z.boolean().optional(),
  /** Of what the URL gives: the archive's, when it is extracted. */
  checksum: sha256.optional(),
  /** Of the archive. */
  format: z.enum(archiveFormats).optional(),
  description: z.string().optional(),
});

const pack = z.strictObject({
  /** Name in the model's folder → URL; all of them, or the model is not there. */
  files: z
    .record(relativePath, webUrl)
    .refine((files) => Object.keys(files).length > 0, "names no file")
    .refine((files) => {
      const names = Object.keys(files).map((name) => name.toLowerCase());
      return new Set(names).size === names.length;
    }, "has two names that collide"),
  description: z.string().optional(),
});

const origin = z.enum(["auto", "local"]);

/**
 * `"auto"`: the provider, or this program for it, knows where from. `"local"`: it has to be there. Else a URL, with or
 * without what is known of its bytes, or a pack of several files.
 */
export const modelEntrySchema = z.unknown().transform((given, context): ModelEntry => {
  const schema =
    typeof given === "string"
      ? origin.options.some((word) => word === given)
        ? origin
        : webUrl.transform((url) => ({ url }))
      : typeof given === "object" && given !== null && "files" in given
        ? pack
        : oneUrl;
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues) {
    const [unknownKey] = issue.code === "unrecognized_keys" ? issue.keys : [];
    const path = unknownKey === undefined ? issue.path : [...issue.path, unknownKey];
    const message = unknownKey === undefined ? explain(given, issue.message) : "there is no such field";
    context.addIssue({ code: "custom", path: [...path], message });
  }
  return z.NEVER;
});

export type ModelEntry = "auto" | "local" | z.output<typeof oneUrl> | z.output<typeof pack>;

export const modelUrlsSchema = z.record(providerPathSegment, modelEntrySchema);
export type ModelUrls = z.output<typeof modelUrlsSchema>;

const explain = (given: unknown, message: string): string =>
  typeof given === "string" ? `${message}; it is a URL, "auto" or "local"` : message;
