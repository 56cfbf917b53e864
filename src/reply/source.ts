// Which reply model is in force, and how it is doing.
import type { ReplyModel } from "./port.ts";

export interface ReplyStatus {
  /** The last look found a model that can answer. False with `current()` undefined: characters use their own `reply`. */
  isUp: boolean;
  /** `openai-compatible`, `ollama`, `anthropic`, `none`… */
  source: string;
  model?: string | undefined;
  /** It has been tried, and failed; without it, down may mean that it is still loading. */
  isFailed?: boolean | undefined;
  /** Why it is down, or where it was found; never a secret. */
  detail?: string | undefined;
}

export interface ReplySource extends AsyncDisposable {
  /**
   * The model in force, or undefined when none is configured or found. Cached; probes run beside, never in the way. What the
   * user configured stays in force while it is down: its replies throw what is wrong, instead of giving way in silence.
   */
  current(): ReplyModel | undefined;
  status(): ReplyStatus;
  /** Looks again (at start, and every so often); resolves with the new status. */
  probe(signal?: AbortSignal): Promise<ReplyStatus>;
}

export type ReplySourceEvent = { type: "reply-source-change"; status: ReplyStatus };
