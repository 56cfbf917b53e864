// Chooses the reply model: what is configured, else a local server that answers at its usual port, else none.
import { throwIfAborted, waitFor } from "../base/deadline.ts";
import type { EngineEvent } from "../base/engine.ts";
import type { Emit } from "../base/events.ts";
import { AppError } from "../base/errors.ts";
import { isLoopback, planReplySource, type ReplyServer, type ReplySettings } from "./plan-reply-source.ts";
import { type ProbeResult, probeServer, selectChatModel } from "./probe-server.ts";
import type { ReplyModel } from "./port.ts";
import {
  createRefusingModel,
  createServerModel,
  type ServerModelDependencies,
  type ServerModelOptions,
} from "./server-model.ts";
import { createLocalReplySource, type LocalReplyDependencies } from "./local-reply-source.ts";
import type { ReplySource, ReplySourceEvent, ReplyStatus } from "./source.ts";

export interface ReplySourceDependencies extends ServerModelDependencies {
  emit: Emit<ReplySourceEvent | EngineEvent>;
  /** For `source = "local"`. */
  local: LocalReplyDependencies;
}

export interface ReplySourceOptions extends ReplySettings, ServerModelOptions {
  /** Where to look when nothing is configured; default: the usual ports of `localSourceIds`. */
  probeUrls?: readonly string[] | undefined;
  /** For one look at a server on this machine that may be there; default 300. One that is configured has ten times as long. */
  probeTimeoutMs?: number | undefined;
  /** Between looks; default 15,000. A remote server that is up is not asked again until a reply fails. */
  probeIntervalMs?: number | undefined;
}

/** Looks at remote servers that stay down come ever more rarely, down to one in this many intervals. */
const maxBackoff = 20;

/**
 * Nothing is asked before the first `probe()`; from then on it looks again by itself. Throws E_ARGS for settings that make
 * no sense; what cannot work for want of a key, a model or a network is told by `status()` and by every reply.
 */
