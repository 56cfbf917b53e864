// Engines: loads, exits, and how long jobs wait and run.
import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import { createBoundedLabel } from "./bounded-label.ts";
import { longBuckets, waitBuckets } from "./buckets.ts";
import type { EventHandlers } from "./system-event.ts";

/** More engines and methods than the catalogue has. */
const labelLimit = 50;

export function createSpeechMetrics(registry: Registry): EventHandlers {
  const registers = [registry];
  const up = new Gauge({
    name: "troupe_engine_up",
    help: "1 while the engine's process is loaded",
    labelNames: ["engine"],
    registers,
  });
  const loads = new Histogram({
    name: "troupe_engine_load_duration_seconds",
    help: "Seconds until a starting engine answers",
    labelNames: ["engine"],
    buckets: longBuckets,
    registers,
  });
  const loadFailures = new Counter({
    name: "troupe_engine_load_failures_total",
    help: "Engines that did not start",
    labelNames: ["engine"],
    registers,
  });
  const exits = new Counter({
    name: "troupe_engine_exits_total",
    help: "Engine processes that ended by themselves",
    labelNames: ["engine", "was_busy"],
    registers,
  });
  const waits = new Histogram({
    name: "troupe_engine_job_wait_seconds",
    help: "Seconds that jobs wait for their engine",
    labelNames: ["engine", "method"],
    buckets: waitBuckets,
    registers,
  });
  const jobs = new Histogram({
    name: "troupe_engine_job_duration_seconds",
    help: "Seconds that jobs run",
    labelNames: ["engine", "method", "outcome"],
    buckets: waitBuckets,
    registers,
  });
  const engineLabel = createBoundedLabel(labelLimit);
  const methodLabel = createBoundedLabel(labelLimit);

  return {
    "engine-load-end": ({ engine: id, durationMs }) => {
      const engine = engineLabel(id);
      up.set({ engine }, 1);
      loads.observe({ engine }, durationMs / 1000);
    },
    "engine-load-fail": ({ engine }) => loadFailures.inc({ engine: engineLabel(engine) }),
    "engine-exit": ({ engine: id, wasBusy }) => {
      const engine = engineLabel(id);
      up.set({ engine }, 0);
      exits.inc({ engine, was_busy: String(wasBusy) });
    },
    "engine-unload": ({ engine }) => up.set({ engine: engineLabel(engine) }, 0),
    "engine-job-end": ({ engine: id, method: name, waitMs, durationMs, outcome }) => {
      const [engine, method] = [engineLabel(id), methodLabel(name)];
      waits.observe({ engine, method }, waitMs / 1000);
      jobs.observe({ engine, method, outcome }, durationMs / 1000);
    },
  };
}
