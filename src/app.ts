// The composition root: the only file that knows every concrete part. What it makes is held by one disposal stack.
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { createAssetStore } from "./assets/asset-store.ts";
import { defaultCatalogue } from "./assets/catalogue/default-catalogue.ts";
import { findOldModels } from "./assets/provider/old-places.ts";
import { createTokens, listTokens, listTokenVariables } from "./assets/credentials.ts";
import type { AssetEvent } from "./assets/port.ts";
import { createRegistrar } from "./assets/registry/keep-registered.ts";
import { createRegistry } from "./assets/registry/registry.ts";
import { createUseLocks } from "./assets/registry/use-locks.ts";
import { systemClock } from "./base/clock.ts";
import { type AnyEvent, createEventHub } from "./base/events.ts";
import { createCharacterStage } from "./characters/character-stage.ts";
import type { CharacterEvent } from "./characters/port.ts";
import type { CliApp, OpenAppOptions, RunningServer } from "./cli/app-port.ts";
import type { LoadedSettings } from "./config/load-settings.ts";
import { loadProjectAssets } from "./config/project-assets.ts";
import { homeOf } from "./config/expand-path.ts";
import { describeSettings, listSecretSettings, variableOf } from "./config/describe-settings.ts";
import { listProviderSettings } from "./config/provider-settings.ts";
import { listRoots } from "./config/storage-roots.ts";
import { judgeModelFit } from "./models/compatibility/judge-fit.ts";
import { createEnsureBaselines } from "./models/ensure/ensure-baselines.ts";
import { createFindInstallation } from "./models/find-installation.ts";
import { createHubClient } from "./models/hub/hub-client.ts";
import { createModelLibrary } from "./models/model-library.ts";
import { listDefaultAssets, listProjectAssets } from "./default-assets.ts";
import { createLogger } from "./observability/logger.ts";
import type { SystemEvent } from "./observability/system-event.ts";
import {
  loadLocalReplyProvider,
  replyProviders,
  speechProviders as ownSpeechProviders,
} from "./provider-catalogue.ts";
import { addPackagedProviders } from "./packaged-providers.ts";
import { createReplySource } from "./reply/reply-source.ts";
import { createProviders } from "./provider-overview.ts";
import { setUpProviders } from "./provider-setup.ts";
import { findReplyCredential } from "./reply-credential.ts";
import { serveApp } from "./serve-app.ts";
import { createCasting } from "./session/casting.ts";
import { createMayReplyEarly, createReplyAsCharacter } from "./session/character-reply.ts";
import { createCondenser } from "./session/condenser.ts";
import { synthesizeStream } from "./session/sentence-stream.ts";
import { defaultConfig } from "./session/session-config.ts";
import { openVoiceSession } from "./session/voice-session.ts";
import type { SpeechEvent } from "./speech/engine.ts";
import type { ProviderCatalogue } from "./speech/provider.ts";
import { selectProviders } from "./speech/select-provider.ts";
import { createSpeechSystem } from "./speech/speech-system.ts";
import { createTurnJudges } from "./turn-judges.ts";

export interface AppOptions {
  version: string;
  logs: OpenAppOptions["logs"];
  /** Default: those that Troupe comes with. */
  speechProviders?: ProviderCatalogue;
}

