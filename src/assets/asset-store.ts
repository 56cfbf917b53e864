// The asset manager: names in, paths out. It brings what is missing from the first source that can give it, proves it,
// and gives it its name last; every process of this machine may do so at once and each asset is fetched once.
import { resolve } from "node:path";
import { type Clock, systemClock } from "../base/clock.ts";
import { AppError, messageOf } from "../base/errors.ts";
import type { Emit } from "../base/events.ts";
import { createFileLocker, type FileLocker } from "../base/file-lock.ts";
import type { AssetJob, PhaseStep } from "./asset-job.ts";
import { loadAssetInfo } from "./asset-info.ts";
import { createAssetLayout } from "./asset-layout.ts";
import { type Asset, type AssetDefinition, assetSchema } from "./asset-schema.ts";
import { readStatus, type SeenFiles, verifyOnDisk } from "./asset-status.ts";
import { createTokens } from "./credentials.ts";
import { createFlusher } from "./flusher.ts";
import { type GetFreeBytes, getFreeBytes } from "./free-space.ts";
import { listPhases } from "./phases/list.ts";
import { removeParts } from "./phases/parts.ts";
import type {
  AssetEvent,
  AssetHooks,
  AssetResult,
  AssetStatus,
  AssetStore,
  AssetVerification,
  HandleEnsureOptions,
  UnlistedAssets,
} from "./port.ts";
import { createProgressMeter } from "./progress-meter.ts";
import { createProgressListeners, type ProgressListeners } from "./progress-listeners.ts";
import { createReachability } from "./reachability.ts";
import { type ExchangePaths, loadExchange } from "./replace-folder.ts";
import { createRemoval } from "./removal.ts";
import { runPhases } from "./run-phases.ts";
import { createReservations } from "./reservations.ts";
import { createSharedRuns, type SharedWork } from "./shared-run.ts";
import { createQuota, type Quota } from "./quota.ts";
import { createRegistrar } from "./registry/keep-registered.ts";
import type { Registry } from "./registry/registry.ts";
import { createUseHolder } from "./registry/use-holder.ts";
import type { UseLocks } from "./registry/use-locks.ts";
import { createPlanSource } from "./sources/plan-source.ts";
import { createViewPackage, type ViewPackage } from "./sources/view-package.ts";
import { defaultTransferLimits, type TransferLimits } from "./transfer/download-file.ts";
import type { Fetch, LookUpAddresses } from "./transfer/http-request.ts";

/** Everything has a default that is the real thing; tests hand in their own. */
export interface AssetStoreDependencies {
  emit?: Emit<AssetEvent>;
  fetch?: Fetch;
  clock?: Clock;
  /** 0 to below 1 */
  random?: () => number;
  viewPackage?: ViewPackage;
  locker?: FileLocker;
  exchange?: ExchangePaths | null;
  getFreeBytes?: GetFreeBytes;
  lookup?: LookUpAddresses;
  /** What is installed is written down there; without it, nowhere. */
  registry?: Registry | undefined;
  /** What is handed out by `getPath` counts as in use until the store is disposed; without it nothing is marked. */
  useLocks?: UseLocks | undefined;
  /** Of every asset; those of an asset's own handle come before them. */
  hooks?: AssetHooks;
}

export interface AssetStoreOptions {
  /** What can be asked for, by name. */
  catalogue: readonly AssetDefinition[];
  /** Absolute; where assets get their final names. */
  assetsDir: string;
  /** Absolute; parts lie in its `downloads`. */
  cacheRoot: string;
  /** Open no socket: only what is on disk, and local sources. Default false. */
  isOffline?: boolean;
  /** Base url of the hub or of a mirror; default "https://huggingface.co". */
  hubEndpoint?: string | null;
  /** For gated and private hub files, when `environment` has none; `variable` is what a refusal names. */
  hubToken?: { value: string; variable: string } | null;
  /** Where tokens are looked for; default: nowhere. */
  environment?: Readonly<Record<string, string | undefined>>;
  /** A token that is named and not set is E_PERM before any request, instead of a warning. Default false. */
  isAuthenticationStrict?: boolean;
  /** Most that the assets, and what lies in `modelsRoot`, may take together; default without limit. */
  quotaBytes?: number | null;
  /** Absolute; counts against the quota. */
  modelsRoot?: string;
  /** What relative local sources are relative to; default the current folder. */
  projectFolder?: string;
  /** How long to wait for another process that brings the same asset; default without limit. */
  lockTimeoutMs?: number | null;
  limits?: Partial<TransferLimits>;
}

