// How long each phase of an asset takes, and how downloads end.
import { Counter, Histogram, type Registry } from "prom-client";
import { AppError } from "../base/errors.ts";
import { longBuckets } from "./buckets.ts";
import type { EventHandlers } from "./system-event.ts";

export function createAssetMetrics(registry: Registry): EventHandlers {
  const registers = [registry];
  const phases = new Histogram({
    name: "troupe_asset_phase_duration_seconds",
    help: "Seconds of each phase of bringing an asset here",
    labelNames: ["phase", "outcome"],
    buckets: [0.005, 0.05, ...longBuckets],
    registers,
  });
  const downloads = new Counter({
    name: "troupe_asset_requests_total",
    help: "Assets asked for: from disk, fetched, or failed",
    labelNames: ["outcome"],
    registers,
  });
  const bytes = new Counter({
    name: "troupe_asset_downloaded_bytes_total",
    help: "Bytes fetched",
    labelNames: ["source_type"],
    registers,
  });
  const failedSources = new Counter({
    name: "troupe_asset_source_failures_total",
    help: "Sources that did not deliver, so that the next one was tried",
    labelNames: ["source_type"],
    registers,
  });
  const failures = new Counter({
    name: "troupe_asset_failures_total",
    help: "Assets that could not be had, by code",
    labelNames: ["code"],
    registers,
  });
  for (const outcome of ["cached", "fetched", "failed"]) downloads.inc({ outcome }, 0);

  return {
    "asset-phase-end": ({ phase, outcome, durationMs }) =>
      phases.observe({ phase, outcome }, durationMs / 1000),
    "asset-download-end": ({ result }) => {
      downloads.inc({ outcome: result.fromCache ? "cached" : "fetched" });
      bytes.inc({ source_type: result.sourceType }, result.downloadedBytes);
    },
    "asset-download-fail": ({ error }) => {
      downloads.inc({ outcome: "failed" });
      failures.inc({ code: error instanceof AppError ? error.code : "E_INTERNAL" });
    },
    "asset-source-fail": ({ sourceType }) => failedSources.inc({ source_type: sourceType }),
  };
}
