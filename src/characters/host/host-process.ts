// The character host: the child process in which all character code runs, in cells. Its main thread runs none of it.
import { writeFileSync } from "node:fs";
import { createBoundedQueue } from "../../base/bounded-queue.ts";
import { serveParent } from "../../base/child-process.ts";
import type { CallContext, CallHandlers } from "../../base/message-channel.ts";
import type { ChatMessage } from "../port.ts";
import { createCellPool } from "./cell-pool.ts";
import type { EvaluationLine } from "./evaluation-line.ts";
import type { CharacterSource, HostIncident, HostOptions, WireContext } from "./host-protocol.ts";
import { createResidents } from "./residents.ts";

/** Incidents that may wait for the serving process; beyond that output lines are dropped. */
const incidentLimit = 1000;

interface VersionCall {
  versionId: string;
  source: CharacterSource | undefined;
  context: WireContext;
}

function serveCharacters(options: HostOptions): void {
  const incidents = createBoundedQueue<HostIncident>(incidentLimit);
  const report = (incident: HostIncident): void => {
    // The last tenth is kept for what matters more than a line of output.
    if (incident.kind !== "output" || incidents.size < incidentLimit * 0.9) incidents.push(incident);
  };
  const pool = createCellPool({ report }, options);
  let line: Promise<EvaluationLine> | undefined;
  const openLine = async (): Promise<EvaluationLine> => {
    const { createEvaluationLine } = await import("./evaluation-line.ts");
    return createEvaluationLine({ pool, report }, options);
  };
  if (options.purpose === "trial") line = openLine();
  const residents = createResidents({ pool, report }, options);

  const handlers: CallHandlers = {
    evaluate: async (params: { source: CharacterSource; isAlone: boolean }, { signal }: CallContext) => {
      line ??= openLine();
      return (await line).evaluate(params.source, params.isAlone, signal);
    },
    prompt: ({ versionId, source, context }: VersionCall, { signal }: CallContext) =>
      residents.call({
        versionId,
        source,
        method: "prompt",
        params: { context },
        timeoutMs: options.promptTimeoutMs,
        signal,
      }),
    tool: (
      params: VersionCall & { name: string; args: unknown; timeoutMs: number },
      { signal }: CallContext,
    ) => {
      const { versionId, source, name, args, context, timeoutMs } = params;
      return residents.call({
        versionId,
        source,
        method: "tool",
        params: { name, args, context },
        timeoutMs,
        signal,
      });
    },
    reply: async (params: VersionCall & { messages: readonly ChatMessage[] }, channel: CallContext) => {
      const { versionId, source, messages, context } = params;
      const pieces = residents.stream({
        versionId,
        source,
        method: "reply",
        params: { messages, context },
        timeoutMs: options.replyTimeoutMs,
        signal: channel.signal,
      });
      for await (const piece of pieces) await channel.emit(piece);
    },
    pulse: () => true,
    retire: (versionIds: readonly string[]) => residents.retire(versionIds),
    incidents: async (_: null, channel: CallContext) => {
      for await (const incident of incidents) await channel.emit(incident);
    },
  };
  serveParent(handlers);
}

/** When the machine runs out of memory, Linux shall end this process before the one that serves. */
function volunteerForTheOutOfMemoryKiller(): void {
  try {
    writeFileSync("/proc/self/oom_score_adj", "800");
  } catch {
    // Other systems have no such file.
  }
}

volunteerForTheOutOfMemoryKiller();
serveCharacters(JSON.parse(process.argv[2] ?? "{}") as HostOptions);
