// Settings of providers as they were called once. They still work, each with one warning that says what to write now.
import { basename, dirname, extname } from "node:path";
import { z } from "zod";
import { providerPathSegment } from "../assets/provider/path-segment.ts";
import { messageOf } from "../base/errors.ts";
import { expandPath } from "./expand-path.ts";
import { formatField, type ProjectFile } from "./project-file.ts";

export interface OldSettings {
  /** Absolute; a folder of models beside the provider's own. */
  downloadRoot?: string;
  /** Model id → absolute path of a file or folder. */
  modelPaths?: Readonly<Record<string, string>>;
  /** Absolute; a file of credentials. */
  credentialsPath?: string;
  /** The variable that holds the key. */
  apiKeyEnv?: string;
}

const somePath = z.string().min(1);
/** A list names each model by its file. */
const modelPathsSchema = z.union([
  z.record(providerPathSegment, somePath),
  z
    .array(somePath)
    .transform((paths) => Object.fromEntries(paths.map((path) => [basename(path, extname(path)), path]))),
]);

const cures = {
  download_root: "name a folder below the models root in assets.directory_name, and set storage.models_root",
  model_paths:
    'put the files into the provider\'s folder below the models root, or say "local" in assets.model_urls',
  credentials_path: "put the file into storage.credentials_root, under the provider's name with .json",
  api_key_env: "name the variable in assets.credential_patterns",
} as const;
type OldKey = keyof typeof cures;

export interface OldSettingsFound {
  old: OldSettings;
  /** The table without them. */
  settings: Readonly<Record<string, unknown>>;
  found: readonly { field: string; message: string }[];
}

/** E_SCHEMA with file, line and field for a value that does not fit. */
export function readOldSettings(
  project: ProjectFile,
  place: {
    at: readonly string[];
    env: Readonly<Record<string, string | undefined>>;
    table: Readonly<Record<string, unknown>>;
  },
): OldSettingsFound {
  const { at, env, table } = place;
  const folder = dirname(project.path);
  const read = <T>(key: OldKey, schema: z.ZodType<T>): T | undefined => {
    if (table[key] === undefined) return undefined;
    const parsed = schema.safeParse(table[key]);
    if (parsed.success) return parsed.data;
    throw misfit(key, parsed.error.issues[0]?.message ?? "does not fit");
  };
  const misfit = (key: OldKey, why: string) =>
    project.misfit([...at, key], `${formatField([...at, key])}: ${why}`);
  const expand = (key: OldKey, path: string): string => {
    try {
      return expandPath(path, folder, env);
    } catch (error) {
      throw misfit(key, messageOf(error));
    }
  };

  const downloadRoot = read("download_root", somePath);
  const modelPaths = read("model_paths", modelPathsSchema);
  const credentialsPath = read("credentials_path", somePath);
  const apiKeyEnv = read(
    "api_key_env",
    z.string().regex(/^[A-Za-z_]\w*$/, "must be a variable's name, not a key"),
  );
  const keys = Object.keys(cures) as OldKey[];
  return {
    old: {
      ...(downloadRoot !== undefined && { downloadRoot: expand("download_root", downloadRoot) }),
      ...(modelPaths !== undefined && {
        modelPaths: Object.fromEntries(
          Object.entries(modelPaths).map(([id, path]) => [id, expand("model_paths", path)]),
        ),
      }),
      ...(credentialsPath !== undefined && { credentialsPath: expand("credentials_path", credentialsPath) }),
      ...(apiKeyEnv !== undefined && { apiKeyEnv }),
    },
    settings: Object.fromEntries(Object.entries(table).filter(([key]) => !(keys as string[]).includes(key))),
    found: keys
      .filter((key) => table[key] !== undefined)
      .map((key) => ({
        field: formatField([...at, key]),
        message: `${formatField([...at, key])} is an old setting and still counts; ${cures[key]} instead`,
      })),
  };
}
