// The assets without which something that was asked for does not work.
import type { ProjectAssets } from "./config/project-assets.ts";
import type { ProviderSetup } from "./provider-setup.ts";
import type { ProviderCatalogue, SpeechProvider } from "./speech/provider.ts";

/** What the chosen providers ask for with their settings, less what the user brings. */
export async function listDefaultAssets(
  { tables, userAssets }: Pick<ProviderSetup, "tables" | "userAssets">,
  catalogue: ProviderCatalogue,
  /** Kind → id. */
  chosen: Readonly<Partial<Record<keyof ProviderCatalogue, string>>>,
): Promise<string[]> {
  const kinds = ["tts", "asr", "vad", "turn"] as const;
  const names = await Promise.all(
    kinds.map(async (kind) => {
      const provider: SpeechProvider | undefined = await catalogue[kind]?.[chosen[kind] ?? ""]?.();
      const table = tables.find((candidate) => candidate.kind === kind && candidate.id === chosen[kind]);
      const parsed = provider?.settingsSchema.safeParse(table?.settings ?? {});
      return provider?.assetNames(parsed?.success ? parsed.data : provider.settingsSchema.parse({})) ?? [];
    }),
  );
  return names.flat().filter((name) => !userAssets.has(name));
}

/** What the project file declares, or its agents require. */
export const listProjectAssets = (
  { userAssets }: Pick<ProviderSetup, "userAssets">,
  { declared, requiredBy }: ProjectAssets,
): string[] =>
  [...new Set([...declared.map(({ name }) => name), ...[...requiredBy.values()].flat()])].filter(
    (name) => !userAssets.has(name),
  );
