// What serves: the stage, the page, voice sessions and the listeners, from what the composition root has made.
import type { AnyEvent } from "./base/events.ts";
import type { Clock } from "./base/clock.ts";
import type { CliApp, RunningServer } from "./cli/app-port.ts";
import type { Settings } from "./config/settings-schema.ts";
import { ensureRoots } from "./config/storage-roots.ts";
import { createMetrics } from "./observability/metrics.ts";
import { createServer } from "./server/create-server.ts";
import { listenOnPorts } from "./server/listen.ts";
import { loadTls } from "./server/load-tls.ts";
import { createRealtime, type RealtimeParts } from "./server/realtime/create-realtime.ts";
import type { Services } from "./server/services.ts";
import { openConversationStore } from "./session/conversation-store.ts";
import { synthesizeStream } from "./session/sentence-stream.ts";
import type { TurnJudges } from "./turn-judges.ts";
import { createWebApp } from "./web/serve-web-app.ts";

/** What the routes need and does not begin with serving. */
export type SharedServices = Omit<
  Services,
  "startedAt" | "stage" | "metrics" | "userName" | "conversations" | "access"
>;

export interface ServingParts extends Pick<RealtimeParts, "condense" | "mayReplyEarly"> {
  clock: Clock;
  roots: Parameters<typeof ensureRoots>[0];
  openStage: CliApp["openStage"];
  loadJudges: TurnJudges["load"];
  historyTokens: number;
}

export async function serveApp(
  shared: SharedServices,
  parts: ServingParts,
  settings: Settings,
): Promise<RunningServer> {
  const { clock, condense, mayReplyEarly, historyTokens } = parts;
  const { events, speech, replies } = shared;
  await ensureRoots(parts.roots);
  await using held = new AsyncDisposableStack();
  const metrics = held.use(createMetrics(events, { clock }));
  const [stage, webApp, judges] = await Promise.all([
    parts.openStage({ watch: true }),
    createWebApp(),
    parts.loadJudges(),
  ]);
  held.use(stage);
  const conversationsFile = settings["conversations.file"];
  const onTrouble = (error: unknown): void => events.emit({ type: "background-failure", error } as AnyEvent);
  const conversations =
    conversationsFile === undefined
      ? undefined
      : held.use(openConversationStore({ clock, onTrouble }, { file: conversationsFile }));
  const services: Services = {
    ...shared,
    startedAt: clock.wallTime(),
    stage,
    metrics,
    userName: settings.user_name,
    conversations,
    access: {
      apiKeys: settings["server.api_keys"],
      allowedOrigins: settings["server.allowed_origins"],
    },
  };
  const realtime = held.use(
    createRealtime(
      services,
      {
        maxSessions: settings["server.max_sessions"],
        maxSessionMs: settings["session.max_minutes"] * 60_000,
        maxSessionTokens: settings["session.max_tokens"] ?? undefined,
        idleMs: settings["session.idle_minutes"] * 60_000,
        maxInputMs: settings["session.max_input_minutes"] * 60_000,
        maxMessageBytes: Math.round(settings["session.max_message_mb"] * 2 ** 20),
        aheadMs: settings["session.ahead_seconds"] * 1000,
        stuckMs: settings["session.stuck_seconds"] * 1000,
        characterChanges: settings["session.characters"],
        historyTokens,
        recording:
          settings["recording.dir"] === undefined
            ? undefined
            : { dir: settings["recording.dir"], includeAudio: settings["recording.audio"] },
      },
      { speakText: synthesizeStream, ...judges, condense, mayReplyEarly, clock },
    ),
  );
  const limits = {
    concurrentRequests: settings["server.concurrent_requests"],
    requestsPerMinute: settings["server.requests_per_minute"] ?? undefined,
  };
  const server = held.use(
    createServer(services, { webApp, realtime, limits, speakText: synthesizeStream, clock }),
  );
  const tls = { certFile: settings["server.tls_cert"], keyFile: settings["server.tls_key"] };
  const listener = held.use(
    listenOnPorts(server, {
      hostname: settings["server.host"],
      port: settings["server.port"],
      tls: loadTls(tls, clock),
      tlsPort: settings["server.tls_port"] ?? undefined,
      insecure: settings["server.insecure"],
      drainMs: settings["server.drain_seconds"] * 1000,
    }),
  );
  // Text is served from here on; voices and reply servers come as they come, and their states are on the page.
  void speech.start();
  void replies.probe().catch(onTrouble);
  const running = held.move();
  return {
    url: listener.url,
    tlsUrl: listener.tlsUrl,
    drain: () => listener.drain(),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
