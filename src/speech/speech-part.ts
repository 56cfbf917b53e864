// One provider's life in a server: loaded once for all who ask, tried again on demand after a failure.
import type { Clock } from "../base/clock.ts";
import { abortReason, throwIfAborted, waitFor } from "../base/deadline.ts";
import { AppError, messageOf } from "../base/errors.ts";
import type { Emit } from "../base/events.ts";
import type { Engine, EngineOptions, SpeechEvent } from "./engine.ts";
import type { ProviderState } from "./ports.ts";
import type { LoadContext, Provider, ProviderSupplies } from "./provider.ts";

export interface SpeechPart<T> extends AsyncDisposable {
  readonly id: string;
  /** Undefined before anybody asked for it. */
  readonly state: ProviderState | undefined;
  /** Loads it unless it is loaded; rejects with the load's error. */
  load(): Promise<T>;
  /** As SpeechSystem's getters. */
  get(options: { timeoutMs: number; signal?: AbortSignal | undefined }): Promise<T>;
}

export interface SpeechPartDependencies<T> {
  importProvider: () => Promise<Provider<string, T>>;
  context: Omit<LoadContext, "settings" | "signal">;
  /** What the project file and the environment have for it. */
  getSupplies?: (() => Promise<ProviderSupplies> | undefined) | undefined;
  /** The provider's part of the project file, not parsed. */
  settings: unknown;
  emit: Emit<SpeechEvent>;
  clock: Clock;
}

/** A failure is this old before somebody's request makes the next attempt. */
const retryAfterMs = 5000;
const maxTimerMs = 2 ** 31 - 1;

export function createSpeechPart<T extends AsyncDisposable>(
  deps: SpeechPartDependencies<T>,
  { kind, id }: { kind: string; id: string },
): SpeechPart<T> {
  const closing = new AbortController();
  let state: ProviderState | undefined;
  let loaded: T | undefined;
  let flight: Promise<T> | undefined;
  let engines: Engine[] = [];
  let failure: { error: unknown; atMs: number } | undefined;

  const setState = (next: ProviderState): void => {
    state = next;
    const reason = "reason" in next ? { reason: next.reason } : {};
    deps.emit({ type: "provider-state", kind, provider: id, state: next.state, ...reason });
  };

  /** Engines of a load that failed or is no longer wanted; those of a loaded part are its own. */
  const dropEngines = async (): Promise<void> => {
    const dropped = engines;
    engines = [];
    await Promise.all(dropped.map((engine) => engine[Symbol.asyncDispose]()));
  };
  const createEngine = (options: EngineOptions): Engine => {
    const engine = deps.context.createEngine(options);
    engines.push(engine);
    return engine;
  };

  /** Once it is ready, the state is its own to describe; before that and for others, it is not. */
  const emitOfProvider: Emit<SpeechEvent> = (event) => {
    const isOwn = event.type === "provider-state" && event.kind === kind && event.provider === id;
    if (isOwn && event.state === "ready" && state?.state === "ready") {
      state = { state: "ready", ...(event.reason !== undefined && { note: event.reason }) };
    }
    deps.emit(event);
  };

  const attempt = async (): Promise<T> => {
    throwIfAborted(closing.signal);
    setState({ state: "loading", detail: `loading ${id}` });
    try {
      const provider = await deps.importProvider();
      const settings = parseProviderSettings(provider, deps.settings);
      const { models, missingCredential } = (await deps.getSupplies?.()) ?? {};
      const { modelsRoot } = deps.context;
      const probed =
        describeMissingCredential(missingCredential) ??
        (await provider.probe({ modelsRoot, models, settings }));
      if (probed.state !== "ready" && probed.state !== "loading") throw new ProviderUnavailable(probed);
      const part = await provider.load({
        ...deps.context,
        models,
        emit: emitOfProvider,
        createEngine,
        settings,
        signal: closing.signal,
      });
      if (closing.signal.aborted) {
        await part[Symbol.asyncDispose]();
        throw abortReason(closing.signal);
      }
      loaded = part;
      engines = [];
      setState({ state: "ready" });
      return part;
    } catch (error) {
      await dropEngines();
      const thrown = error instanceof ProviderUnavailable ? error.toError(id) : error;
      failure = { error: thrown, atMs: deps.clock.nowMs() };
      setState(error instanceof ProviderUnavailable ? error.state : describeFailure(thrown));
      throw thrown;
    }
  };

  const load = (): Promise<T> => {
    if (loaded) return Promise.resolve(loaded);
    if (!flight) {
      flight = attempt().finally(() => {
        flight = undefined;
      });
      // Whoever waits gets the error; when nobody does, the state says it.
      flight.catch(() => undefined);
    }
    return flight;
  };

  return {
    id,
    get state() {
      return state;
    },
    load,
    async get({ timeoutMs, signal }) {
      if (loaded) return loaded;
      const known = flight ? undefined : failure;
      const isFresh = known && deps.clock.nowMs() - known.atMs < retryAfterMs;
      if (known && isFresh) throw known.error;
      const loading = load();
      if (known && timeoutMs <= 0) throw known.error;
      return waitFor(loading, {
        // A timer cannot be told to wait for ever, and takes a larger number for "at once".
        timeoutMs: timeoutMs > maxTimerMs ? undefined : Math.max(0, timeoutMs),
        signal,
        onTimeout: () =>
          new AppError("E_BUSY", `${id} is still loading; try again in a moment`, { provider: id }),
      });
    },
    async [Symbol.asyncDispose]() {
      closing.abort(new AppError("E_INTERRUPTED", "the server is stopping"));
      // A load that waits for its engine ends with it.
      await dropEngines();
      await flight?.catch(() => undefined);
      await loaded?.[Symbol.asyncDispose]();
      loaded = undefined;
    },
  };
}