/** Opens nothing that costs: speech loads, characters run and sockets listen only when a verb asks. */
export async function createApp(loaded: LoadedSettings, options: AppOptions): Promise<CliApp> {
  const { settings, env } = loaded;
  const speechProviders = await addPackagedProviders(options.speechProviders ?? ownSpeechProviders, loaded);
  await using stack = new AsyncDisposableStack();
  const clock = systemClock;
  const events = createEventHub<AssetEvent | CharacterEvent | SpeechEvent | AnyEvent>((error) =>
    events.emit({ type: "background-failure", error } satisfies SystemEvent),
  );
  const setup = await setUpProviders(loaded, {
    speechProviders,
    builtIn: defaultCatalogue,
    emit: events.emit,
  });
  const project = loadProjectAssets(loaded.project, setup.assetNames, env);
  const providerSettings = listProviderSettings(setup.tables);
  const replyKey = await findReplyCredential(setup, {
    source: settings["reply.source"],
    baseUrl: settings["reply.base_url"],
    apiKeyEnv: settings["reply.api_key_env"],
    environment: env,
  });
  if (options.logs !== "none") {
    // The progress view shows these.
    const except = ["engine-load-start", "engine-load-end", "engine-load-fail", "engine-exit"];
    except.push(
      "asset-progress",
      "asset-source-fail",
      "asset-download-end",
      "asset-download-fail",
      "asset-warning",
    );
    stack.use(
      createLogger(events, {
        level: settings["log.level"],
        format: options.logs,
        secrets: [
          ...listSecretSettings(loaded),
          ...setup.secrets,
          replyKey.value ?? "",
          ...listTokens(project.declared, env),
        ],
        except,
      }),
    );
  }

  const roots = listRoots(loaded);
  const cacheRoot = settings["storage.cache_root"];
  const isOffline = settings["settings.assets.offline"];
  const hubEndpoint = settings["settings.assets.mirror"] ?? null;
  const hubTokenValue = settings["settings.assets.hub_token"];
  const hubToken =
    hubTokenValue === undefined
      ? null
      : { value: hubTokenValue, variable: variableOf(loaded, "settings.assets.hub_token") };
  let isServing = false;
  const modelRoots = {
    modelsRoot: settings["storage.models_root"],
    assetsDir: settings["settings.assets.cache_dir"],
  };
  const registry = createRegistry({ clock, emit: events.emit }, { ...modelRoots, goesOn: () => isServing });
  const registrar = createRegistrar(registry, clock);
  const useLocks = createUseLocks(modelRoots.modelsRoot, { clock });
  const quotaBytes = toBytes(settings["settings.assets.quota_gb"]);
  const assets = stack.use(
    createAssetStore(
      { emit: events.emit, clock, registry, useLocks },
      {
        catalogue: setup.catalogue(project.declared),
        assetsDir: settings["settings.assets.cache_dir"],
        cacheRoot,
        isOffline,
        hubEndpoint,
        hubToken,
        environment: env,
        projectFolder: loaded.projectFolder,
        isAuthenticationStrict: settings["settings.assets.strict_authentication"],
        lockTimeoutMs: toMs(settings["settings.assets.lock_timeout_seconds"]),
        quotaBytes,
        modelsRoot: settings["storage.models_root"],
      },
    ),
  );

  const hub = createHubClient(
    { fetch, clock, emit: events.emit },
    {
      endpoint: hubEndpoint,
      findToken: createTokens({ environment: env, hubToken: hubToken ?? undefined }).find,
      isOffline,
      // Somebody waits for an answer of the server; at a terminal the wait is told, and can be called off.
      longestWaitMs: () => (isServing ? 20_000 : 300_000),
    },
  );
  const findInstallation = createFindInstallation(registry);
  const library = createModelLibrary(
    { store: assets, registry, useLocks, hub, emit: events.emit, clock, judgeFit: judgeModelFit },
    { ...modelRoots, cacheRoot, quotaBytes },
  );

  const connected = setup.connect(assets);
  const chosen = selectProviders(
    {
      provider: settings["speech.provider"],
      synthesizer: settings["speech.synthesizer"],
      recognizer: settings["speech.recognizer"],
    },
    {
      tts: Object.keys(speechProviders.tts),
      asr: Object.keys(speechProviders.asr),
      vad: Object.keys(speechProviders.vad),
    },
  );
  const engineParts = { ...connected, catalogue: speechProviders, emit: events.emit, clock };
  const engineRoots = {
    threads: settings["speech.threads"] || availableParallelism(),
    runtimeCacheDir: join(cacheRoot, "runtime"),
    modelsRoot: settings["storage.models_root"],
  };
  const speech = stack.use(
    createSpeechSystem(engineParts, {
      synthesizer: chosen.tts,
      recognizer: chosen.asr,
      detector: chosen.vad,
      settings: providerSettings,
      ...engineRoots,
    }),
  );
  const turnDetectorId = settings["session.turn_detector"];
  const turns = stack.use(
    createTurnJudges(
      { ...engineParts, speech },
      { id: turnDetectorId, settings: providerSettings["turn"]?.[turnDetectorId], ...engineRoots },
    ),
  );

  const localModels = {
    loadProvider: loadLocalReplyProvider,
    modelsRoot: engineRoots.modelsRoot,
    threads: engineRoots.threads,
    contextTokens: settings["reply.context_tokens"],
    settings: providerSettings["llm"]?.["local"],
    holdModel: async (id: string) => {
      const lease = await useLocks.hold(id);
      await registrar.touch(id);
      return lease;
    },
  };
  const replies = stack.use(
    createReplySource(
      {
        fetch,
        clock,
        loaders: replyProviders,
        emit: events.emit,
        local: localModels,
      },
      {
        source: settings["reply.source"],
        baseUrl: settings["reply.base_url"],
        apiKey: replyKey.value,
        apiKeyName: replyKey.name,
        model: settings["reply.model"],
        temperature: settings["reply.temperature"] ?? undefined,
        maxOutputTokens: settings["reply.max_output_tokens"] ?? undefined,
        isOffline,
      },
    ),
  );
  const providers = createProviders(
    { setup, connected, speech: turns, replies, localModels, fetch, emit: events.emit },
    {
      speechProviders,
      replySource: settings["reply.source"],
      replyBaseUrl: settings["reply.base_url"],
    },
  );
  const ensureBaselines = createEnsureBaselines(
    { store: assets, registry, clock, modelsRoot: modelRoots.modelsRoot, library, providers },
    { fileName: settings["models.tiny_llama_filename"], url: settings["models.tiny_llama_url"] },
  );
  const findOld = () => findOldModels({ home: homeOf(env), projectFolder: loaded.projectFolder });
  const replyAsCharacter = createReplyAsCharacter({ replies, clock });

  const openStage: CliApp["openStage"] = async ({ watch }) => {
    const stage = await createCharacterStage(
      { emit: events.emit, clock },
      {
        folder: settings["characters.dir"],
        watch,
        evaluateTimeoutMs: settings["characters.evaluate_timeout_ms"],
        promptTimeoutMs: settings["characters.prompt_timeout_ms"],
        toolTimeoutMs: settings["characters.tool_timeout_ms"],
        replyTimeoutMs: settings["characters.reply_timeout_ms"],
        memoryLimitMb: settings["characters.memory_limit_mb"],
      },
    );
    // Who looks once wants the slow files too; a server shows them as they come.
    if (!watch) await stage.settled();
    return stage;
  };

  const condense = createCondenser({ replies });
  const mayReplyEarly = settings["session.early_replies"] ? createMayReplyEarly({ replies }) : undefined;
  const historyTokens = roomForHistory(settings["reply.context_tokens"]);

  const openTalk: CliApp["openTalk"] = async (stage, character, channel) => {
    const parts = { stage, speech, clock, userName: settings.user_name };
    const [cast, judges] = await Promise.all([createCasting(parts).cast(character), turns.load()]);
    return openVoiceSession(
      {
        ...parts,
        ...channel,
        replyAsCharacter,
        speakText: synthesizeStream,
        ...judges,
        condense,
        mayReplyEarly,
        emit: events.emit,
      },
      {
        id: `sess_${crypto.randomUUID().replaceAll("-", "").slice(0, 20)}`,
        cast,
        config: { ...defaultConfig, greeting: true },
        limits: { historyTokens },
        characterChanges: settings["session.characters"],
      },
    );
  };

  const serve = (): Promise<RunningServer> => {
    isServing = true;
    return serveApp(
      {
        version: options.version,
        speech,
        replies,
        replyAsCharacter,
        assets,
        library,
        ensureBaselines,
        findOldModels: findOld,
        providers,
        hub,
        findInstallation,
        modelsRoot: modelRoots.modelsRoot,
        events,
      },
      { clock, roots, openStage, loadJudges: () => turns.load(), condense, mayReplyEarly, historyTokens },
      settings,
    );
  };

  const app = stack.move();
  return {
    version: options.version,
    events,
    settings: describeSettings(loaded),
    roots,
    warnings: setup.warnings,
    providers,
    findOldModels: findOld,
    userName: settings.user_name,
    charactersDir: settings["characters.dir"],
    assets,
    hub,
    library,
    ensureBaselines,
    findInstallation,
    defaultAssets: await listDefaultAssets(setup, speechProviders, { ...chosen, ...turns.chosen }),
    projectAssets: listProjectAssets(setup, project),
    assetCredentials: await listTokenVariables(project.declared, {
      environment: env,
      hubToken: hubToken ?? undefined,
    }),
    speech,
    replies,
    replyAsCharacter,
    openStage,
    openTalk,
    serve,
    [Symbol.asyncDispose]: () => app.disposeAsync(),
  };
}

/** The rest is for the answer, and for tokenizers that count otherwise than we do. */
const roomForHistory = (contextTokens: number): number => Math.floor(contextTokens * 0.75);
const toMs = (seconds: number | null): number | null => (seconds === null ? null : seconds * 1000);
const toBytes = (gib: number | null): number | null => (gib === null ? null : gib * 2 ** 30);
