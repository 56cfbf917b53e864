// From what a cell read to the record of a character: the stage `schema`. Runs in the host, on plain data alone.
import { z } from "zod";
import {
  characterNameSchema,
  instructionsSchema,
  maxTools,
  metadataSchema,
  toolSchema,
  voiceSourceSchema,
} from "../module-contract.ts";
import type { LoadErrorType, LoadProblem } from "../port.ts";
import { describeIssues } from "./describe-issues.ts";
import type { CharacterRecord, CharacterSource } from "./host-protocol.ts";
import { placeOfExport } from "./source-place.ts";

type Declared = Readonly<Record<string, unknown>>;

/** What to write in place of something that is no object at all. */
const examples: Readonly<Record<string, string>> = {
  VOICE_SOURCE: '{ source_type: "kokoro", voice: "af_heart" }',
  INSTRUCTIONS: '{ type: "constant", text: "…" }',
};

/** Returns the first thing that is wrong, in the order of the contract. */
export function validateExports(
  exportsJson: string,
  source: CharacterSource,
  defaultToolTimeoutMs: number,
): { record: CharacterRecord } | { problem: LoadProblem } {
  let declared: Declared;
  const problem = (
    exportName: string,
    type: LoadErrorType,
    message: string,
    keys: readonly PropertyKey[] = [],
  ): { problem: LoadProblem } => ({
    problem: {
      file: source.file,
      stage: "schema",
      error_type: type,
      message,
      ...placeOfExport(source.text, exportName, keys),
    },
  });
  try {
    declared = JSON.parse(exportsJson) as Declared;
  } catch {
    return problem("CHARACTER_NAME", "ValidationError", "the exports cannot be read");
  }
  const check = <T>(name: string, schema: z.ZodType<T>): z.ZodSafeParseResult<T> =>
    schema.safeParse(declared[name]);

  const name = check("CHARACTER_NAME", characterNameSchema);
  const voiceSource = check("VOICE_SOURCE", voiceSourceSchema);
  const instructions = check("INSTRUCTIONS", instructionsSchema);
  const metadata = check("METADATA", metadataSchema.nullish());
  for (const [exportName, { error }] of Object.entries({
    CHARACTER_NAME: name,
    VOICE_SOURCE: voiceSource,
    INSTRUCTIONS: instructions,
    METADATA: metadata,
  })) {
    if (error) {
      const keys = error.issues[0]?.path ?? [];
      const example = keys.length === 0 ? examples[exportName] : undefined;
      const cure = example === undefined ? "" : `; write ${example}`;
      return problem(exportName, "ValidationError", describeIssues(error, exportName) + cure, keys);
    }
  }
  const declaredTools = check("TOOLS", z.array(toolSchema).max(maxTools, `at most ${maxTools} tools`));
  if (declaredTools.error) {
    const keys = declaredTools.error.issues[0]?.path;
    return problem("TOOLS", "InvalidTools", describeIssues(declaredTools.error, "TOOLS"), keys);
  }
  const tools = declaredTools.data ?? [];
  const twice = tools.find((tool, index) => tools.findIndex((other) => other.name === tool.name) < index);
  if (twice) return problem("TOOLS", "InvalidTools", `TOOLS: two tools are named ${twice.name}`);
  const zodTools = declared["zodTools"] as readonly string[];
  for (const tool of tools.filter(({ name }) => !zodTools.includes(name))) {
    const message = unusableSchema(tool.parameters);
    if (message !== undefined)
      return problem("TOOLS", "InvalidTools", `TOOLS: ${tool.name}.parameters: ${message}`);
  }
  return {
    record: {
      name: name.data ?? "",
      voiceSource: voiceSource.data as CharacterRecord["voiceSource"],
      instructions: instructions.data as CharacterRecord["instructions"],
      metadata: metadata.data ?? {},
      tools: tools.map(({ name, description, parameters, timeout_ms }) => ({
        name,
        description,
        parameters,
        timeoutMs: timeout_ms ?? defaultToolTimeoutMs,
      })),
      hasReply: declared["hasReply"] === true,
    },
  };
}

/** Calls are validated with zod's reading of a JSON Schema, so one that zod cannot read is refused. */
function unusableSchema(schema: Readonly<Record<string, unknown>>): string | undefined {
  try {
    z.fromJSONSchema(schema);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message.slice(0, 500) : "not a JSON Schema";
  }
}
