// The process itself. prom-client's own defaults are not used: on Bun 1.4.4 half of them are zero and its heap figure is
// the address space.
import { readdirSync } from "node:fs";
import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { Clock } from "../base/clock.ts";

/** Between two looks at how late a timer comes. */
const sampleEveryMs = 20;

/** Watches the event loop until disposed; the other figures are read when asked for. */
export function createProcessMetrics(registry: Registry, clock: Clock): Disposable {
  const startTime = new Gauge({
    name: "process_start_time_seconds",
    help: "Start of the process, in seconds since 1970",
    registers: [],
  });
  startTime.set(Date.now() / 1000 - process.uptime());
  registry.registerMetric(startTime);
  registerReading(registry, "process_resident_memory_bytes", "Resident memory", () =>
    process.memoryUsage.rss(),
  );
  registerReading(
    registry,
    "troupe_heap_used_bytes",
    "JavaScript heap in use",
    () => process.memoryUsage().heapUsed,
  );
  if (countOpenFiles() !== undefined) {
    registerReading(registry, "process_open_fds", "Open file descriptors", () => countOpenFiles() ?? 0);
  }
  const cpu = new Counter({
    name: "process_cpu_seconds_total",
    help: "CPU time of the process, user and system",
    registers: [],
    collect() {
      const { user, system } = process.cpuUsage();
      this.reset();
      this.inc((user + system) / 1e6);
    },
  });
  registry.registerMetric(cpu);
  return watchEventLoop(registry, clock);
}

/** A gauge that is read when somebody asks. */
function registerReading(registry: Registry, name: string, help: string, read: () => number): void {
  const gauge = new Gauge({
    name,
    help,
    registers: [],
    collect() {
      this.set(read());
    },
  });
  registry.registerMetric(gauge);
}

/** Undefined where the system has no /proc. */
function countOpenFiles(): number | undefined {
  try {
    return readdirSync("/proc/self/fd").length;
  } catch {
    return undefined;
  }
}

function watchEventLoop(registry: Registry, clock: Clock): Disposable {
  const delay = new Histogram({
    name: "troupe_event_loop_delay_seconds",
    help: `How late a timer of ${sampleEveryMs} ms comes`,
    buckets: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 5],
    registers: [registry],
  });
  let timer: Disposable | undefined;
  const arm = (): void => {
    const dueMs = clock.nowMs() + sampleEveryMs;
    timer = clock.schedule(() => {
      delay.observe(Math.max(0, clock.nowMs() - dueMs) / 1000);
      arm();
    }, sampleEveryMs);
  };
  arm();
  return { [Symbol.dispose]: () => timer?.[Symbol.dispose]() };
}
