// What the project file says of assets: those it declares, and those its agents cannot do without.
import type { AssetDefinition } from "../assets/asset-schema.ts";
import { parseDeclaredAssets } from "../assets/declared/parse-assets.ts";
import { selectNearest } from "../text/nearest-word.ts";
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
): ProjectAssets {
  if (!project) return { declared: [], requiredBy: new Map() };
  const { definitions, problems } = parseDeclaredAssets(project.content["assets"]);
  const [problem] = problems;
  if (problem) {
    const path = ["assets", ...problem.path];
    throw project.misfit(path, `${formatField(path)}: ${problem.message}`);
  }
  const known = [...definitions.map(({ name }) => name), ...builtInNames];
  return { declared: definitions, requiredBy: readRequired(project, known) };
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
