// The ways of taking a model, each with how it would run on this machine.
import { judgeFit, selectFittingVariant } from "../../models/compatibility/judge-fit.ts";
import type { Machine } from "../../models/compatibility/machine.ts";
import { escapePattern } from "../../models/download/select-files.ts";
import type { HubModel } from "../../models/hub/port.ts";
import { listVariants, selectVariantFiles } from "../../models/variants.ts";
import type { Choice } from "./browse-state.ts";

/** The variants, smallest first, and then everything; of a model that has none, everything alone. */
export function listChoices(machine: Machine, model: Pick<HubModel, "files">): Choice[] {
  const { files } = model;
  const variants = listVariants(files);
  const fitting = selectFittingVariant(machine, files);
  const sumOf = (chosen: Choice["files"]): number =>
    chosen.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const judged = (name: string, chosen: Choice["files"], isEverything: boolean): Choice => {
    const { compatibility, warnings } = judgeFit(machine, chosen, files);
    return {
      name,
      files: chosen,
      sizeBytes: sumOf(chosen),
      include: isEverything ? null : chosen.map(({ path }) => escapePattern(path)),
      fit: compatibility,
      isRecommended: !isEverything && name === fitting?.name,
      warnings,
    };
  };
  if (variants.length < 2) return files.length === 0 ? [] : [judged("everything", files, true)];
  return [
    ...variants.map((variant) => judged(variant.name, selectVariantFiles(files, variant), false)),
    judged("everything", files, true),
  ];
}