/** E_SCHEMA for a catalogue that does not fit. Disposing stops what runs, keeping the parts for the next run. */
export function createAssetStore(
  dependencies: AssetStoreDependencies,
  options: AssetStoreOptions,
): AssetStore & UnlistedAssets & AsyncDisposable {
  const { emit = () => undefined, clock = systemClock, fetch = globalThis.fetch } = dependencies;
  const limits = { ...defaultTransferLimits, ...options.limits };
  const projectFolder = options.projectFolder ?? process.cwd();
  const hubEndpoint = options.hubEndpoint ?? "https://huggingface.co";
  const layout = createAssetLayout(options.assetsDir, options.cacheRoot, options.modelsRoot);
  const parse = (definition: AssetDefinition): Asset => anchor(parseDefinition(definition), projectFolder);
  const assets = parseCatalogue(options.catalogue, parse);
  const runs = createSharedRuns<AssetResult>();
  const listeners = createProgressListeners();
  const locker = dependencies.locker ?? createFileLocker({ clock });
  const lockTimeoutMs = options.lockTimeoutMs ?? undefined;
  const tokens = createTokens({ environment: options.environment, hubToken: options.hubToken ?? undefined });
  const web = { fetch, clock, lookup: dependencies.lookup };
  const viewPackage =
    dependencies.viewPackage ??
    createViewPackage({ folder: projectFolder, environment: options.environment });
  const quotaOf = (limitBytes: number | null): Quota =>
    createQuota({
      limitBytes,
      folders: [options.assetsDir, ...(options.modelsRoot === undefined ? [] : [options.modelsRoot])],
    });
  const registrar = dependencies.registry ? createRegistrar(dependencies.registry, clock) : null;
  const inUse = createUseHolder(dependencies.useLocks, registrar);
  const phases: readonly PhaseStep[] = listPhases({
    ...web,
    tokens,
    isStrict: options.isAuthenticationStrict ?? false,
    registrar,
    random: dependencies.random ?? Math.random,
    locker,
    exchange: dependencies.exchange === undefined ? loadExchange() : dependencies.exchange,
    getFreeBytes: dependencies.getFreeBytes ?? getFreeBytes,
    reservations: createReservations(locker, options.cacheRoot),
    assetsDir: options.assetsDir,
    cacheRoot: options.cacheRoot,
    limits,
    lockTimeoutMs,
    planSource: createPlanSource(
      { ...web, viewPackage },
      { hubEndpoint, tokens, projectFolder, stallMs: limits.stallMs },
    ),
  });
  const run = {
    phases,
    clock,
    isOffline: options.isOffline ?? false,
    reachability: createReachability(clock, hubEndpoint),
  };

  const find = (name: string): Asset => {
    const asset = assets.get(name);
    if (asset) return asset;
    throw new AppError(
      "E_NOT_FOUND",
      `there is no asset ${name}; \`troupe assets list\` names those that are`,
      { asset: name },
    );
  };

  const perform = async (
    asset: Asset,
    given: HandleEnsureOptions,
    report: Emit<AssetEvent>,
    signal: AbortSignal,
  ): Promise<AssetResult> => {
    const places = layout.placesOf(asset);
    await using held = new AsyncDisposableStack();
    using meter = createProgressMeter(asset, clock, report);
    const job: AssetJob = {
      asset,
      places,
      isForced: given.forceDownload ?? false,
      hooks: { ...dependencies.hooks, ...given.hooks },
      quota: quotaOf(given.quotaBytes ?? options.quotaBytes ?? null),
      filesAtOnce: given.filesAtOnce ?? null,
      startsOver: given.startsOver ?? false,
      signal,
      held,
      flusher: held.use(createFlusher()),
      isLocked: false,
      emit: report,
      meter,
      stock: new Map(),
      rooms: new Map(),
      spareBytes: 0,
      roomTurn: Promise.resolve(),
      downloadedBytes: 0,
      resumedBytes: 0,
    };
    try {
      const result = await runPhases(run, job);
      if (result.fromCache && registrar) {
        const info = await loadAssetInfo(places);
        if (info) await registrar.heal(asset.name, places, info);
      }
      return result;
    } catch (error) {
      if (job.isLocked && isDiscarded(error)) await removeParts(places);
      throw error;
    }
  };
  /** Tells of its end when nothing of it is left: who tries again at the word must not join what is going. */
  const bring = async (
    asset: Asset,
    given: HandleEnsureOptions,
    signal: AbortSignal,
    sayOver: () => void,
  ): Promise<AssetResult> => {
    const report = createReport(asset, emit, listeners);
    try {
      const result = await perform(asset, given, report, signal).finally(sayOver);
      report({ type: "asset-download-end", asset: asset.name, result });
      return result;
    } catch (error) {
      const failure = error instanceof Error ? error : new Error(messageOf(error));
      report({ type: "asset-download-fail", asset: asset.name, error: failure });
      throw error;
    }
  };

  const ensure = async (
    asset: Asset,
    runKey: string,
    given: HandleEnsureOptions = {},
  ): Promise<AssetResult> => {
    const { forceDownload: isForced = false, signal, onProgress } = given;
    using listening = listeners.add(asset.name, onProgress);
    void listening;
    const work: SharedWork<AssetResult> = (...run) => bring(asset, given, ...run);
    return await runs.join(runKeyOf(runKey, isForced), work, signal);
  };
  const use = async (asset: Asset, runKey: string, given?: HandleEnsureOptions): Promise<string> => {
    await inUse.begin(asset.name);
    const { path } = await ensure(asset, runKey, given);
    inUse.note(asset.name);
    return path;
  };
  const seen: SeenFiles = new Map();
  const status = (asset: Asset): Promise<AssetStatus> => readStatus(asset, layout.placesOf(asset), seen);
  const verify = (asset: Asset): Promise<AssetVerification> => verifyOnDisk(asset, layout.placesOf(asset));
  const cancel = async (name: string): Promise<boolean> => {
    const reason = new AppError("E_INTERRUPTED", `${name}: cancelled`, { discard: true });
    const keys = [runKeyOf(name, false), runKeyOf(name, true)];
    return (await Promise.all(keys.map((key) => runs.cancel(key, reason)))).includes(true);
  };
  const removal = createRemoval(
    { ...dependencies, emit, locker, registrar, cancel },
    { layout, assets: [...assets.values()], lockTimeoutMs },
  );

  return {
    ensure: async (name, given) => ensure(find(name), name, given),
    getPath: async (name, given) => use(find(name), name, given),
    list: () => Promise.all([...assets.values()].map(status)),
    status: async (name) => status(find(name)),
    verify: async (name) =>
      Promise.all((name === undefined ? [...assets.values()] : [find(name)]).map(verify)),
    remove: async (name, given) => removal.remove(find(name), given),
    cancel: async (name) => cancel(find(name).name),
    clear: (given) => removal.clear(given),
    open(definition) {
      const asset = parse(definition);
      // No asset's name has a bracket, so a listed one of the same name has another run; the lock is theirs together.
      const key = JSON.stringify(asset);
      return {
        asset,
        ensure: (given) => ensure(asset, key, given),
        getPath: (given) => use(asset, key, given),
        status: () => status(asset),
        verify: () => verify(asset),
        remove: (given) => removal.remove(asset, given),
      };
    },
    async [Symbol.asyncDispose]() {
      await runs.stop(new AppError("E_INTERRUPTED", "the asset manager was stopped"));
      await inUse[Symbol.asyncDispose]();
    },
  };
}

