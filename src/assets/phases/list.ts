// The order of an asset's way to disk. Engine, events, metrics and tests all follow this one list.
import type { PhaseStep } from "../asset-job.ts";
import { download, unpack, verify } from "./fetch.ts";
import { lock, recheck, resolve, space } from "./find.ts";
import { place, register } from "./place.ts";
import type { PhaseTools } from "./tools.ts";

export function listPhases(tools: PhaseTools): readonly PhaseStep[] {
  return [
    { name: "resolve", per: "asset", run: resolve },
    { name: "lock", per: "asset", run: (job) => lock(job, tools) },
    { name: "recheck", per: "asset", run: (job) => recheck(job, tools) },
    { name: "space", per: "asset", run: (job) => space(job, tools) },
    { name: "download", per: "source", run: (job, delivery) => download(job, delivery, tools) },
    { name: "verify", per: "source", run: verify },
    { name: "unpack", per: "source", run: (job, delivery) => unpack(job, delivery, tools) },
    { name: "place", per: "asset", run: (job) => place(job, tools) },
    { name: "register", per: "asset", run: (job) => register(job, tools) },
  ];
}
