// The program under fire, in a process of its own: serves with the settings that it is given, and tells its parent what it
// holds when asked.
import { heapStats } from "bun:jsc";
import { readdirSync } from "node:fs";
import { createApp } from "../../src/app.ts";
import { loadSettings } from "../../src/config/load-settings.ts";

export interface Holdings {
  rssBytes: number;
  openFiles: number;
  timers: number;
  sockets: number;
  abortSignals: number;
  promises: number;
}

const { home, overrides } = JSON.parse(process.argv[2] ?? "{}") as {
  home: string;
  overrides: Record<string, unknown>;
};
const app = await createApp(loadSettings({ env: { HOME: home }, cwd: home, overrides }), {
  version: "0.0.0-chaos",
  logs: "none",
});
const server = await app.serve();
await app.speech.start();

const count = (): Holdings => {
  for (let i = 0; i < 3; i++) Bun.gc(true);
  const { objectTypeCounts } = heapStats();
  const of = (...types: string[]): number =>
    types.reduce((sum, type) => sum + (objectTypeCounts[type] ?? 0), 0);
  return {
    rssBytes: process.memoryUsage.rss(),
    openFiles: readdirSync("/proc/self/fd").length,
    timers: of("Timeout", "Immediate"),
    sockets: of("ServerWebSocket", "TCPSocket", "TLSSocket", "Socket"),
    abortSignals: of("AbortSignal"),
    promises: of("Promise"),
  };
};

process.on("message", () => process.send?.({ holdings: count() }));
process.on("disconnect", () => process.exit(0));
process.send?.({ url: server.url });
