// What comes before every request to the hub: may it be made, is the mirror there, whose token goes along, how often.
import type { Clock } from "../../base/clock.ts";
import { AppError } from "../../base/errors.ts";
import type { Emit } from "../../base/events.ts";
import type { Tokens } from "../../assets/credentials.ts";
import type { AssetEvent } from "../../assets/port.ts";
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
  longestWaitMs: () => number;
}

/** Beside the first one. */
const furtherAttempts = 2;
/** A wait of this length is told. */
const toldFromMs = 3000;

export function createPrepareAsking(
  { clock, random, emit }: { clock: Clock; random: () => number; emit: Emit<AssetEvent> },
  options: AskingOptions,
): PrepareAsking {
  const { checkMirror, findToken, headerTimeoutMs, retryDelayMs: baseMs } = options;

  /** The hub may ask for a longer wait than there is patience for; a wait that is borne is told. */
  const weighWait = (error: unknown, isLast: boolean): unknown => {
    if (!(error instanceof AppError)) return error;
    const waitMs = error.details?.["retry_after_ms"];
    if (typeof waitMs !== "number" || waitMs < toldFromMs) return error;
    const inTime = `in ${Math.ceil(waitMs / 1000)} s`;
    if (waitMs > options.longestWaitMs()) {
      const message = `${error.message}; the hub asks to come again ${inTime}`;
      return new AppError(error.code, message, { ...error.details, is_final: true }, error);
    }
    if (!isLast) {
      const message = `the hub asks to wait; trying again ${inTime}`;
      emit({ type: "asset-warning", asset: "hub", code: error.code, message });
    }
    return error;
  };

  return async (what, given) => {
    if (options.isOffline) throw offlineError(what);
    const signal = given ?? new AbortController().signal;
    await checkMirror(signal);
    const retry: Asking["retry"] = (work) => {
      let attempts = 0;
      const attempt = async () => {
        attempts += 1;
        try {
          return await work();
        } catch (error) {
          throw weighWait(error, attempts > furtherAttempts);
        }
      };
      return retryPassing(attempt, { clock, random, signal, baseMs, retries: () => furtherAttempts });
    };
    return {
      signal,
      headerTimeoutMs,
      credential: await findHubCredential(findToken, { type: "hf", repoId: what, revision: "main" }),
      tokenVariable: defaultTokenVariable,
      retry,
    };
  };
}

export const offlineError = (what: string): AppError =>
  new AppError("E_NET", `offline: the hub is not asked for ${what}; leave --offline away to ask it`, {
    is_offline: true,
    is_final: true,
  });
