// Every provider with its state, its files, its credentials and its models: what `providers list` and `/v1/providers` show.
import type { AssetEvent } from "./assets/port.ts";
import { describeUrl } from "./assets/asset-schema.ts";
import { requireSegment } from "./assets/provider/path-segment.ts";
import type { ProviderOverview, Providers } from "./assets/provider/port.ts";
import type { ProviderAssets } from "./assets/provider/provider-assets.ts";
import type { ModelStatus, ProviderModels } from "./assets/provider/provider-models.ts";
import { AppError } from "./base/errors.ts";
import type { Emit } from "./base/events.ts";
import { listProviderNames, replyProviderId } from "./provider-descriptions.ts";
import type { ConnectedProviders, ProviderSetup } from "./provider-setup.ts";
import type { Fetch } from "./reply/language-model.ts";
import { lookAtLocalModels } from "./reply/local-model-state.ts";
import type { LocalReplyDependencies } from "./reply/local-reply-source.ts";
import { isLoopback, type ReplyServer, replyServerPresets } from "./reply/plan-reply-source.ts";
import { probeServer } from "./reply/probe-server.ts";
import type { ReplySource } from "./reply/source.ts";
import type { ProviderState } from "./speech/ports.ts";
import type { ListedProvider, ProviderCatalogue, SpeechSystem } from "./speech/provider.ts";
import { describeMissingCredential } from "./speech/speech-part.ts";

export interface ProvidersDependencies {
  setup: ProviderSetup;
  connected: ConnectedProviders;
  speech: Pick<SpeechSystem, "listProviders">;
  replies: Pick<ReplySource, "status">;
  localModels: LocalReplyDependencies;
  fetch: Fetch;
  emit: Emit<AssetEvent>;
}

export interface ProvidersOptions {
  speechProviders: ProviderCatalogue;
  /** As the settings have them. */
  replySource: string | undefined;
  replyBaseUrl: string | undefined;
}

/** For a server on this machine to say that it is there. */
const probeTimeoutMs = 500;

