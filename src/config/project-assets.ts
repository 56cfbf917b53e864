// What the project file says of assets: those it declares, and those its agents cannot do without.
import { dirname } from "node:path";
import type { AssetDefinition } from "../assets/asset-schema.ts";
import { parseDeclaredAssets } from "../assets/declared/parse-assets.ts";
import { messageOf } from "../base/errors.ts";
import { selectNearest } from "../text/nearest-word.ts";
import type { Environment } from "./dot-env.ts";
import { expandPath } from "./expand-path.ts";
import { formatField, type ProjectFile } from "./project-file.ts";

export interface ProjectAssets {
  declared: readonly AssetDefinition[];
  /** Agent id → names of assets, declared ones or built-in ones. */
  requiredBy: ReadonlyMap<string, readonly string[]>;
}

/** E_SCHEMA with file, line and field: the first thing that does not fit. */
export function loadProjectAssets(
  project: ProjectFile | undefined,
  builtInNames: readonly string[],
  env: Environment = {},
): ProjectAssets {
  if (!project) return { declared: [], requiredBy: new Map() };
  const { definitions, problems } = parseDeclaredAssets(project.content["assets"]);
  const [problem] = problems;
  if (problem) {
    const path = ["assets", ...problem.path];
    throw project.misfit(path, `${formatField(path)}: ${problem.message}`);
  }
  const known = [...definitions.map(({ name }) => name), ...builtInNames];
  const declared = definitions.map((definition, index) => expandSources(definition, index, project, env));
  return { declared, requiredBy: readRequired(project, known) };
}

/** Local paths are written as all others in the file. */
function expandSources(
  definition: AssetDefinition,
  index: number,
  project: ProjectFile,
  env: Environment,
): AssetDefinition {
  const expand = (path: string): string => {
    try {
      return expandPath(path, dirname(project.path), env);
    } catch (error) {
      throw project.misfit(["assets", index], `assets[${index}]: ${messageOf(error)}`);
    }
  };
  const sources = definition.sources.map((source) =>
    source.type === "local" ? { ...source, path: expand(source.path) } : source,
  );
  return { ...definition, sources };
}

function readRequired(project: ProjectFile, known: readonly string[]): Map<string, string[]> {
  const requiredBy = new Map<string, string[]>();
  const agents = project.content["agents"];
  if (!isTable(agents)) return requiredBy;
  for (const [id, agent] of Object.entries(agents)) {
    // Elsewhere an agent may also be just a path.
    if (!isTable(agent) || agent["required_assets"] === undefined) continue;
    const path = ["agents", id, "required_assets"];
    const names = agent["required_assets"];
    if (!Array.isArray(names)) throw project.misfit(path, `${formatField(path)}: must be a list of names`);
    for (const [index, name] of names.entries()) {
      if (typeof name === "string" && known.includes(name)) continue;
      const nearest = selectNearest(String(name), known);
      const hint = nearest === undefined ? "declare it under assets" : `did you mean ${nearest}?`;
      throw project.misfit(
        [...path, index],
        `${formatField(path)}: there is no asset ${String(name)}; ${hint}`,
      );
    }
    requiredBy.set(id, names as string[]);
  }
  return requiredBy;
}

const isTable = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