function parseCatalogue(
  definitions: readonly AssetDefinition[],
  parse: (definition: AssetDefinition) => Asset,
): Map<string, Asset> {
  const assets = new Map<string, Asset>();
  for (const definition of definitions) {
    const asset = parse(definition);
    if (assets.has(asset.name)) {
      throw new AppError("E_SCHEMA", `two assets are called ${asset.name}; rename one`, {
        asset: asset.name,
      });
    }
    assets.set(asset.name, asset);
  }
  return assets;
}

function parseDefinition(definition: AssetDefinition): Asset {
  const parsed = assetSchema.safeParse(definition);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = issue?.path.join(".") ?? "";
  throw new AppError("E_SCHEMA", `asset ${definition.name}: ${field}: ${issue?.message}`, {
    asset: definition.name,
    field,
  });
}

/** Two projects may share the assets folder, and each has a `./voice.bin` of its own. */
function anchor(asset: Asset, projectFolder: string): Asset {
  const sources = asset.sources.map((source) =>
    source.type === "local" && source.package === undefined
      ? { ...source, path: resolve(projectFolder, source.path) }
      : source,
  );
  return { ...asset, sources };
}

/** Of an asset that wants no progress report, what happens is told for the metrics alone. */
function createReport(
  { hasProgressReport }: Asset,
  emit: Emit<AssetEvent>,
  listeners: ProgressListeners,
): Emit<AssetEvent> {
  return (event) => {
    listeners.tell(event);
    if (hasProgressReport) emit(event);
    else if (event.type !== "asset-progress") emit({ ...event, isSilent: true });
  };
}

const runKeyOf = (key: string, isForced: boolean): string => (isForced ? `${key} (forced)` : key);

function isDiscarded(error: unknown): boolean {
  return error instanceof AppError && error.code === "E_INTERRUPTED" && error.details?.["discard"] === true;
}
