// What has to be on disk: for the chosen voice, and for what the project file declares or its agents cannot do without.
import { encodeError } from "../../../base/errors.ts";
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

/** Those that `troupe models` keeps. A registry that cannot be read is told here first. */
export async function checkHubModels({ library }: Pick<CliApp, "library">): Promise<Check> {
  const name = "installed models";
  try {
    const models = await library.list();
    const names = models.map(({ modelId, path }) =>
      path === null ? `${modelId} (its files are gone)` : modelId,
    );
    const remedy = "troupe models gc takes what is gone out of the registry";
    return {
      name,
      ok: true,
      detail: names.length === 0 ? "none of the hub's" : names.join(", "),
      ...(models.some(({ path }) => path === null) && { remedy }),
    };
  } catch (error) {
    const { error_code: code, message } = encodeError(error);
    return {
      name,
      ok: false,
      detail: message,
      code,
      remedy: "run troupe doctor again; troupe models scan shows what is there",
    };
  }
}
