// The child's side of an engine: loads once, then does one job at a time. The host (engine-host.ts) keeps the queue; a
// job always gets its answer, also after a cancel, because the answer is how the host knows that the engine is free.
import { setPriority } from "node:os";
import { abortReason } from "./deadline.ts";
import { AppError } from "./errors.ts";
import { serveParent } from "./child-process.ts";

export interface JobContext {
  /** Aborts when the caller no longer wants the answer. */
  readonly signal: AbortSignal;
  /**
   * Lets messages in, then throws E_INTERRUPTED if the job was cancelled. A native `run` blocks the thread, so a job of
   * several runs hears of its cancel only here: await it between pieces.
   */
  readonly checkpoint: () => Promise<void>;
  /** Hands one piece of the answer out while the job goes on (structured clone); for jobs whose caller has an `onChunk`. */
  readonly emit: (chunk: unknown) => Promise<void>;
}

export type JobHandler = (params: never, context: JobContext) => unknown;

export interface EngineHandlers {
  /** Called once, before any job. What it returns, if a string, is the `detail` of the engine-load-end event. */
  load(params: never, context: JobContext): unknown;
  /** Answers are structured-cloned: return typed arrays that own their buffer, not views of a larger one. */
  jobs: Readonly<Record<string, JobHandler>>;
}

export interface ServeEngineOptions {
  /**
   * 0 to 19, higher yields more; default 5. Inference takes every core for seconds, while the serving process needs one
   * for a fraction of a millisecond at a time. With two busy engines of two threads on two cores this took the serving
   * process's timer delay from 8–19 to 4 ms at the 99th percentile, and from 12–160 to 7 ms at most. Detectors pass 0.
   */
  niceness?: number;
}

export interface JobMessage {
  id: number;
  method: string;
  params: unknown;
}

/** Call at the top of the engine's module; import native packages inside `load`, so that their threads inherit the niceness. */
export function serveEngine(handlers: EngineHandlers, options: ServeEngineOptions = {}): void {
  lowerPriority(options.niceness ?? 5);
  const running = new Map<number, AbortController>();

  const createContext = (signal: AbortSignal, emit: JobContext["emit"]): JobContext => ({
    signal,
    emit,
    async checkpoint() {
      // Two turns: the first ends the current one, in the second the IPC messages that lay waiting have been read.
      await nextTurn();
      await nextTurn();
      if (signal.aborted) throw abortReason(signal);
    },
  });

  serveParent({
    load: (params: never, { signal, emit }) => handlers.load(params, createContext(signal, emit)),
    job: async ({ id, method, params }: JobMessage, { emit }) => {
      const handler = Object.hasOwn(handlers.jobs, method) ? handlers.jobs[method] : undefined;
      if (!handler) throw new AppError("E_ARGS", `this engine has no job named ${method}`);
      const abort = new AbortController();
      running.set(id, abort);
      try {
        return await handler(params as never, createContext(abort.signal, emit));
      } finally {
        running.delete(id);
      }
    },
    cancel: ({ id }: { id: number }) => {
      running.get(id)?.abort(new AppError("E_INTERRUPTED", "cancelled"));
    },
  });
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function lowerPriority(niceness: number): void {
  if (niceness === 0) return;
  try {
    setPriority(niceness);
  } catch {
    // Some sandboxes forbid even yielding; the engine works all the same, only less politely.
    return;
  }
}
