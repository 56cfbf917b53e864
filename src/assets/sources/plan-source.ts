// One entry to all kinds of sources.
import type { AssetSource } from "../asset-schema.ts";
import type { Tokens } from "../credentials.ts";
import type { HttpDependencies } from "../transfer/http-request.ts";
import { createHttpPlan } from "./http.ts";
import { createHubPlan } from "./hub.ts";
import { createLocalPlan } from "./local.ts";
import { createNpmPlan } from "./npm.ts";
import type { PlanSource } from "./source.ts";
import type { ViewPackage } from "./view-package.ts";

export interface PlanSourceOptions {
  hubEndpoint: string;
  tokens: Tokens;
  projectFolder: string;
  stallMs: number;
}

export function createPlanSource(
  dependencies: HttpDependencies & { viewPackage: ViewPackage },
  options: PlanSourceOptions,
): PlanSource<AssetSource> {
  const { hubEndpoint: endpoint, tokens, projectFolder, stallMs } = options;
  const planHub = createHubPlan(dependencies, { endpoint, findToken: tokens.find, stallMs });
  const planHttp = createHttpPlan(tokens.find);
  const planNpm = createNpmPlan(dependencies.viewPackage);
  const planLocal = createLocalPlan({ baseFolder: projectFolder, packagesFrom: import.meta.dir });
  return (source, request) => {
    switch (source.type) {
      case "hf":
        return planHub(source, request);
      case "http":
        return planHttp(source, request);
      case "npm":
        return planNpm(source, request);
      case "local":
        return planLocal(source, request);
    }
  };
}
