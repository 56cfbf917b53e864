// The engines for one request: the chosen ones or the one that it names, or a 503 that says what is still missing.
import { AppError } from "../../base/errors.ts";
import type { SpeechRecognizer, SpeechSynthesizer } from "../../speech/ports.ts";
import type { GetPartOptions, SpeechSystem } from "../../speech/provider.ts";
import { HttpError } from "../http-error.ts";
import type { LiveState } from "../live-state.ts";

/** An engine that is just coming back is worth so long a wait; one that is being downloaded is not. */
const chosenWaitMs = 300;
/** One that is asked for by name is loaded for this request. */
const namedWaitMs = 60_000;
const retryAfterSeconds = 5;
/** Codes whose status would blame the client. */
const clientCodes: ReadonlySet<string> = new Set(["E_ARGS", "E_NOT_FOUND", "E_PERM", "E_SCHEMA", "E_COMPAT"]);

export interface SpeechParts {
  /** `model` may be the id of a provider; any other name means the chosen one. */
  synthesizer(model: string | undefined, signal: AbortSignal): Promise<SpeechSynthesizer>;
  recognizer(model: string | undefined, signal: AbortSignal): Promise<SpeechRecognizer>;
}

export function createSpeechParts(speech: SpeechSystem, state: LiveState): SpeechParts {
  const selectProvider = async (
    kind: "tts" | "asr",
    model: string | undefined,
  ): Promise<string | undefined> => {
    if (model === undefined || model === speech.status()[kind].provider) return undefined;
    const providers = await speech.listProviders();
    return providers.find((entry) => entry.kind === kind && entry.id === model)?.id;
  };
  const explain = (kind: "tts" | "asr", provider: string | undefined, error: unknown): unknown => {
    if (!(error instanceof AppError)) return error;
    const what = kind === "tts" ? "speech" : "hearing";
    if (error.code !== "E_BUSY") {
      // What is missing on the server is not the fault of one who asked for no engine in particular.
      if (provider !== undefined || !clientCodes.has(error.code)) return error;
      const { code, message, details } = error;
      return new HttpError(code, `${what} does not work here: ${message}`, {
        status: 503,
        details,
        cause: error,
      });
    }
    const missing = state.describeMissing(kind) ?? error.message;
    return new HttpError("E_BUSY", `${what} is not ready yet; ${missing}`, {
      retryAfterSeconds,
      details: { assets: state.assets() },
      cause: error,
    });
  };

  const getPart = async <T>(
    kind: "tts" | "asr",
    get: (options: GetPartOptions) => Promise<T>,
    model: string | undefined,
    signal: AbortSignal,
  ): Promise<T> => {
    const provider = await selectProvider(kind, model);
    try {
      return await get({ provider, timeoutMs: provider === undefined ? chosenWaitMs : namedWaitMs, signal });
    } catch (error) {
      throw explain(kind, provider, error);
    }
  };

  return {
    synthesizer: (model, signal) => getPart("tts", (options) => speech.synthesizer(options), model, signal),
    recognizer: (model, signal) => getPart("asr", (options) => speech.recognizer(options), model, signal),
  };
}
