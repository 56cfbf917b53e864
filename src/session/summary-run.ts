// One summary of old turns on its way. Many machines have one model that does one thing at a time, so whoever needs it
// stops the summary; the next pause between turns begins another.
import { AppError, isAbortError } from "../base/errors.ts";
import type { Condense } from "./condenser.ts";
import type { CondensingPlan, Memory } from "./memory.ts";
import type { SpendTokens } from "./metered-reply.ts";

export interface SummaryRun {
  stop(why: string): void;
}

export interface SummaryRunDependencies {
  /** Undefined: nobody writes summaries. */
  condense: Condense | undefined;
  spend?: SpendTokens | undefined;
  /** Called once, later. Null: nothing came of it, and the oldest turns are left out. */
  onEnd: (memory: Memory | null) => void;
  /** It was not stopped, and failed; before `onEnd`. */
  onFault: (error: unknown) => void;
}

/** A summary that takes longer is not worth waiting for. */
const timeoutMs = 60_000;

export function startSummary(deps: SummaryRunDependencies, plan: CondensingPlan): SummaryRun {
  const abort = new AbortController();
  const signal = AbortSignal.any([abort.signal, AbortSignal.timeout(timeoutMs)]);
  const run = async (): Promise<Memory | null> => {
    try {
      const summary = (await deps.condense?.(plan.messages, { signal, spend: deps.spend })) ?? null;
      return summary === null ? null : { summary, itemIds: plan.itemIds };
    } catch (error) {
      if (!isAbortError(error)) deps.onFault(error);
      return null;
    }
  };
  void run().then(deps.onEnd);
  return { stop: (why) => abort.abort(new AppError("E_INTERRUPTED", why)) };
}