export function createReplySource(
  dependencies: ReplySourceDependencies,
  options: ReplySourceOptions,
): ReplySource {
  const { clock, emit, fetch } = dependencies;
  const { probeTimeoutMs = 300, probeIntervalMs = 15_000 } = options;
  const plan = planReplySource(options);
  if (plan.kind === "local")
    return createLocalReplySource({ ...dependencies, ...dependencies.local }, options);
  const servers = listServers();
  const isConfigured = plan.kind === "server";
  const closed = new AbortController();
  let status: ReplyStatus = describeStart();
  /** The server in force and its model's name, as far as known. */
  let chosen: { server: ReplyServer; model: string } | undefined =
    isConfigured && servers[0] ? { server: servers[0], model: servers[0].model ?? "" } : undefined;
  let model: ReplyModel | undefined =
    plan.kind === "refuse"
      ? createRefusingModel(plan.source, plan.error)
      : chosen && createModel(chosen.server);
  let running: Promise<ReplyStatus> | undefined;
  let timer: Disposable | undefined;
  let failures = 0;

  function listServers(): readonly ReplyServer[] {
    if (plan.kind === "server") return [plan.server];
    if (plan.kind !== "look") return [];
    const listed = options.probeUrls?.map((baseUrl): ReplyServer => {
      const usual = plan.servers.find((server) => server.baseUrl === baseUrl);
      const isLocal = isLoopback(new URL(baseUrl).hostname);
      const shape = { source: "openai-compatible", title: "the reply server", model: options.model } as const;
      return usual ?? { ...shape, provider: "openai-compatible", baseUrl, isLocal };
    });
    return (listed ?? plan.servers).filter((server) => server.isLocal || options.isOffline !== true);
  }

  function describeStart(): ReplyStatus {
    if (plan.kind === "none") return { isUp: false, source: "none", detail: plan.detail };
    if (plan.kind === "refuse") return { isUp: false, source: plan.source, detail: plan.error.message };
    const source = plan.kind === "server" ? plan.server.source : "none";
    return { isUp: false, source, model: options.model, detail: "not looked for yet" };
  }

  function createModel(server: ReplyServer): ReplyModel {
    return createServerModel(dependencies, server, options, {
      getModel: () => (chosen?.server === server ? chosen.model : (server.model ?? "")),
      async ensureModel() {
        const { detail } = await source.probe();
        if (chosen?.model) return chosen.model;
        throw new AppError("E_NET", detail ?? `${server.title} has no model`, { url: server.baseUrl });
      },
      onFailure: () => void source.probe().catch(() => undefined),
    });
  }

  const look = async (server: ReplyServer): Promise<ProbeResult> =>
    await probeServer(fetch, server, {
      // Where nobody may be there a look is short; one that was named, or is far away, is waited for.
      timeoutMs: server.isLocal && !isConfigured ? probeTimeoutMs : probeTimeoutMs * 10,
      signal: closed.signal,
    });

  /** Which model of those listed is to speak. The one in force stays while it is there. */
  function pickModel(server: ReplyServer, models: readonly string[]): string | undefined {
    if (server.model !== undefined) {
      const wanted = server.model;
      // Ollama lists "llama3.2:latest" and takes "llama3.2".
      const isListed = models.some((name) => name === wanted || name === `${wanted}:latest`);
      return isConfigured || isListed ? wanted : undefined;
    }
    const last = chosen?.server === server ? chosen.model : undefined;
    return last && models.includes(last) ? last : selectChatModel(models);
  }

  function judge(results: readonly ProbeResult[]): ReplyStatus {
    const found = servers.flatMap((server, index) => {
      const result = results[index];
      const name = result?.state === "up" ? pickModel(server, result.models) : undefined;
      return name === undefined ? [] : [{ server, model: name }];
    });
    // A change of servers in mid-talk would be heard: the one in force stays while it answers.
    const next = found.find((candidate) => candidate.server === chosen?.server) ?? found[0];
    if (next) {
      if (next.server !== chosen?.server) model = createModel(next.server);
      chosen = next;
      const { title, baseUrl, source } = next.server;
      return { isUp: true, source, model: next.model, detail: `${title} at ${baseUrl}` };
    }
    const index = chosen ? servers.indexOf(chosen.server) : -1;
    const result = results[index];
    // Busy is not gone: a machine at work on a long answer may miss a short deadline.
    if (result?.state === "slow" && status.isUp) return status;
    const details = results.map((each, i) => describeFailure(each, servers[i]));
    if (isConfigured) return { ...status, isUp: false, detail: details[0] };
    chosen = undefined;
    model = undefined;
    return { isUp: false, source: "none", detail: details.join("; ") || "no reply server is allowed" };
  }

  function describeFailure(result: ProbeResult, server: ReplyServer | undefined): string {
    if (result.state !== "up") return result.detail;
    const wanted = server?.model === undefined ? "model to chat with" : `model ${server.model}`;
    return `${server?.title} at ${server?.baseUrl} has no ${wanted}`;
  }

  async function probeAll(): Promise<ReplyStatus> {
    timer?.[Symbol.dispose]();
    try {
      const next = judge(await Promise.all(servers.map(look)));
      failures = next.isUp ? 0 : failures + 1;
      // The SDK's import takes longer than a turn may: it is paid here, not by the first reply.
      if (next.isUp && chosen) await dependencies.loaders[chosen.server.provider]();
      const isNew = (["isUp", "source", "model", "detail"] as const).some((key) => next[key] !== status[key]);
      status = next;
      if (isNew) emit({ type: "reply-source-change", status });
      return status;
    } finally {
      running = undefined;
      scheduleNext();
    }
  }

  function scheduleNext(): void {
    const isLocal = servers.every((server) => server.isLocal);
    if (closed.signal.aborted || (!isLocal && status.isUp)) return;
    const backoff = isLocal ? 1 : Math.min(maxBackoff, 2 ** Math.max(0, failures - 1));
    timer = clock.schedule(() => void source.probe().catch(() => undefined), probeIntervalMs * backoff);
  }

  const source: ReplySource = {
    current: () => model,
    status: () => status,
    async probe(signal) {
      throwIfAborted(signal);
      if (servers.length === 0 || closed.signal.aborted) return status;
      running ??= probeAll();
      return await waitFor(running, { signal });
    },
    async [Symbol.asyncDispose]() {
      timer?.[Symbol.dispose]();
      closed.abort(new AppError("E_INTERRUPTED", "the reply source is closed"));
      await running?.catch(() => undefined);
    },
  };
  return source;
}
