// Requests over anything that carries structured-clone messages in order: a child's IPC or a Worker's port.
// One request has one answer or a stream of chunks, a deadline, and a cancel; a slow reader holds its writer back.
//
//   caller → callee   {id, method, params}   {id, cancel: true}   {id, credit: chunks}
//   callee → caller   {id, chunk}   {id, result}   {id, error}
import { systemClock, type Timekeeper } from "./clock.ts";
import { AppError, type ErrorCode, type ErrorDetails, errorTable, messageOf } from "./errors.ts";
import { abortReason } from "./deadline.ts";

/** Chunks a callee may send before the caller has taken one. */
const chunkWindow = 16;

type CallMessage =
  | { id: number; method: string; params: unknown }
  | { id: number; cancel: true }
  | { id: number; credit: number };
interface WireError {
  code: ErrorCode | null;
  name: string;
  message: string;
  details: ErrorDetails | null;
  stack: string | undefined;
}
type AnswerMessage =
  | { id: number; chunk: unknown }
  | { id: number; result: unknown }
  | { id: number; error: WireError };

export interface CallOptions {
  /** For a call: until the answer. For a stream: until the first chunk (or the end). */
  timeoutMs?: number | undefined;
  signal?: AbortSignal | undefined;
  /** The error for a passed deadline; default E_BUSY. */
  onTimeout?: () => Error;
}

export interface Caller {
  call: (method: string, params: unknown, options?: CallOptions) => Promise<unknown>;
  /** Chunks in order; leaving the loop early cancels the callee. */
  stream: (method: string, params: unknown, options?: CallOptions) => AsyncIterable<unknown>;
  /** Feed every message that comes from the callee. */
  receive(message: unknown): void;
  /** Rejects whatever is under way, and every later call. */
  fail(error: Error): void;
  readonly pendingCount: number;
}

interface Pending {
  onChunk(chunk: unknown): void;
  onResult(result: unknown): void;
  onError(error: Error): void;
}

export function createCaller(send: (message: unknown) => void, clock: Timekeeper = systemClock): Caller {
  const pending = new Map<number, Pending>();
  let nextId = 1;
  let broken: Error | undefined;

  const open = (method: string, params: unknown, options: CallOptions, handlers: Pending) => {
    if (broken) throw broken;
    if (options.signal?.aborted) throw abortReason(options.signal);
    const id = nextId++;
    let timer: Disposable | undefined;
    const close = (): void => {
      timer?.[Symbol.dispose]();
      options.signal?.removeEventListener("abort", onAbort);
      pending.delete(id);
    };
    const abandon = (error: Error): void => {
      if (!pending.has(id)) return;
      close();
      if (!broken) send({ id, cancel: true } satisfies CallMessage);
      handlers.onError(error);
    };
    const onAbort = (): void => abandon(abortReason(options.signal as AbortSignal));
    if (options.timeoutMs !== undefined && Number.isFinite(options.timeoutMs)) {
      const { timeoutMs } = options;
      timer = clock.schedule(
        () =>
          abandon(
            options.onTimeout?.() ??
              new AppError("E_BUSY", `${method} gave no answer within ${timeoutMs} ms`),
          ),
        timeoutMs,
      );
    }
    options.signal?.addEventListener("abort", onAbort, { once: true });
    pending.set(id, {
      onChunk(chunk) {
        timer?.[Symbol.dispose]();
        handlers.onChunk(chunk);
      },
      onResult(result) {
        close();
        handlers.onResult(result);
      },
      onError(error) {
        close();
        handlers.onError(error);
      },
    });
    try {
      send({ id, method, params } satisfies CallMessage);
    } catch (error) {
      close();
      throw error;
    }
    return { id, abandon };
  };

  return {
    call(method, params, options = {}) {
      return new Promise((resolve, reject) => {
        open(method, params, options, { onChunk: () => undefined, onResult: resolve, onError: reject });
      });
    },
    async *stream(method, params, options = {}) {
      const chunks: unknown[] = [];
      let outcome: { error?: Error } | undefined;
      let wake: (() => void) | undefined;
      const notify = (): void => wake?.();
      const request = open(method, params, options, {
        onChunk(chunk) {
          chunks.push(chunk);
          notify();
        },
        onResult() {
          outcome = {};
          notify();
        },
        onError(error) {
          outcome = { error };
          notify();
        },
      });
      try {
        for (;;) {
          if (chunks.length > 0) {
            const chunk = chunks.shift();
            if (!outcome && !broken) send({ id: request.id, credit: 1 } satisfies CallMessage);
            yield chunk;
          } else if (outcome) {
            if (outcome.error) throw outcome.error;
            return;
          } else {
            await new Promise<void>((resolve) => {
              wake = resolve;
            });
          }
        }
      } finally {
        request.abandon(new AppError("E_INTERRUPTED", "cancelled"));
      }
    },
    receive(message) {
      const answer = message as AnswerMessage;
      const entry = pending.get(answer.id);
      if (!entry) return;
      if ("chunk" in answer) entry.onChunk(answer.chunk);
      else if ("error" in answer) entry.onError(decodeWireError(answer.error));
      else entry.onResult(answer.result);
    },
    fail(error) {
      broken = error;
      for (const entry of pending.values()) entry.onError(error);
    },
    get pendingCount() {
      return pending.size;
    },
  };
}