/** Throws E_SCHEMA with every field that is wrong. `enabled = false` is "disabled". */
export function parseProviderSettings(provider: Provider<string, unknown>, settings: unknown): unknown {
  const { enabled, ...rest } = { ...(settings as Record<string, unknown> | undefined) };
  if (enabled === false) {
    const reason = `it is switched off: providers.${provider.kind}.${provider.id}.enabled is false`;
    throw new ProviderUnavailable({ state: "disabled", reason });
  }
  const result = provider.settingsSchema.safeParse(rest);
  if (result.success) return result.data;
  const issues = result.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join("; ");
  throw new AppError("E_SCHEMA", `[providers.${provider.kind}.${provider.id}] is wrong: ${issues}`);
}

export const describeMissingCredential = (reason: string | undefined): ProviderState | undefined =>
  reason === undefined ? undefined : { state: "missing-credentials", reason };

type UnavailableState = Exclude<ProviderState, { state: "ready" } | { state: "loading" }>;

/** What a probe found, on its way to the state and to whoever asked. */
class ProviderUnavailable {
  readonly state: UnavailableState;
  constructor(state: UnavailableState) {
    this.state = state;
  }
  toError(id: string): AppError {
    const codes = {
      "not-installed": "E_NOT_FOUND",
      "missing-credentials": "E_PERM",
      incompatible: "E_COMPAT",
      disabled: "E_ARGS",
    } as const;
    return new AppError(codes[this.state.state], `${id}: ${this.state.reason}`, { provider: id });
  }
}

/** A failure as a state: what is missing can come, what does not fit cannot. */
export function describeFailure(error: unknown): UnavailableState {
  if (error instanceof ProviderUnavailable) return error.state;
  const reason = messageOf(error);
  const code = error instanceof AppError ? error.code : undefined;
  if (code === "E_COMPAT" || code === "E_SCHEMA" || code === undefined)
    return { state: "incompatible", reason };
  return { state: code === "E_PERM" ? "missing-credentials" : "not-installed", reason };
}
