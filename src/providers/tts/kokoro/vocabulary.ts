// The model's alphabet: letter → id, from `tokenizer.json` (field `model.vocab`).
import { z } from "zod";
import { AppError } from "../../../base/errors.ts";

export type Vocabulary = ReadonlyMap<string, number>;

/** Ids at both ends of every input; also the vocabulary's `$`. */
export const paddingId = 0;
/** The model's context is 512 ids, two of them padding. */
export const maxPhonemes = 510;

const tokenizerSchema = z.object({ model: z.object({ vocab: z.record(z.string(), z.number().int()) }) });

/** Throws E_VERIFY when the file is not such a vocabulary. */
export function parseVocabulary(json: unknown, path: string): Vocabulary {
  const parsed = tokenizerSchema.safeParse(json);
  if (!parsed.success) {
    throw new AppError("E_VERIFY", `${path} is no vocabulary (model.vocab is missing); download it again`, {
      path,
    });
  }
  return new Map(Object.entries(parsed.data.model.vocab));
}
