// What the hub says of a model, and what of it counts here. What is not relied on is not looked at; what a mirror leaves
// out has a default, but a row without an id is no model.
import { z } from "zod";
import type { GatedState, ModelSummary } from "./port.ts";

const text = z.string().nullish().catch(null);
const count = z.number().nonnegative().nullish().catch(0);
const texts = z.union([z.string().transform((one) => [one]), z.array(z.string())]);

export const modelRowSchema = z
  .object({
    /** Old answers have `modelId` alone. */
    id: z.string().min(1).optional(),
    modelId: z.string().min(1).optional(),
    lastModified: text,
    likes: count,
    downloads: count,
    library_name: text,
    tags: z.array(z.string()).nullish().catch([]),
    gated: z.union([z.boolean(), z.string()]).nullish().catch(false),
    cardData: z
      .object({ license: texts.nullish().catch(null), license_name: text, license_link: text })
      .nullish()
      .catch(null),
  })
  .refine((row) => row.id !== undefined || row.modelId !== undefined, "a model has an id");
export type ModelRow = z.infer<typeof modelRowSchema>;

export const modelListSchema = z.array(modelRowSchema);

/** A commit is git's digest; a mirror that names its states otherwise is taken at its word. */
export const modelInfoSchema = modelRowSchema.and(z.object({ sha: z.string().regex(/^\w[\w.-]{0,127}$/) }));

export function summarizeRow(row: ModelRow): ModelSummary {
  const tags = row.tags ?? [];
  return {
    modelId: row.id ?? row.modelId ?? "",
    lastModified: row.lastModified ?? null,
    likes: row.likes ?? 0,
    downloads: row.downloads ?? 0,
    libraryName: row.library_name ?? null,
    license: findLicense(row.cardData?.license ?? null, tags),
    gated: parseGated(row.gated),
    tags,
  };
}

function findLicense(fromCard: readonly string[] | null, tags: readonly string[]): string | null {
  const names = fromCard ?? tags.flatMap((tag) => /^license:(.+)$/.exec(tag)?.[1] ?? []);
  return names.length === 0 ? null : names.join(", ");
}

/** Any word means that somebody has to be let in; one that is not known is taken for the stricter kind. */
function parseGated(gated: ModelRow["gated"]): GatedState {
  if (!gated) return false;
  return gated === "auto" ? "auto" : "manual";
}
