// The `assets` list of a project file, judged entry by entry.
import type { AssetDefinition } from "../asset-schema.ts";
import { buildDefinition, DeclarationError } from "./build-definition.ts";
import { declaredAssetSchema } from "./declared-schema.ts";

export interface DeclarationProblem {
  /** Within the list: index, then fields. */
  path: readonly PropertyKey[];
  message: string;
}

export interface ParsedAssets {
  definitions: AssetDefinition[];
  /** In the order of the file; empty when everything fits. */
  problems: DeclarationProblem[];
}

export function parseDeclaredAssets(value: unknown): ParsedAssets {
  if (value === undefined || value === null) return { definitions: [], problems: [] };
  if (!Array.isArray(value)) {
    return { definitions: [], problems: [{ path: [], message: "must be a list of assets" }] };
  }
  const definitions: AssetDefinition[] = [];
  const problems: DeclarationProblem[] = [];
  const names = new Set<string>();
  for (const [index, entry] of value.entries()) {
    const parsed = declaredAssetSchema.safeParse(entry);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      problems.push(describeIssue(index, issue));
      continue;
    }
    if (names.has(parsed.data.name)) {
      const message = `two assets are called ${parsed.data.name}; rename one`;
      problems.push({ path: [index, "name"], message });
      continue;
    }
    names.add(parsed.data.name);
    try {
      definitions.push(buildDefinition(parsed.data));
    } catch (error) {
      if (!(error instanceof DeclarationError)) throw error;
      problems.push({ path: [index, ...error.path], message: error.message });
    }
  }
  return { definitions, problems };
}

interface Issue {
  code: string;
  path: readonly PropertyKey[];
  message: string;
  keys?: readonly string[];
}

/** A field that nobody knows is where the eye has to go, not the table that holds it. */
function describeIssue(index: number, issue: unknown): DeclarationProblem {
  const { code, path, message, keys } = issue as Issue;
  const [unknownKey] = code === "unrecognized_keys" ? (keys ?? []) : [];
  return unknownKey === undefined
    ? { path: [index, ...path], message }
    : { path: [index, ...path, unknownKey], message: "there is no such field" };
}
