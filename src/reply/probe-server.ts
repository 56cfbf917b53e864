// Is a language-model server there, and which models has it? `GET /models`, short and bounded.
import { z } from "zod";
import { AppError, fromNetworkError, messageOf } from "../base/errors.ts";
import { abortReason } from "../base/deadline.ts";
import type { Fetch } from "./language-model.ts";
import type { ReplyServer } from "./plan-reply-source.ts";
import { redact } from "./redact.ts";

export type ProbeResult =
  | { state: "up"; models: readonly string[] }
  | { state: "refused" | "down" | "slow"; detail: string };

/** Bytes of a model list that are read: OpenRouter's, with prices and prose, is under 1 MiB. */
const maxListBytes = 4 * 1024 * 1024;

/** How this house's own servers sign characters and engines: one that finds itself must not talk to itself. */
const ownModelOwners = /^troupe(?:-|$)/;

const modelListSchema = z.object({
  data: z.array(z.object({ id: z.string().min(1), owned_by: z.string().nullish() })),
});

/** Never rejects, unless `signal` aborts. */
export async function probeServer(
  fetch: Fetch,
  server: ReplyServer,
  options: { timeoutMs: number; signal?: AbortSignal | undefined },
): Promise<ProbeResult> {
  const { title, baseUrl, apiKey, apiKeyName } = server;
  const deadline = AbortSignal.timeout(options.timeoutMs);
  const signal = options.signal ? AbortSignal.any([deadline, options.signal]) : deadline;
  try {
    const response = await fetch(`${baseUrl}/models`, {
      headers: buildHeaders(server),
      redirect: "manual",
      signal,
    });
    const text = await readText(response, maxListBytes);
    const { status } = response;
    if (status === 401 || status === 403) {
      const name = apiKeyName ?? "[reply] api_key_env";
      const cure = apiKey === undefined ? `it wants a key: set ${name}` : `check the key in ${name}`;
      return { state: "refused", detail: `${title} refuses access (${status}); ${cure}` };
    }
    if (status >= 300 && status < 400) {
      return { state: "down", detail: `${title} at ${baseUrl} redirects; put the final address in base_url` };
    }
    if (status >= 500) return { state: "down", detail: `${title} at ${baseUrl} failed (${status})` };
    const list = status === 200 ? modelListSchema.safeParse(parseJson(text)) : undefined;
    if (list?.data?.data.some((model) => ownModelOwners.test(model.owned_by ?? ""))) {
      return { state: "down", detail: `${baseUrl} is a server of this kind itself, not a language model` };
    }
    // A server without a model list can still be one that talks, when it was named; looking around needs the list.
    return { state: "up", models: list?.data?.data.map((model) => model.id) ?? [] };
  } catch (error) {
    if (options.signal?.aborted) throw abortReason(options.signal);
    if (deadline.aborted) {
      return {
        state: "slow",
        detail: `${title} at ${baseUrl} gave no answer within ${options.timeoutMs} ms`,
      };
    }
    const known = fromNetworkError(error, baseUrl);
    const reason =
      known instanceof AppError ? "cannot be reached" : `failed: ${redact(messageOf(error), [apiKey])}`;
    return { state: "down", detail: `${title} at ${baseUrl} ${reason}` };
  }
}

function buildHeaders({ provider, apiKey }: ReplyServer): Record<string, string> {
  if (apiKey === undefined) return {};
  return provider === "anthropic"
    ? // The version that names this API's shapes (Anthropic, "Versions").
      { "x-api-key": apiKey, "anthropic-version": "2023-06-01" }
    : { authorization: `Bearer ${apiKey}` };
}

async function readText(response: Response, limitBytes: number): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let sizeBytes = 0;
  for await (const bytes of response.body ?? []) {
    sizeBytes += bytes.length;
    if (sizeBytes > limitBytes) throw new AppError("E_NET", "the model list is too large");
    text += decoder.decode(bytes, { stream: true });
  }
  return text;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

// Names of models that do not chat, as their makers and Ollama's library write them.
const otherKinds =
  /embed|rerank|whisper|tts|moderation|dall-e|sora|transcribe|realtime|(?:^|[/:_-])(?:bge|gte|e5|minilm|clip|snowflake-arctic)(?:[/:_-]|$)|minilm/i;
/** Ollama passes these on to its makers' machines. */
const inTheCloud = /[-:]cloud$/i;

/** The first that can chat and runs where the server runs. */
export function selectChatModel(models: readonly string[]): string | undefined {
  return models.find((model) => !otherKinds.test(model) && !inTheCloud.test(model));
}
