// What this program knows by itself, and what the operator declares. Of two with one name the operator's counts: a house
// with its own mirror, or its own build of a model, has to be able to say so.
import type { AssetDefinition } from "../asset-schema.ts";

export function mergeCatalogues(
  builtIn: readonly AssetDefinition[],
  declared: readonly AssetDefinition[],
): AssetDefinition[] {
  const names = new Set(declared.map(({ name }) => name));
  return [...builtIn.filter(({ name }) => !names.has(name)), ...declared];
}
