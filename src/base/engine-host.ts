// The host's side of an engine: a bounded, fair queue in front of one process (engine-life.ts) that does one job at a
// time. The serving process never runs a model itself, so what dies or hangs here costs one job.
import type { Child } from "./child-process.ts";
import { type Clock, systemClock } from "./clock.ts";
import { abortReason } from "./deadline.ts";
import { AppError } from "./errors.ts";
import type { Emit } from "./events.ts";
import type { Engine, EngineJobOptions, EngineOptions, EngineEvent } from "./engine.ts";
import { createEngineLife } from "./engine-life.ts";
import type { JobMessage } from "./engine-process.ts";
import { createJobQueue } from "./job-queue.ts";

export interface EngineDependencies {
  emit: Emit<EngineEvent>;
  /** Default the system's. */
  clock?: Clock | undefined;
}

interface Job extends JobMessage {
  sessionId: string;
  priority: "head" | "tail";
  timeoutMs: number;
  silenceTimeoutMs: number | undefined;
  onChunk: ((chunk: unknown) => void) | undefined;
  queuedAtMs: number;
  isSettled: boolean;
  settle(outcome: { result: unknown } | { error: unknown }): void;
}

const defaultQueueLimit = 64;
/** No job of ours takes nearly as long; without a limit a hung engine would hold its queue for ever. */
const defaultJobTimeoutMs = 120_000;

