// From settings to what is to be done: ask one server, look for a local one, or leave the words to the characters.
// Pure; docs/decisions has why a cloud service is never chosen by a key that happens to be set.
import { AppError } from "../base/errors.ts";

export type ReplyProviderId = "openai-compatible" | "anthropic";

interface ReplyServerPreset {
  title: string;
  provider: ReplyProviderId;
  baseUrl?: string;
  /** Where its key is found unless `api_key_env` says otherwise; a server that has one wants one. */
  apiKeyName?: string;
}

/** The names that `[reply] source` knows, beside `local` and `none`. Addresses are the services' own documentation's. */
export const replyServerPresets: Readonly<Record<string, ReplyServerPreset>> = {
  "openai-compatible": { title: "the reply server", provider: "openai-compatible" },
  openai: {
    title: "OpenAI",
    provider: "openai-compatible",
    baseUrl: "https://api.openai.com/v1",
    apiKeyName: "OPENAI_API_KEY",
  },
  anthropic: {
    title: "Anthropic",
    provider: "anthropic",
    baseUrl: "https://api.anthropic.com/v1",
    apiKeyName: "ANTHROPIC_API_KEY",
  },
  vsegpt: {
    title: "VseGPT",
    provider: "openai-compatible",
    baseUrl: "https://api.vsegpt.ru/v1",
    apiKeyName: "VSEGPT_API_KEY",
  },
  ollama: { title: "Ollama", provider: "openai-compatible", baseUrl: "http://127.0.0.1:11434/v1" },
  "lm-studio": { title: "LM Studio", provider: "openai-compatible", baseUrl: "http://127.0.0.1:1234/v1" },
  "llama-cpp": { title: "llama.cpp", provider: "openai-compatible", baseUrl: "http://127.0.0.1:8080/v1" },
  vllm: { title: "vLLM", provider: "openai-compatible", baseUrl: "http://127.0.0.1:8000/v1" },
};

/** Looked for, in this order, when nothing is configured: all on this machine. */
export const localSourceIds = ["ollama", "lm-studio", "llama-cpp"] as const;

export interface ReplySettings {
  source?: string | undefined;
  baseUrl?: string | undefined;
  /** Its value; where it was found is `apiKeyName`. */
  apiKey?: string | undefined;
  apiKeyName?: string | undefined;
  model?: string | undefined;
  /** Forbids any server beyond loopback. */
  isOffline?: boolean | undefined;
}

export interface ReplyServer {
  /** A key of `replyServerPresets`. */
  source: string;
  title: string;
  provider: ReplyProviderId;
  baseUrl: string;
  apiKey?: string | undefined;
  apiKeyName?: string | undefined;
  model?: string | undefined;
  isLocal: boolean;
}

export type ReplyPlan =
  | { kind: "none"; detail: string }
  /** Take the first of these that is there. */
  | { kind: "look"; servers: readonly ReplyServer[] }
  | { kind: "server"; server: ReplyServer }
  /** A model that runs here; undefined: the only one that is installed. */
  | { kind: "local"; model: string | undefined }
  /** Configured, and it cannot work: every reply throws `error`. */
  | { kind: "refuse"; source: string; error: AppError };

/** Throws E_ARGS for an unknown source or an address that is none. */
export function planReplySource(settings: ReplySettings): ReplyPlan {
  const { model, isOffline = false } = settings;
  const source = normalizeSource(settings.source) ?? (settings.baseUrl ? "openai-compatible" : undefined);
  if (source === "none") return { kind: "none", detail: "[reply] source is none" };
  if (source === "local") return { kind: "local", model };
  if (source === undefined) {
    const servers = localSourceIds.flatMap((id) => {
      const preset = replyServerPresets[id];
      return preset?.baseUrl
        ? [{ ...preset, source: id, baseUrl: preset.baseUrl, model, isLocal: true }]
        : [];
    });
    return { kind: "look", servers };
  }

  const preset = findPreset(source);
  if (!preset) {
    const known = [...Object.keys(replyServerPresets), "local", "none"].join(", ");
    throw new AppError("E_ARGS", `[reply] source "${settings.source}" is unknown; it is one of ${known}`);
  }
  const address = settings.baseUrl ?? preset.baseUrl;
  if (address === undefined) {
    throw new AppError(
      "E_ARGS",
      `[reply] source "${source}" needs base_url, such as http://127.0.0.1:8080/v1`,
    );
  }
  const url = parseBaseUrl(address);
  const isLocal = isLoopback(url.hostname);
  const server: ReplyServer = {
    source,
    title: preset.title,
    provider: preset.provider,
    baseUrl: url.href.replace(/\/$/, ""),
    apiKey: settings.apiKey,
    apiKeyName: settings.apiKeyName ?? preset.apiKeyName,
    model,
    isLocal,
  };
  const refusal = findRefusal(server, isOffline);
  return refusal ? { kind: "refuse", source, error: refusal } : { kind: "server", server };
}

function findRefusal(server: ReplyServer, isOffline: boolean): AppError | undefined {
  const { title, isLocal, apiKeyName, model } = server;
  if (isLocal) return undefined;
  if (isOffline) {
    return new AppError(
      "E_NET",
      `offline forbids ${title} at ${server.baseUrl}; leave offline mode, or run a server on this machine`,
    );
  }
  if (apiKeyName !== undefined && !server.apiKey) {
    return new AppError("E_PERM", `${title} wants a key: set ${apiKeyName}`, { variable: apiKeyName });
  }
  // A service with a key has dozens of models at many prices: the choice is the user's.
  if (apiKeyName !== undefined && model === undefined) {
    return new AppError("E_ARGS", `say which model of ${title} is to reply: set [reply] model`);
  }
  return undefined;
}

const findPreset = (source: string): ReplyServerPreset | undefined =>
  Object.hasOwn(replyServerPresets, source) ? replyServerPresets[source] : undefined;

const normalizeSource = (source: string | undefined): string | undefined =>
  source?.trim().toLowerCase().replaceAll("_", "-") || undefined;

function parseBaseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new AppError(
      "E_ARGS",
      `[reply] base_url "${text}" is no http address, such as http://127.0.0.1:8080/v1`,
    );
  }
  if (url.username || url.password) {
    throw new AppError("E_ARGS", "[reply] base_url must not carry a key; name its variable in api_key_env");
  }
  url.search = "";
  url.hash = "";
  // All of these servers live under /v1; an address without any path means that.
  if (url.pathname === "/") url.pathname = "/v1";
  return url;
}

export function isLoopback(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, "").toLowerCase();
  return host === "localhost" || host === "::1" || /^127(?:\.\d{1,3}){3}$/.test(host);
}