export interface CallContext {
  /** Aborts when the caller cancels or times out. */
  readonly signal: AbortSignal;
  /** Sends one chunk; resolves when the caller has room for the next. Rejects with E_INTERRUPTED once cancelled. */
  readonly emit: (chunk: unknown) => Promise<void>;
}

export type CallHandlers = Readonly<Record<string, (params: never, context: CallContext) => unknown>>;

/** The callee's side: feed it every message from the caller. */
export function createCallee(handlers: CallHandlers, send: (message: unknown) => void) {
  const running = new Map<number, { abort: AbortController; grant(credit: number): void }>();

  const run = async (id: number, method: string, params: unknown): Promise<void> => {
    const abort = new AbortController();
    let credit = chunkWindow;
    let wake: (() => void) | undefined;
    abort.signal.addEventListener("abort", () => wake?.());
    running.set(id, {
      abort,
      grant(more) {
        credit += more;
        wake?.();
      },
    });
    const context: CallContext = {
      signal: abort.signal,
      async emit(chunk) {
        while (credit <= 0 && !abort.signal.aborted) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
        if (abort.signal.aborted) throw abortReason(abort.signal);
        credit -= 1;
        send({ id, chunk } satisfies AnswerMessage);
      },
    };
    try {
      const handler = Object.hasOwn(handlers, method) ? handlers[method] : undefined;
      if (!handler) throw new AppError("E_ARGS", `no such method: ${method}`);
      const result = await handler(params as never, context);
      if (!abort.signal.aborted) send({ id, result } satisfies AnswerMessage);
    } catch (error) {
      if (!abort.signal.aborted) send({ id, error: encodeWireError(error) } satisfies AnswerMessage);
    } finally {
      running.delete(id);
    }
  };

  return {
    receive(message: unknown): void {
      const call = message as CallMessage;
      if ("method" in call) void run(call.id, call.method, call.params);
      else if ("cancel" in call) {
        running.get(call.id)?.abort.abort(new AppError("E_INTERRUPTED", "cancelled"));
      } else running.get(call.id)?.grant(call.credit);
    },
  };
}

function encodeWireError(error: unknown): WireError {
  const isError = error instanceof Error;
  return {
    code: error instanceof AppError ? error.code : null,
    name: isError ? error.name : "Error",
    message: messageOf(error),
    details: error instanceof AppError ? error.details : null,
    stack: isError ? error.stack : undefined,
  };
}

function decodeWireError(wire: WireError): Error {
  if (wire.code !== null && wire.code in errorTable)
    return new AppError(wire.code, wire.message, wire.details);
  const error = new Error(wire.message);
  error.name = wire.name;
  if (wire.stack !== undefined) error.stack = wire.stack;
  return error;
}
