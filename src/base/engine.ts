// An engine is a child process that holds native models. This is what its host offers to the provider in front of it.

export interface EngineJobOptions {
  signal?: AbortSignal | undefined;
  /** Jobs of different sessions are served in turns. */
  sessionId?: string | undefined;
  /** `head` jobs go before every `tail` job. */
  priority?: "head" | "tail" | undefined;
  /** Until the answer, counted from when the engine takes the job up; a process that is later is replaced. */
  timeoutMs?: number | undefined;
  /** A process that is taken up with the job and emits nothing for so long is replaced, too. Default: no limit. */
  silenceTimeoutMs?: number | undefined;
  /** Until the engine takes the job up, its load included. Default: no limit. */
  waitTimeoutMs?: number | undefined;
  /**
   * Gets the pieces that the job emits, in order, before its promise settles; none after. The engine never waits for it:
   * one slow listener would hold up everybody's jobs. A job without it gives its answer alone.
   */
  onChunk?: ((chunk: unknown) => void) | undefined;
}

export type EngineState = "unloaded" | "loading" | "ready" | "failed";

export interface Engine extends AsyncDisposable {
  readonly state: EngineState;
  /** The process id while one runs. */
  readonly pid: number | undefined;
  /** Loads (and warms up) unless loaded; calls that overlap share one load. Rejects with the load's error. */
  start(): Promise<void>;
  /**
   * Queues one job and gives its answer. One job runs at a time per engine. Loads first where needed. Throws E_BUSY (queue
   * full; waited or worked too long; the engine stopped in mid-job), E_INTERRUPTED (signal: a queued job leaves at once), and what the job throws.
   */
  run(method: string, params: unknown, options?: EngineJobOptions): Promise<unknown>;
}

export interface EngineOptions {
  /** "the kokoro engine" */
  title: string;
  /** Label for metrics and events: the provider's id. */
  id: string;
  /** Path of the engine's module, which calls `serveEngine(handlers)`. */
  entry: string;
  /** Params of the module's `load` handler, structured-clone. */
  loadParams: unknown;
  /** Default 120,000: the first load may prepare a graph. */
  loadTimeoutMs?: number | undefined;
  /** Jobs that may wait; default 64. */
  queueLimit?: number | undefined;
  /** Unload after this long without a job; default never. */
  idleUnloadMs?: number | undefined;
  /** What helps where it is too slow, for messages; default "try again in a moment". */
  cure?: string | undefined;
}

export type EngineEvent =
  | { type: "engine-load-start"; engine: string }
  | { type: "engine-load-end"; engine: string; durationMs: number; detail?: string }
  | { type: "engine-load-fail"; engine: string; error: Error }
  | { type: "engine-exit"; engine: string; reason: string; wasBusy: boolean }
  | { type: "engine-unload"; engine: string }
  | { type: "engine-output"; engine: string; line: string }
  | {
      type: "engine-job-end";
      engine: string;
      method: string;
      waitMs: number;
      durationMs: number;
      outcome: "ok" | "error" | "cancelled";
    };
