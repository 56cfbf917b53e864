// The assets without which the chosen voice does not speak or hear.
import type { ProviderSetup } from "./provider-setup.ts";
import type { ProviderCatalogue, SpeechProvider } from "./speech/provider.ts";

/** What the chosen providers ask for with their settings, less what the user brings. */
export async function listDefaultAssets(
  { tables, userAssets }: Pick<ProviderSetup, "tables" | "userAssets">,
  catalogue: ProviderCatalogue,
  chosen: Readonly<Record<keyof ProviderCatalogue, string>>,
): Promise<string[]> {
  const kinds = ["tts", "asr", "vad"] as const;
  const names = await Promise.all(
    kinds.map(async (kind) => {
      const provider: SpeechProvider | undefined = await catalogue[kind][chosen[kind]]?.();
      const table = tables.find((candidate) => candidate.kind === kind && candidate.id === chosen[kind]);
      const parsed = provider?.settingsSchema.safeParse(table?.settings ?? {});
      return provider?.assetNames(parsed?.success ? parsed.data : provider.settingsSchema.parse({})) ?? [];
    }),
  );
  return names.flat().filter((name) => !userAssets.has(name));
}
