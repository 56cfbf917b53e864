// `[reply] source = "local"`: the model that runs here, opened on the first look or reply. What is missing is told by every
// reply, and looked for again, so that a model that has just been brought speaks without a restart.
import type { Clock } from "../base/clock.ts";
import { throwIfAborted, waitFor } from "../base/deadline.ts";
import { createEngine } from "../base/engine-host.ts";
import type { EngineEvent } from "../base/engine.ts";
import { AppError, messageOf } from "../base/errors.ts";
import type { Emit } from "../base/events.ts";
import type { LocalLanguageModel, LocalModelContext, LocalModelProvider } from "./local-model.ts";
import type { ReplyModel } from "./port.ts";
import type { ReplySource, ReplySourceEvent, ReplyStatus } from "./source.ts";
import { createToolRunner } from "./tool-runner.ts";

export interface LocalReplyDependencies extends Omit<LocalModelContext, "createEngine"> {
  loadProvider: () => Promise<LocalModelProvider>;
}

export interface LocalReplyOptions {
  model?: string | undefined;
  temperature?: number | undefined;
  maxOutputTokens?: number | undefined;
  /** Between looks while it cannot reply; default 15,000, and up to 20 times as long while loading fails. */
  probeIntervalMs?: number | undefined;
}

/** The status' detail before the first look. */
export const notLookedFor = "not looked for yet";

/** A failure is this old before somebody's reply makes the next attempt. */
const retryAfterMs = 5000;
const maxBackoff = 20;

/** Owns the engine of its model. Nothing is looked for before the first `probe()` or reply. */
export function createLocalReplySource(
  dependencies: LocalReplyDependencies & { clock: Clock; emit: Emit<ReplySourceEvent | EngineEvent> },
  options: LocalReplyOptions,
): ReplySource {
  const { clock, emit, loadProvider } = dependencies;
  const { probeIntervalMs = 15_000 } = options;
  let opened: LocalLanguageModel | undefined;
  let opening: Promise<LocalLanguageModel> | undefined;
  let looking: Promise<ReplyStatus> | undefined;
  let failure: { error: unknown; atMs: number } | undefined;
  /** Loads that failed in a row. */
  let failedLoads = 0;
  let detail: string | undefined;
  let hasLoaded = false;
  let isClosed = false;
  let timer: Disposable | undefined;
  let status: ReplyStatus = {
    isUp: false,
    source: "local",
    model: options.model,
    detail: notLookedFor,
  };

  const readStatus = (): ReplyStatus => {
    const model = opened?.model ?? options.model;
    const shape = { source: "local", model } as const;
    if (failure !== undefined)
      return { ...shape, isUp: false, isFailed: true, detail: messageOf(failure.error) };
    // An engine that was unloaded, or died and is on its way back, serves whoever asks.
    if (hasLoaded) return { ...shape, isUp: true, detail };
    return { ...shape, isUp: false, detail: opened ? `loading ${opened.model}` : status.detail };
  };
  const fail = (error: unknown): void => {
    failure = { error, atMs: clock.nowMs() };
  };
  const refresh = (): void => {
    const next = readStatus();
    const isNew = (["isUp", "isFailed", "model", "detail"] as const).some((key) => next[key] !== status[key]);
    status = next;
    if (isNew) emit({ type: "reply-source-change", status });
  };
  const onEngineEvent = (event: EngineEvent): void => {
    emit(event);
    if (event.type === "engine-load-end") {
      hasLoaded = true;
      failure = undefined;
      failedLoads = 0;
      ({ detail } = event);
    } else if (event.type === "engine-load-fail") {
      fail(event.error);
      failedLoads += 1;
    } else return;
    refresh();
  };
  const context: LocalModelContext = {
    modelsRoot: dependencies.modelsRoot,
    threads: dependencies.threads,
    contextTokens: dependencies.contextTokens,
    settings: dependencies.settings,
    holdModel: dependencies.holdModel,
    createEngine: (engineOptions) => createEngine({ emit: onEngineEvent, clock }, engineOptions),
  };

  /** One open for all who ask. A model whose load has failed is looked for anew: its file may be another by now. */
  const open = (): Promise<LocalLanguageModel> => {
    if (isClosed) return Promise.reject(new AppError("E_BUSY", "the server is stopping"));
    opening ??= openOnce().finally(() => {
      opening = undefined;
    });
    return opening;
  };
  const openOnce = async (): Promise<LocalLanguageModel> => {
    if (opened && opened.state !== "failed") return opened;
    try {
      const provider = await loadProvider();
      // Found before the last one is given up, so that what is missing is told, and not only that something failed.
      await provider.find(context, options.model);
      await opened?.[Symbol.asyncDispose]();
      opened = undefined;
      hasLoaded = false;
      const { model, temperature, maxOutputTokens } = options;
      const next = await provider.open(context, { model, temperature, maxOutputTokens });
      if (isClosed) {
        await next[Symbol.asyncDispose]();
        throw new AppError("E_BUSY", "the server is stopping");
      }
      opened = next;
      failure = undefined;
      return next;
    } catch (error) {
      fail(error);
      throw error;
    } finally {
      refresh();
    }
  };

  // What is missing is cheap to look for; a model that does not load is not tried for ever.
  const scheduleLook = (): void => {
    timer?.[Symbol.dispose]();
    if (isClosed || status.isUp) return;
    const backoff = Math.min(maxBackoff, 2 ** Math.max(0, failedLoads - 1));
    timer = clock.schedule(() => void source.probe().catch(() => undefined), probeIntervalMs * backoff);
  };

  const look = async (): Promise<ReplyStatus> => {
    timer?.[Symbol.dispose]();
    try {
      const model = await open();
      // One that was unloaded for want of work is not loaded for the sake of a look.
      if (!hasLoaded) await model.start();
    } catch (error) {
      fail(error);
    } finally {
      looking = undefined;
      refresh();
      scheduleLook();
    }
    return status;
  };

  const model: ReplyModel = {
    id: "local",
    get model() {
      return opened?.model ?? options.model ?? "";
    },
    async *reply(request) {
      throwIfAborted(request.signal);
      if (failure && opened && clock.nowMs() - failure.atMs < retryAfterMs) throw failure.error;
      const languageModel = await waitFor(open(), { signal: request.signal });
      yield* createToolRunner({ clock }, languageModel).reply(request);
    },
  };

  const source: ReplySource = {
    current: () => model,
    status: () => status,
    async probe(signal) {
      throwIfAborted(signal);
      if (isClosed) return status;
      looking ??= look();
      return await waitFor(looking, { signal });
    },
    async [Symbol.asyncDispose]() {
      isClosed = true;
      timer?.[Symbol.dispose]();
      await opening?.catch(() => undefined);
      await opened?.[Symbol.asyncDispose]();
      await looking?.catch(() => undefined);
      timer?.[Symbol.dispose]();
    },
  };
  return source;
}
