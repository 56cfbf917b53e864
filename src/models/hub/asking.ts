// What comes before every request to the hub: may it be made, is the mirror there, whose token goes along, how often.
import type { Clock } from "../../base/clock.ts";
import { AppError } from "../../base/errors.ts";
import type { Tokens } from "../../assets/credentials.ts";
import { defaultTokenVariable, findHubCredential } from "../../assets/sources/hub.ts";
import type { Credential } from "../../assets/transfer/http-request.ts";
import { retryPassing } from "../../assets/transfer/retry.ts";
import type { CheckMirror } from "./check-mirror.ts";

export interface Asking {
  signal: AbortSignal;
  headerTimeoutMs: number;
  credential: Credential | undefined;
  /** What a refusal names without a credential. */
  tokenVariable: string;
  /** Runs a request up to three times. */
  retry: <T>(work: () => Promise<T>) => Promise<T>;
}

/** `what` is what messages call the thing that is asked for. E_NET when offline or when the mirror is not there. */
export type PrepareAsking = (what: string, signal: AbortSignal | undefined) => Promise<Asking>;

export interface AskingOptions {
  checkMirror: CheckMirror;
  findToken: Tokens["find"];
  isOffline: boolean;
  headerTimeoutMs: number;
  retryDelayMs: number;
}

/** Beside the first one. */
const furtherAttempts = 2;

export function createPrepareAsking(
  { clock, random }: { clock: Clock; random: () => number },
  options: AskingOptions,
): PrepareAsking {
  const { checkMirror, findToken, headerTimeoutMs, retryDelayMs: baseMs } = options;
  return async (what, given) => {
    if (options.isOffline) throw offlineError(what);
    const signal = given ?? new AbortController().signal;
    await checkMirror(signal);
    return {
      signal,
      headerTimeoutMs,
      credential: await findHubCredential(findToken, { type: "hf", repoId: what, revision: "main" }),
      tokenVariable: defaultTokenVariable,
      retry: (work) => retryPassing(work, { clock, random, signal, baseMs, retries: () => furtherAttempts }),
    };
  };
}

export const offlineError = (what: string): AppError =>
  new AppError("E_NET", `offline: the hub is not asked for ${what}; leave --offline away to ask it`, {
    is_offline: true,
    is_final: true,
  });
