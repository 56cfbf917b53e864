// The key of the reply source: by the settings, by what the project file says of the provider, by its file.
import type { ProviderSetup } from "./provider-setup.ts";
import { isReplyServer, replyProviderId } from "./provider-descriptions.ts";

export interface ReplyCredential {
  /** The variable, also when it is not set; undefined: the source needs none. */
  name: string | undefined;
  value: string | undefined;
}

export async function findReplyCredential(
  setup: Pick<ProviderSetup, "credentialsOf">,
  settings: {
    source: string | undefined;
    baseUrl: string | undefined;
    apiKeyEnv: string | undefined;
    environment: Readonly<Record<string, string | undefined>>;
  },
): Promise<ReplyCredential> {
  const { baseUrl, apiKeyEnv, environment } = settings;
  const source = settings.source?.trim() || (baseUrl === undefined ? "none" : "openai-compatible");
  const id = replyProviderId(source);
  const credentials = isReplyServer(id) ? await setup.credentialsOf("llm", id) : undefined;
  const name = apiKeyEnv ?? credentials?.variables[0]?.variable;
  if (name === undefined) return { name: undefined, value: undefined };
  const value = credentials?.find(name) ?? environment[name];
  // Any server of that kind may want a key, and most want none.
  if (value === undefined && apiKeyEnv === undefined && id === "openai_compatible") {
    return { name: undefined, value };
  }
  return { name, value };
}
