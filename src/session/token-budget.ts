// What a session may use of the reply model, all that it asks of it together.
import type { SpendTokens } from "./metered-reply.ts";

export interface TokenBudget {
  spend: SpendTokens;
  /** Nothing is left. */
  readonly isSpent: boolean;
}

/** Undefined: no limit. */
export function createTokenBudget(maxTokens: number | undefined): TokenBudget {
  let left = maxTokens ?? Number.POSITIVE_INFINITY;
  return {
    spend({ inputTokens, outputTokens }) {
      left -= inputTokens + outputTokens;
    },
    get isSpent() {
      return left <= 0;
    },
  };
}
