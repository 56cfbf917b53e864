// Providers that packages of others bring: `"troupe": {"providers": {"tts.my_voice": "./provider.js"}}` in a package.json
// beside the project file, and `[providers.tts.my_voice] enabled = true` in that file. Code of a package runs in the serving
// process, so nothing is imported that the project file does not switch on by name.
import type { Dirent } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { z } from "zod";
import { AppError, messageOf } from "./base/errors.ts";
import type { LoadedSettings } from "./config/load-settings.ts";
import { readProviderTables } from "./config/provider-settings.ts";
import type { ProviderCatalogue, SpeechProvider } from "./speech/provider.ts";

type Loaders = Record<string, () => Promise<SpeechProvider>>;

const manifestSchema = z.looseObject({
  troupe: z.looseObject({ providers: z.record(z.string(), z.string().startsWith("./")) }),
});

const callable = z.custom<(...args: never[]) => unknown>((value) => typeof value === "function");
const providerSchema = z.looseObject({
  kind: z.string(),
  id: z.string(),
  title: z.string(),
  languages: z.array(z.string()),
  licence: z.string(),
  homepage: z.string(),
  settingsSchema: z.looseObject({ safeParse: callable }),
  assets: z.looseObject({}),
  assetNames: callable,
  probe: callable,
  load: callable,
});

/** `own` and what packages have beside it; a name that is taken stays whose it is. Never throws for a package's fault. */
export async function addPackagedProviders(
  own: ProviderCatalogue,
  { project, env, projectFolder }: Pick<LoadedSettings, "project" | "env" | "projectFolder">,
): Promise<ProviderCatalogue> {
  const catalogue: Record<string, Loaders> = {
    tts: { ...own.tts },
    asr: { ...own.asr },
    vad: { ...own.vad },
    turn: { ...own.turn },
  };
  const wanted = readProviderTables(project, env).tables.filter(
    ({ kind, id, settings }) =>
      settings["enabled"] === true &&
      Object.hasOwn(catalogue, kind) &&
      !Object.hasOwn(catalogue[kind] ?? {}, id),
  );
  if (wanted.length === 0) return own;
  const files = await findProviderFiles(projectFolder);
  for (const { kind, id } of wanted) {
    const file = files.get(`${kind}.${id}`);
    const loaders = catalogue[kind];
    if (loaders && file !== undefined) loaders[id] = () => importProvider(kind, id, file);
  }
  return catalogue as unknown as ProviderCatalogue;
}

/** `tts.my_voice` → its file. The nearest package that declares a name has it, of equally near ones the first by name. */
async function findProviderFiles(projectFolder: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (let folder = projectFolder; ; folder = dirname(folder)) {
    const packages = [folder, ...(await listPackages(join(folder, "node_modules")))];
    for (const packageFolder of packages) {
      for (const [name, path] of Object.entries(await readDeclared(packageFolder))) {
        const file = join(packageFolder, path);
        if (!files.has(name) && file.startsWith(packageFolder + sep)) files.set(name, file);
      }
    }
    if (dirname(folder) === folder) return files;
  }
}

async function listPackages(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((): Dirent[] => []);
  const names = entries.map(({ name }) => name).sort();
  const listed = await Promise.all(
    names.map(async (name) =>
      name.startsWith("@") ? await listPackages(join(folder, name)) : [join(folder, name)],
    ),
  );
  return listed.flat();
}

/** A package.json that is not there, or not about us, declares nothing. */
async function readDeclared(packageFolder: string): Promise<Record<string, string>> {
  try {
    const text = await readFile(join(packageFolder, "package.json"), "utf8");
    return manifestSchema.parse(JSON.parse(text)).troupe.providers;
  } catch {
    return {};
  }
}

/** One that cannot be used is there all the same, `incompatible` and with the reason. */
async function importProvider(kind: string, id: string, file: string): Promise<SpeechProvider> {
  try {
    const exported = (await import(pathToFileURL(file).href)) as Record<string, unknown>;
    const found = providerSchema.parse(exported["provider"] ?? exported["default"]);
    if (found.kind !== kind || found.id !== id) throw new Error(`it calls itself ${found.kind}.${found.id}`);
    return found as unknown as SpeechProvider;
  } catch (error) {
    const why =
      error instanceof z.ZodError
        ? error.issues.map(({ path, message }) => `${path.join(".") || "provider"}: ${message}`).join("; ")
        : messageOf(error);
    return describeUnusable(kind, id, `${file} is no provider: ${why}`);
  }
}

const describeUnusable = (kind: string, id: string, reason: string): SpeechProvider =>
  ({
    kind,
    id,
    title: id,
    languages: [],
    licence: "unknown",
    homepage: "",
    settingsSchema: z.looseObject({}),
    assets: {},
    assetNames: () => [],
    probe: () => Promise.resolve({ state: "incompatible", reason }),
    load: () => Promise.reject(new AppError("E_COMPAT", reason)),
  }) as SpeechProvider;
