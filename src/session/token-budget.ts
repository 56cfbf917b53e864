// What a session may use of the reply model, all its responses together.
import type { ResponseView } from "./events.ts";
import { partText } from "./items.ts";

export interface TokenBudget {
  /** Counts a response that has ended. True when nothing is left. */
  spend(response: ResponseView): boolean;
}

/** Of a response that was cut off before its model said what it had used: four letters to a token, as is usual in English. */
const charsPerToken = 4;

/** Undefined: no limit. */
export function createTokenBudget(maxTokens: number | undefined): TokenBudget {
  let left = maxTokens ?? Number.POSITIVE_INFINITY;
  return {
    spend({ usage, output }) {
      left -= usage ? usage.inputTokens + usage.outputTokens : estimateTokens(output);
      return left <= 0;
    },
  };
}

function estimateTokens(output: ResponseView["output"]): number {
  const texts = output.map((item) => {
    if (item.type === "message") return item.parts.map(partText).join("");
    return item.type === "call" ? item.arguments : "";
  });
  return Math.ceil(texts.join("").length / charsPerToken);
}
