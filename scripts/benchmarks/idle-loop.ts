// A process that does nothing, for comparison: what its event loop is late by is the machine's doing. Argument: seconds.
import { monitorEventLoopDelay } from "node:perf_hooks";

const delay = monitorEventLoopDelay({ resolution: 5 });
delay.enable();
await Bun.sleep(Number(process.argv[2] ?? "5") * 1000);
process.stdout.write(JSON.stringify({ p50: delay.percentile(50) / 1e6, p99: delay.percentile(99) / 1e6 }));
process.exit(0);
