// The order of an asset's way to disk. Engine, events, metrics and tests all follow this one list.
import type { PhaseStep } from "../asset-job.ts";
import { download } from "./fetch.ts";
import { askCompatible, askLicence, mirrorConfig } from "./asked-of-others.ts";
import { lock, quota, recheck, resolve, space } from "./find.ts";
import { place, register } from "./place.ts";
import type { PhaseDependencies } from "./phase-dependencies.ts";
import { verify } from "./prove.ts";
import { unpack } from "./unpack.ts";

export function listPhases(dependencies: PhaseDependencies): readonly PhaseStep[] {
  return [
    { name: "resolve", per: "asset", run: (job) => resolve(job, dependencies) },
    { name: "licence", per: "asset", run: askLicence },
    { name: "compatibility", per: "asset", run: askCompatible },
    { name: "lock", per: "asset", run: (job) => lock(job, dependencies) },
    { name: "recheck", per: "asset", run: (job) => recheck(job, dependencies) },
    { name: "quota", per: "asset", run: quota },
    { name: "space", per: "asset", run: (job) => space(job, dependencies) },
    { name: "download", per: "source", run: (job, delivery) => download(job, delivery, dependencies) },
    { name: "verify", per: "source", run: verify },
    { name: "unpack", per: "source", run: (job, delivery) => unpack(job, delivery, dependencies) },
    { name: "place", per: "asset", run: (job) => place(job, dependencies) },
    { name: "register", per: "asset", run: (job) => register(job, dependencies) },
    { name: "mirror-config", per: "asset", run: mirrorConfig },
  ];
}
