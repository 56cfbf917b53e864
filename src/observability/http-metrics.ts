// Requests by route pattern: paths, which anyone can make up, are never a label.
import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import { longBuckets, waitBuckets } from "./buckets.ts";
import type { EventHandlers } from "./system-event.ts";

const knownMethods = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);
const methodLabel = (method: string): string => (knownMethods.has(method) ? method : "other");

export function createHttpMetrics(registry: Registry): EventHandlers {
  const registers = [registry];
  const running = new Gauge({
    name: "troupe_http_requests_in_flight",
    help: "Requests under way, streamed answers until their last byte",
    registers,
  });
  const requests = new Counter({
    name: "troupe_http_requests_total",
    help: "Requests by route pattern and status",
    labelNames: ["method", "route", "status"],
    registers,
  });
  const durations = new Histogram({
    name: "troupe_http_request_duration_seconds",
    help: "Seconds from a request to the last byte of its answer",
    labelNames: ["route"],
    buckets: [...waitBuckets, ...longBuckets.filter((bound) => bound > 10)],
    registers,
  });
  const aborted = new Counter({
    name: "troupe_http_requests_aborted_total",
    help: "Requests whose client left before the end",
    labelNames: ["route"],
    registers,
  });
  const errors = new Counter({
    name: "troupe_http_errors_total",
    help: "Requests that were refused or failed, by the code that they were told",
    labelNames: ["route", "code"],
    registers,
  });
  const failures = new Counter({
    name: "troupe_http_failures_total",
    help: "Bugs, and failures after the status had gone out",
    labelNames: ["route"],
    registers,
  });

  return {
    "http-request-start": () => running.inc(),
    "http-request-end": ({ method, route, status, durationMs, wasAborted, errorCode }) => {
      running.dec();
      if (errorCode !== undefined) errors.inc({ route, code: errorCode });
      requests.inc({ method: methodLabel(method), route, status: String(status) });
      durations.observe({ route }, durationMs / 1000);
      if (wasAborted) aborted.inc({ route });
    },
    "http-request-fail": ({ route }) => failures.inc({ route }),
  };
}
