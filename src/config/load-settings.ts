// Environment → project file → default, each setting with where it came from.
import { dirname, join, resolve } from "node:path";
import { AppError } from "../base/errors.ts";
import { selectNearest } from "../text/nearest-word.ts";
import { type Environment, readDotEnv } from "./dot-env.ts";
import { expandPath } from "./expand-path.ts";
import { findProjectFile, type ProjectFile, readProjectFile } from "./project-file.ts";
import {
  type SettingDefinition,
  type SettingKey,
  type Settings,
  settingDefinitions,
} from "./settings-schema.ts";

export type { Environment } from "./dot-env.ts";

export interface LoadSettingsOptions {
  env: Environment;
  cwd: string;
  /** `--config`, else `TROUPE_CONFIG`, else found by walking up from `cwd`. */
  configFile?: string | undefined;
  /** From flags; wins over everything. */
  overrides?: Readonly<Partial<Record<SettingKey, unknown>>>;
}

export interface LoadedSettings {
  settings: Settings;
  /** `environment TROUPE_PORT`, `file troupe.toml`, `flag`, `default`. */
  sources: Readonly<Record<SettingKey, string>>;
  projectFile: string | undefined;
  /** What `projectFile` says, for those who own its other sections. */
  project: ProjectFile | undefined;
  /** The project file's; the current one without such a file. */
  projectFolder: string;
  /** The environment with the project's `.env` beneath it. */
  env: Environment;
}

/** Sections of the project file that others own. */
const foreignSections = new Set(["name", "version", "assets", "agents", "providers"]);

/** Throws E_NOT_FOUND (the named file), E_SCHEMA (file, line, field). */
export function loadSettings(options: LoadSettingsOptions): LoadedSettings {
  const named = options.configFile ?? options.env.TROUPE_CONFIG;
  const projectFile = named === undefined ? findProjectFile(options.cwd) : resolve(options.cwd, named);
  const baseDir = projectFile === undefined ? options.cwd : dirname(projectFile);
  const project = projectFile === undefined ? undefined : readProjectFile(projectFile);
  const fileValues = project === undefined ? new Map<string, unknown>() : readSettings(project);
  const env = { ...readDotEnv(join(baseDir, ".env")), ...definedOnly(options.env) };
  /** Not out of the `.env`, whose paths are relative to it. */
  const isGiven = (variable: string): boolean => options.env[variable] !== undefined;

  const settings: Record<string, unknown> = {};
  const sources: Record<string, string> = {};
  for (const [key, definition] of Object.entries(settingDefinitions) as [SettingKey, SettingDefinition][]) {
    const variable = definition.variables?.find((name) => env[name] !== undefined && env[name] !== "");
    const [raw, source, dir] =
      options.overrides?.[key] !== undefined
        ? [options.overrides[key], "flag", options.cwd]
        : variable !== undefined
          ? [env[variable], `environment ${variable}`, isGiven(variable) ? options.cwd : baseDir]
          : fileValues.has(key)
            ? [fileValues.get(key), `file ${projectFile}`, baseDir]
            : [definition.default, "default", baseDir];
    const parsed = definition.schema.safeParse(raw);
    if (!parsed.success) {
      const why = parsed.error.issues[0]?.message ?? "is not valid";
      if (project && source.startsWith("file ")) throw project.misfit(key.split("."), `${key}: ${why}`);
      // What was just typed is a wrong request; what was written down does not fit its schema.
      const code = source === "flag" ? "E_ARGS" : "E_SCHEMA";
      throw new AppError(code, `${key} (${source}): ${why}`, { field: key, source });
    }
    settings[key] =
      definition.isPath && typeof parsed.data === "string" ? expandPath(parsed.data, dir, env) : parsed.data;
    sources[key] = source;
  }
  return {
    settings: settings as Settings,
    sources: sources as Record<SettingKey, string>,
    projectFile,
    project,
    projectFolder: baseDir,
    env,
  };
}

/** Settings by their dotted key; a foreign file may hold more, which is passed over. */
function readSettings(project: ProjectFile): Map<string, unknown> {
  const values = new Map<string, unknown>();
  const walk = (node: Readonly<Record<string, unknown>>, path: readonly string[]): void => {
    for (const [name, value] of Object.entries(node)) {
      if (path.length === 0 && foreignSections.has(name)) continue;
      const here = [...path, name];
      const key = here.join(".");
      if (Object.hasOwn(settingDefinitions, key)) values.set(key, value);
      else if (typeof value === "object" && isSection(key)) {
        // In YAML a section with nothing in it, or with remarks alone.
        if (value !== null) walk(value as Record<string, unknown>, here);
      } else if (!project.isForeign) {
        const nearest = selectNearest(key, Object.keys(settingDefinitions));
        const hint = nearest === undefined ? "" : `; did you mean ${nearest}?`;
        throw project.misfit(here, `there is no setting ${key}${hint}`);
      }
    }
  };
  walk(project.content, []);
  return values;
}

const isSection = (key: string): boolean =>
  Object.keys(settingDefinitions).some((known) => known.startsWith(`${key}.`));

const definedOnly = (env: Environment): Environment =>
  Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined));
