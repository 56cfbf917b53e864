// One request from its first byte to the last of its answer: what to stop when the client goes, what drain waits for.
import { AppError } from "../base/errors.ts";

export interface RequestLife {
  readonly id: string;
  /** Aborts with E_INTERRUPTED when the client is gone, the server gives up waiting, or the answer is complete. */
  readonly signal: AbortSignal;
  /** The answer's body decides when the request ends; without it the request ends with the handler. */
  readonly isStreaming: boolean;
  keepOpen(): void;
  /** For what has no end of its own, such as a live feed: drain ends it at once. */
  markEndless(): void;
  /** Runs once, at the end; in order of registration. */
  onEnd(callback: () => void): void;
  /** Idempotent. */
  end(): void;
}

export interface LifeRegistry {
  open(id: string, clientSignal: AbortSignal): RequestLife;
  readonly activeCount: number;
  /** Ends endless requests, waits for the others, then stops what is left after `graceMs`. */
  drain(graceMs: number): Promise<void>;
}

interface Entry {
  isEndless: boolean;
  stop(reason: AppError): void;
}

export function createLifeRegistry(): LifeRegistry {
  const active = new Set<Entry>();
  let idleWaiters: (() => void)[] = [];

  const settle = (): void => {
    if (active.size > 0) return;
    for (const wake of idleWaiters) wake();
    idleWaiters = [];
  };
  const waitIdle = (): Promise<void> =>
    active.size === 0 ? Promise.resolve() : new Promise((resolve) => idleWaiters.push(resolve));

  return {
    open(id, clientSignal) {
      const abort = new AbortController();
      const callbacks: (() => void)[] = [];
      let isStreaming = false;
      let hasEnded = false;
      const entry: Entry = {
        isEndless: false,
        stop: (reason) => abort.abort(reason),
      };
      const onClientGone = (): void => abort.abort(new AppError("E_INTERRUPTED", "the client has gone"));
      const end = (): void => {
        if (hasEnded) return;
        hasEnded = true;
        clientSignal.removeEventListener("abort", onClientGone);
        active.delete(entry);
        abort.abort(new AppError("E_INTERRUPTED", "the request has ended"));
        for (const callback of callbacks) callback();
        settle();
      };
      active.add(entry);
      if (clientSignal.aborted) onClientGone();
      else clientSignal.addEventListener("abort", onClientGone, { once: true });

      return {
        id,
        signal: abort.signal,
        get isStreaming() {
          return isStreaming;
        },
        keepOpen() {
          isStreaming = true;
        },
        markEndless() {
          entry.isEndless = true;
        },
        onEnd(callback) {
          if (hasEnded) callback();
          else callbacks.push(callback);
        },
        end,
      };
    },
    get activeCount() {
      return active.size;
    },
    async drain(graceMs) {
      const reason = new AppError("E_INTERRUPTED", "the server is stopping");
      for (const entry of active) if (entry.isEndless) entry.stop(reason);
      let timer: Timer | undefined;
      const patience = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, graceMs);
      });
      await Promise.race([waitIdle(), patience]);
      clearTimeout(timer);
      for (const entry of active) entry.stop(reason);
    },
  };
}