/** An engine that is spawned on first use. Owns its process: dispose it. */
export function createEngine(deps: EngineDependencies, options: EngineOptions): Engine {
  const clock = deps.clock ?? systemClock;
  const { emit } = deps;
  const { queueLimit = defaultQueueLimit, cure = "try again in a moment" } = options;
  const queue = createJobQueue<Job>(queueLimit);
  let running: Job | undefined;
  let isLoading = false;
  let isClosed = false;
  let idleTimer: Disposable | undefined;
  let nextId = 1;

  const life = createEngineLife({ emit, clock, isBusy: () => running !== undefined }, options);

  const pump = (): void => {
    if (isClosed || running || isLoading) return;
    if (queue.size === 0) {
      startIdling();
      return;
    }
    const { child } = life;
    if (child) {
      const job = queue.take();
      if (job) void perform(child, job);
      return;
    }
    isLoading = true;
    life.ensureLoaded({ now: false }).then(
      () => {
        isLoading = false;
        pump();
      },
      (error: unknown) => {
        isLoading = false;
        for (const job of queue.drain()) job.settle({ error });
      },
    );
  };

  const startIdling = (): void => {
    idleTimer?.[Symbol.dispose]();
    if (options.idleUnloadMs !== undefined) {
      idleTimer = clock.schedule(() => {
        if (running || queue.size > 0) return;
        // A crash may have left it between two lives: it is unloaded when it is back and still has nothing to do.
        if (life.state === "loading") startIdling();
        else life.unload();
      }, options.idleUnloadMs);
    }
  };

  const perform = async (child: Child, job: Job): Promise<void> => {
    running = job;
    idleTimer?.[Symbol.dispose]();
    const startedAtMs = clock.nowMs();
    const report = (outcome: "ok" | "error" | "cancelled"): void =>
      emit({
        type: "engine-job-end",
        engine: options.id,
        method: job.method,
        waitMs: startedAtMs - job.queuedAtMs,
        durationMs: clock.nowMs() - startedAtMs,
        outcome,
      });
    const replaceAfter = (timeoutMs: number, what: string): Disposable =>
      clock.schedule(() => {
        const message = `${options.title} gave ${what} within ${timeoutMs} ms and was restarted; ${cure}`;
        job.settle({ error: new AppError("E_BUSY", message) });
        child.kill();
      }, timeoutMs);
    const deadline = replaceAfter(job.timeoutMs, `no answer to ${job.method}`);
    let silence: Disposable | undefined;
    const noteLife = (): void => {
      silence?.[Symbol.dispose]();
      if (job.silenceTimeoutMs !== undefined) silence = replaceAfter(job.silenceTimeoutMs, "no sign of life");
    };
    noteLife();
    try {
      const result = await runIn(child, job, noteLife);
      report(job.isSettled ? "cancelled" : "ok");
      job.settle({ result });
    } catch (error) {
      // The life has registered first, so after this wait a successor is already on its way.
      if (!child.isRunning) await child.exited;
      report(job.isSettled && child.isRunning ? "cancelled" : "error");
      job.settle({ error });
    } finally {
      deadline[Symbol.dispose]();
      silence?.[Symbol.dispose]();
      running = undefined;
      pump();
    }
  };

  /** False when it does not wait any more. */
  const leaveQueue = (job: Job, error: unknown): boolean => {
    if (!queue.remove(job)) return false;
    const waitMs = clock.nowMs() - job.queuedAtMs;
    const { method } = job;
    const outcome = "cancelled";
    emit({ type: "engine-job-end", engine: options.id, method, waitMs, durationMs: 0, outcome });
    job.settle({ error });
    return true;
  };

  const cancel = (job: Job, signal: AbortSignal): void => {
    const error = abortReason(signal);
    if (leaveQueue(job, error)) return;
    // The caller goes on at once; the engine stays taken until its job has really ended.
    if (running === job) life.child?.call("cancel", { id: job.id }).catch(() => undefined);
    job.settle({ error });
  };

  const enqueue = (method: string, params: unknown, jobOptions: EngineJobOptions): Promise<unknown> => {
    const { signal, waitTimeoutMs } = jobOptions;
    if (isClosed) return Promise.reject(new AppError("E_BUSY", `${options.title} is shut down`));
    if (signal?.aborted) return Promise.reject(abortReason(signal));
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const onAbort = (): void => cancel(job, signal as AbortSignal);
    let patience: Disposable | undefined;
    const job: Job = {
      id: nextId++,
      method,
      params,
      sessionId: jobOptions.sessionId ?? "",
      priority: jobOptions.priority ?? "tail",
      timeoutMs: jobOptions.timeoutMs ?? defaultJobTimeoutMs,
      silenceTimeoutMs: jobOptions.silenceTimeoutMs,
      onChunk: jobOptions.onChunk,
      queuedAtMs: clock.nowMs(),
      isSettled: false,
      settle(outcome) {
        if (job.isSettled) return;
        job.isSettled = true;
        signal?.removeEventListener("abort", onAbort);
        patience?.[Symbol.dispose]();
        if ("error" in outcome) reject(outcome.error);
        else resolve(outcome.result);
      },
    };
    if (!queue.push(job)) {
      const message = `${options.title} has ${queueLimit} jobs waiting; try again in a moment`;
      return Promise.reject(new AppError("E_BUSY", message, { queueLimit }));
    }
    if (waitTimeoutMs !== undefined) {
      const message = `${options.title} was not free within ${waitTimeoutMs} ms; ${cure}`;
      patience = clock.schedule(() => leaveQueue(job, new AppError("E_BUSY", message)), waitTimeoutMs);
    }
    signal?.addEventListener("abort", onAbort, { once: true });
    pump();
    return promise;
  };

  return {
    get state() {
      return life.state;
    },
    get pid() {
      return life.pid;
    },
    async start() {
      await life.ensureLoaded({ now: true });
      if (!running && queue.size === 0) startIdling();
    },
    run: (method, params, jobOptions = {}) => enqueue(method, params, jobOptions),
    async [Symbol.asyncDispose]() {
      isClosed = true;
      idleTimer?.[Symbol.dispose]();
      const error = new AppError("E_BUSY", `${options.title} is shut down`);
      for (const job of queue.drain()) job.settle({ error });
      running?.settle({ error });
      await life[Symbol.asyncDispose]();
    },
  };
}

/** A job is heard to its end also when nobody wants it any more: its end is when the engine is free. */
async function runIn(child: Child, job: Job, noteLife: () => void): Promise<unknown> {
  const { id, method, params, onChunk } = job;
  const message: JobMessage = { id, method, params };
  if (!onChunk) return child.call("job", message);
  for await (const chunk of child.stream("job", message)) {
    noteLife();
    if (!job.isSettled) onChunk(chunk);
  }
  return undefined;
}
