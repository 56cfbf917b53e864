// The real models for the tests that run on them: from the folder that TROUPE_TEST_MODELS names (default
// ~/.cache/troupe-test), brought there first when they are missing, by the project's own asset store. On a machine that
// can reach no source the tests that need them are not registered, and say so.
import { homedir } from "node:os";
import { join } from "node:path";
import { createAssetStore } from "../../src/assets/asset-store.ts";
import { defaultCatalogue } from "../../src/assets/catalogue/default-catalogue.ts";
import { AppError } from "../../src/base/errors.ts";

export const realModelsRoot = process.env.TROUPE_TEST_MODELS ?? join(homedir(), ".cache", "troupe-test");

export interface RealModels {
  /** As LoadContext's. */
  getAssetPath(name: string): Promise<string>;
  /** Of this run of tests and those before it: graphs prepared once stay prepared. */
  runtimeCacheDir: string;
}

/** `assets` are names in the catalogue. Undefined when a source cannot be reached. */
export async function findRealModels(assets: readonly string[]): Promise<RealModels | undefined> {
  const cacheRoot = join(realModelsRoot, "cache");
  await using store = createAssetStore(
    {},
    { catalogue: defaultCatalogue, assetsDir: join(realModelsRoot, "assets"), cacheRoot },
  );
  const paths = new Map<string, string>();
  for (const name of assets) {
    try {
      paths.set(name, await store.getPath(name));
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== "E_NET") throw error;
      console.log(`tests with ${name} are not run: ${error.message}`);
      return undefined;
    }
  }
  return {
    runtimeCacheDir: join(cacheRoot, "runtime"),
    async getAssetPath(name) {
      const path = paths.get(name);
      if (path === undefined) throw new Error(`the test did not ask for the model ${name}`);
      return path;
    },
  };
}
