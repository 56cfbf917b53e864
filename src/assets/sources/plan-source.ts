// One entry to all kinds of sources.
import type { AssetSource } from "../asset-schema.ts";
import type { HttpDependencies } from "../transfer/http-request.ts";
import { planHttp } from "./http.ts";
import { createHubPlan } from "./hub.ts";
import { createLocalPlan } from "./local.ts";
import { createNpmPlan } from "./npm.ts";
import type { PlanSource } from "./source.ts";
import type { ViewPackage } from "./view-package.ts";

export interface PlanSourceOptions {
  hubEndpoint: string;
  hubToken: { value: string; variable: string } | undefined;
  projectFolder: string;
  stallMs: number;
}

export function createPlanSource(
  dependencies: HttpDependencies & { viewPackage: ViewPackage },
  options: PlanSourceOptions,
): PlanSource<AssetSource> {
  const { hubEndpoint: endpoint, hubToken: token, projectFolder, stallMs } = options;
  const planHub = createHubPlan(dependencies, { endpoint, token, stallMs });
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