export function createProviders(deps: ProvidersDependencies, options: ProvidersOptions): Providers {
  const { setup, connected, speech, replies, emit } = deps;
  const known = listProviderNames(options.speechProviders);
  const isKnown = (kind: string, id: string): boolean => known.some(([k, i]) => k === kind && i === id);
  const named = [
    ...known,
    ...setup.tables.filter(({ kind, id }) => !isKnown(kind, id)).map(({ kind, id }) => [kind, id] as const),
  ];
  const warned = new Set<string>();

  const lookAtReply = async (id: string, missing: string | undefined): Promise<ProviderState> => {
    const status = replies.status();
    const isChosen = replyProviderId(status.source) === id;
    if (id === "local") return lookAtLocalModels(deps.localModels, status);
    if (isChosen && status.isUp) return { state: "ready" };
    const source = Object.keys(replyServerPresets).find((name) => replyProviderId(name) === id) ?? id;
    const preset = replyServerPresets[source];
    const isOwnUrl = options.replySource !== undefined && replyProviderId(options.replySource) === id;
    const address = (isOwnUrl ? options.replyBaseUrl : undefined) ?? preset?.baseUrl;
    const isLocal = address !== undefined && URL.canParse(address) && isLoopback(new URL(address).hostname);
    if (!isLocal) {
      if (missing !== undefined) return describeMissingCredential(missing) ?? { state: "ready" };
      return isChosen && status.detail !== undefined && preset?.apiKeyName === undefined
        ? { state: "not-installed", reason: status.detail }
        : { state: "ready" };
    }
    const server: ReplyServer = {
      source,
      title: preset?.title ?? id,
      provider: preset?.provider ?? "openai-compatible",
      baseUrl: address.replace(/\/$/, ""),
      isLocal,
    };
    const found = await probeServer(deps.fetch, server, { timeoutMs: probeTimeoutMs });
    return found.state === "up" ? { state: "ready" } : { state: "not-installed", reason: found.detail };
  };

  const stateOf = async (
    kind: string,
    id: string,
    facts: { isEnabled: boolean; missing: string | undefined; speech: ListedProvider | undefined },
  ): Promise<ProviderState> => {
    if (!isKnown(kind, id)) {
      return { state: "not-installed", reason: `Troupe has no provider ${kind}.${id}` };
    }
    if (facts.speech) return facts.speech.state;
    if (!facts.isEnabled) {
      return { state: "disabled", reason: `it is switched off: providers.${kind}.${id}.enabled is false` };
    }
    if (kind === "llm") return lookAtReply(id, facts.missing);
    return describeMissingCredential(facts.missing) ?? { state: "ready" };
  };

  /** By name, or by kind and name. One that nobody knows is taken as it is called. */
  const select = async (name: string): Promise<readonly [kind: string, id: string]> => {
    const found = named.filter(([kind, id]) => id === name || `${kind}.${id}` === name);
    const [only] = found;
    if (only && found.length === 1) return only;
    if (only) {
      const names = found.map((pair) => pair.join(".")).join(" or ");
      throw new AppError("E_ARGS", `several providers are called ${name}: say ${names}`, { provider: name });
    }
    const [kind, id] = name.includes(".") ? splitOnce(name, ".") : ["provider", name];
    requireSegment(id, "provider");
    if (!warned.has(name)) {
      warned.add(name);
      const message = `there is no provider ${name}; the generic description counts for its files`;
      emit({ type: "asset-warning", asset: "providers", code: "E_NOT_FOUND", message });
    }
    return [kind, id];
  };

  return {
    async list() {
      const speaking = new Map((await speech.listProviders()).map((one) => [`${one.kind}.${one.id}`, one]));
      return Promise.all(
        named.map(async ([kind, id]): Promise<ProviderOverview> => {
          const [provider, credentials, models] = await Promise.all([
            connected.describe(kind, id),
            setup.credentialsOf(kind, id),
            connected.modelsOf(kind, id),
          ]);
          const table = setup.tables.find((candidate) => candidate.kind === kind && candidate.id === id);
          const known = speaking.get(`${kind}.${id}`);
          const look = await stateOf(kind, id, {
            isEnabled: table?.isEnabled ?? true,
            missing: credentials.missing?.reason,
            speech: known,
          });
          const listed = await models.list();
          const model = listed.find((one) => one.id === provider.modelInUse);
          const isMissing = look.state === "ready" && known?.isInUse !== true && model?.isInstalled === false;
          const state = isMissing ? describeMissingModel(kind, id, model, models.origin(model.id)) : look;
          const reason = "reason" in state ? state.reason : "detail" in state ? state.detail : undefined;
          return {
            kind,
            name: id,
            title: provider.title,
            state: state.state,
            ...(reason !== undefined && { reason }),
            assets: withoutQueries(provider.assets),
            credentials: credentials.variables,
            models: listed,
            modelInUse: provider.modelInUse,
          };
        }),
      );
    },
    async modelPath(name, modelId) {
      const [kind, id] = await select(name);
      return (await connected.modelsOf(kind, id)).path(modelId);
    },
    async ensureModel(name, modelId, given) {
      const [kind, id] = await select(name);
      const wanted = modelId ?? (await connected.describe(kind, id)).modelInUse;
      if (wanted === undefined) {
        throw new AppError("E_ARGS", `say which model of ${kind}.${id}: ${kind}.${id}:MODEL`, {
          provider: id,
        });
      }
      return (await connected.modelsOf(kind, id)).ensure(wanted, given);
    },
  };
}

/** It could run if it had its model. */
function describeMissingModel(
  kind: string,
  id: string,
  model: ModelStatus,
  origin: ReturnType<ProviderModels["origin"]>,
): ProviderState {
  const command = `troupe models ensure --provider ${kind}.${id}:${model.id}`;
  const cure =
    origin === "user"
      ? `; put it at ${model.path}`
      : ` yet; its first use fetches it, and so does: ${command}`;
  return { state: "not-installed", reason: `its model ${model.id} is not on this machine${cure}` };
}

function splitOnce(text: string, sign: string): [string, string] {
  const at = text.indexOf(sign);
  return [text.slice(0, at), text.slice(at + 1)];
}

/** A query may hold a signature. */
function withoutQueries(assets: ProviderAssets): ProviderAssets {
  const urls = Object.entries(assets.model_urls).map(([id, entry]): [string, typeof entry] => {
    if (typeof entry === "string") return [id, entry];
    if ("url" in entry) return [id, { ...entry, url: describeUrl(entry.url) }];
    const files = Object.entries(entry.files).map(([name, url]) => [name, describeUrl(url)]);
    return [id, { ...entry, files: Object.fromEntries(files) as Record<string, string> }];
  });
  return { ...assets, model_urls: Object.fromEntries(urls) };
}
