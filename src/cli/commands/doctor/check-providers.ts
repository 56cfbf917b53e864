// Which engines are here with which models, and which credentials are set.
import type { TokenVariable } from "../../../assets/credentials.ts";
import type { ProviderOverview } from "../../../assets/provider/port.ts";
import type { Check } from "./check.ts";

/** Of those that run on this machine; services are named with their credentials. */
const localKinds = ["tts", "asr", "vad", "turn", "voice_trigger", "nlu", "text", "audio"];

export function checkProviders(providers: readonly ProviderOverview[]): Check[] {
  return providers
    .filter(({ kind, name }) => localKinds.includes(kind) || (kind === "llm" && name === "local"))
    .map((provider): Check => {
      const { kind, name, state, reason, models } = provider;
      const here = models.filter((model) => model.isInstalled).map((model) => model.id);
      const missing = models.filter((model) => !model.isInstalled).map((model) => model.id);
      const parts = [
        reason === undefined ? state : `${state}: ${reason}`,
        ...(here.length > 0 ? [`models here: ${here.join(", ")}`] : []),
        ...(missing.length > 0 ? [`not here: ${missing.join(", ")}`] : []),
      ];
      // Whether it is needed is for the checks of the voice to say.
      return { name: `provider ${kind}.${name}`, ok: true, detail: parts.join("; ") };
    });
}

/** Names, never values: of providers, and of the assets that want a token. */
export function checkCredentials(
  providers: readonly ProviderOverview[],
  { credentialsRoot, assets }: { credentialsRoot: string; assets: readonly TokenVariable[] },
): Check[] {
  const all = [...providers.flatMap(({ credentials }) => credentials), ...assets];
  const variables = [...new Map(all.map((entry) => [entry.variable, entry])).values()];
  if (variables.length === 0) return [];
  const detail = variables
    .map(({ variable, isSet }) => `${variable} ${isSet ? "set" : "not set"}`)
    .join(", ");
  const isAnyMissing = variables.some(({ isSet }) => !isSet);
  const remedy = `whoever wants to use a service sets its variable in the environment or in .env, or, of a provider, puts it into ${credentialsRoot}/PROVIDER.json`;
  return [{ name: "credentials", ok: true, detail, ...(isAnyMissing && { remedy }) }];
}
