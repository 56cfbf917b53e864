// Which reply model is in force, and how it is doing.
import type { ReplyModel } from "./port.ts";

export interface ReplyStatus {
  /** False: characters answer with their own `reply`. */
  isUp: boolean;
  /** `openai-compatible`, `ollama`, `anthropic`, `none`… */
  source: string;
  model?: string | undefined;
  /** Why it is down, or where it was found; never a secret. */
  detail?: string | undefined;
}

export interface ReplySource extends AsyncDisposable {
  /** The model in force, or undefined when none is configured or found. Cached; probes run beside, never in the way. */
  current(): ReplyModel | undefined;
  status(): ReplyStatus;
  /** Looks again (at start, and every so often); resolves with the new status. */
  probe(signal?: AbortSignal): Promise<ReplyStatus>;
}
