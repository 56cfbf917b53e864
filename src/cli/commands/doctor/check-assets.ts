// What has to be on disk: for the chosen voice, and for what the project file declares or its agents cannot do without.
import type { CliApp } from "../../app-port.ts";
import type { Check } from "./check.ts";

export function checkAssets(
  app: Pick<CliApp, "assets" | "defaultAssets" | "projectAssets">,
): Promise<Check[]> {
  const names = [...new Set([...app.defaultAssets, ...app.projectAssets])];
  return Promise.all(
    names.map(async (asset): Promise<Check> => {
      const status = await app.assets.status(asset);
      const name = `asset ${asset}`;
      if (status.status === "cached") return { name, ok: true, detail: status.path };
      const share = status.partialFraction;
      const detail = share === undefined ? status.status : `${status.status} ${Math.floor(share * 100)}%`;
      return { name, ok: false, detail, code: "E_NOT_FOUND", remedy: `troupe assets download ${asset}` };
    }),
  );
}

export async function checkOldModels(app: Pick<CliApp, "findOldModels">): Promise<Check[]> {
  const found = await app.findOldModels();
  if (found.length === 0) return [];
  const detail = found.map(({ kind, provider, path }) => `${path} (${kind}.${provider})`).join(", ");
  return [{ name: "models in old places", ok: true, detail, remedy: "troupe models migrate moves them" }];
}
