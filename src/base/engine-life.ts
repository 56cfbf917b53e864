// The life of one engine process: spawned and loaded once for all who ask, replaced at once when it dies, given up when
// it dies while loading three times in a row.
import { type Child, spawnChild } from "./child-process.ts";
import type { Clock } from "./clock.ts";
import { AppError } from "./errors.ts";
import type { Emit } from "./events.ts";
import type { EngineOptions, EngineState, EngineEvent } from "./engine.ts";

export interface EngineLife extends AsyncDisposable {
  readonly state: EngineState;
  /** The loaded process, while it runs. */
  readonly child: Child | undefined;
  readonly pid: number | undefined;
  /** `now`: also when the last try failed a moment ago. Rejects with the load's error. */
  ensureLoaded(options: { now: boolean }): Promise<Child>;
  /** Ends the process; the next ensureLoaded starts another. */
  unload(): void;
}

export interface EngineLifeDependencies {
  emit: Emit<EngineEvent>;
  clock: Clock;
  /** Asked when a process has died. */
  isBusy: () => boolean;
}

/**
 * The inference library (onnxruntime 1.30) gathers facts of this machine in a file below the home, and sends them to its
 * maker unless it is told not to. Nothing of ours calls anybody who was not asked for.
 */
const quiet = { ORT_DISABLE_TELEMETRY: "1" };

const defaultLoadTimeoutMs = 120_000;
const loadAttempts = 3;
/** A process that answered for this long before it died was sound: its successor starts without delay. */
const soundAfterMs = 10_000;
const maxBackoffMs = 30_000;

export function createEngineLife(deps: EngineLifeDependencies, options: EngineOptions): EngineLife {
  const { emit, clock } = deps;
  const closing = Promise.withResolvers<void>();
  let isClosed = false;
  let state: EngineState = "unloaded";
  let current: Child | undefined;
  let flight: Promise<Child> | undefined;
  let readyAtMs = 0;
  let crashes = 0;
  let failures = 0;
  let lastFailure: { error: unknown; retryAtMs: number } | undefined;

  const closedError = (): AppError => new AppError("E_BUSY", `${options.title} is shut down`);
  // The first successor comes at once, later ones after 250, 500, 1,000 … ms.
  const backoffMs = (count: number): number =>
    count <= 1 ? 0 : Math.min(maxBackoffMs, 125 * 2 ** (count - 1));

  const wait = async (delayMs: number): Promise<void> => {
    if (delayMs === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    using _timer = clock.schedule(resolve, delayMs);
    await Promise.race([promise, closing.promise]);
  };

  const onExit = (child: Child, reason: string): void => {
    if (current !== child) return;
    current = undefined;
    if (clock.nowMs() - readyAtMs > soundAfterMs) crashes = 0;
    crashes += 1;
    state = "loading";
    emit({ type: "engine-exit", engine: options.id, reason, wasBusy: deps.isBusy() });
    ensureLoaded({ now: true }).catch(() => undefined);
  };

  const loadOnce = async (): Promise<Child> => {
    const startedMs = clock.nowMs();
    emit({ type: "engine-load-start", engine: options.id });
    const child = spawnChild({
      title: options.title,
      entry: options.entry,
      env: quiet,
      onOutput: (line) => emit({ type: "engine-output", engine: options.id, line }),
    });
    current = child;
    const timeoutMs = options.loadTimeoutMs ?? defaultLoadTimeoutMs;
    try {
      const detail = await child.call("load", options.loadParams, {
        timeoutMs,
        onTimeout: () => new AppError("E_BUSY", `${options.title} did not load within ${timeoutMs} ms`),
      });
      if (current !== child || !child.isRunning) throw closedError();
      readyAtMs = clock.nowMs();
      state = "ready";
      emit({
        type: "engine-load-end",
        engine: options.id,
        durationMs: readyAtMs - startedMs,
        ...(typeof detail === "string" && { detail }),
      });
      void child.exited.then((exit) => onExit(child, describeExit(exit)));
      return child;
    } catch (error) {
      const hasCrashed = !child.isRunning && current === child;
      if (current === child) current = undefined;
      await child[Symbol.asyncDispose]();
      if (hasCrashed) {
        crashes += 1;
        emit({
          type: "engine-exit",
          engine: options.id,
          reason: describeExit(await child.exited),
          wasBusy: deps.isBusy(),
        });
        throw new LoadCrash(error);
      }
      throw error;
    }
  };

  const load = async (): Promise<Child> => {
    for (let attempt = 1; ; attempt++) {
      state = "loading";
      await wait(backoffMs(crashes));
      if (isClosed) throw closedError();
      try {
        const child = await loadOnce();
        failures = 0;
        lastFailure = undefined;
        return child;
      } catch (thrown) {
        const error = thrown instanceof LoadCrash ? thrown.error : thrown;
        if (isClosed) throw closedError();
        emit({
          type: "engine-load-fail",
          engine: options.id,
          error: error instanceof Error ? error : new Error(String(error)),
        });
        if (thrown instanceof LoadCrash && attempt < loadAttempts) continue;
        failures += 1;
        lastFailure = { error, retryAtMs: clock.nowMs() + backoffMs(failures) };
        state = "failed";
        throw error;
      }
    }
  };

  const ensureLoaded: EngineLife["ensureLoaded"] = ({ now }) => {
    if (isClosed) return Promise.reject(closedError());
    if (flight) return flight;
    if (current?.isRunning && state === "ready") return Promise.resolve(current);
    if (!now && lastFailure && clock.nowMs() < lastFailure.retryAtMs)
      return Promise.reject(lastFailure.error);
    flight = load().finally(() => {
      flight = undefined;
    });
    return flight;
  };

  return {
    get state() {
      return state;
    },
    get child() {
      return state === "ready" && current?.isRunning ? current : undefined;
    },
    get pid() {
      return current?.isRunning ? current.pid : undefined;
    },
    ensureLoaded,
    unload() {
      const child = current;
      if (!child || state !== "ready") return;
      current = undefined;
      state = "unloaded";
      child.kill();
      emit({ type: "engine-unload", engine: options.id });
    },
    async [Symbol.asyncDispose]() {
      if (!isClosed) {
        isClosed = true;
        closing.resolve();
      }
      const child = current;
      current = undefined;
      state = "unloaded";
      await child?.[Symbol.asyncDispose]();
      await flight?.catch(() => undefined);
      state = "unloaded";
    },
  };
}

/** A process that died while it loaded, told apart from one whose load answered with an error. */
class LoadCrash {
  readonly error: unknown;
  constructor(error: unknown) {
    this.error = error;
  }
}

function describeExit(exit: { code: number | null; signal: NodeJS.Signals | number | null }): string {
  return String(exit.signal ?? `exit code ${exit.code}`);
}
