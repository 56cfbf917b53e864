// The order of a list. The hub is asked for it, but whether it still heeds `direction` is its own affair.
import type { ModelSort, ModelSummary } from "./port.ts";

/** A new list; rows that are equal keep the hub's order. */
export function sortModels(
  models: readonly ModelSummary[],
  sort: ModelSort,
  direction: 1 | -1,
): ModelSummary[] {
  const keyOf = (model: ModelSummary): number =>
    sort === "modified" ? timeOf(model.lastModified) : model[sort];
  return models.toSorted((a, b) => direction * (keyOf(a) - keyOf(b)));
}

/** A row without a date counts as the oldest. */
function timeOf(date: string | null): number {
  const time = date === null ? Number.NaN : Date.parse(date);
  return Number.isNaN(time) ? 0 : time;
}
