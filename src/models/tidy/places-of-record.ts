// The engine's own idea of where an install lies, so that what is taken away here is locked and cleared as the engine does.
import { createAssetLayout, type AssetPlaces } from "../../assets/asset-layout.ts";
import { assetSchema } from "../../assets/asset-schema.ts";
import { isInside, type Located, relativeTo } from "../../assets/registry/locate.ts";
import type { RegistryRecord } from "../../assets/registry/record.ts";
import { type ModelWorld, rootsOf } from "../world.ts";

type Roots = Pick<ModelWorld, "modelsRoot" | "assetsDir" | "cacheRoot">;

/** Null for what lies outside of the roots, or is no place that the engine would have chosen. */
export const placesOfRecord = (
  world: Roots,
  id: string,
  record: RegistryRecord,
  located: Located,
): AssetPlaces | null =>
  isInside(located.path, rootsOf(world)) ? placesAnywhere(world, id, record, located) : null;

/** Also of what lies outside of the roots, of which only the engine's own record may be touched. */
export function placesAnywhere(
  world: Roots,
  id: string,
  record: RegistryRecord,
  { path, isFile }: Located,
): AssetPlaces | null {
  const layout = createAssetLayout(world.assetsDir, world.cacheRoot, world.modelsRoot);
  const sources = [{ type: "local", path: "." }];
  if (record.kind === "declared") {
    const [assetType, name, version, ...rest] = relativeTo(world.assetsDir, path)?.split("/") ?? [];
    const parsed = assetSchema.safeParse({ name, version, assetType, sources });
    return parsed.success && rest.length === 0 ? layout.placesOf(parsed.data) : null;
  }
  const kind = record.kind === "provider" ? "provider" : "hub";
  const parsed = assetSchema.safeParse({ name: id, place: { path, isFile, kind }, sources });
  return parsed.success ? layout.placesOf(parsed.data) : null;
}
