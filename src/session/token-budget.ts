// What a session may use of the reply model, all its responses together.
import type { ResponseView } from "./events.ts";
import { partText } from "./items.ts";
import { estimateTokens } from "./memory.ts";

export interface TokenBudget {
  /** Counts a response that has ended. True when nothing is left. */
  spend(response: ResponseView): boolean;
}

/** Undefined: no limit. */
export function createTokenBudget(maxTokens: number | undefined): TokenBudget {
  let left = maxTokens ?? Number.POSITIVE_INFINITY;
  return {
    spend({ usage, output }) {
      left -= usage ? usage.inputTokens + usage.outputTokens : estimateOutput(output);
      return left <= 0;
    },
  };
}

/** Of a response that was cut off before its model said what it had used. */
function estimateOutput(output: ResponseView["output"]): number {
  const texts = output.map((item) => {
    if (item.type === "message") return item.parts.map(partText).join("");
    return item.type === "call" ? item.arguments : "";
  });
  return estimateTokens(texts.join(""));
}
