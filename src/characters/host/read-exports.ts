// From a loaded module to the plain data that describes it: the stages `shape` and the cell's part of `schema`.
import type { LoadErrorType, LoadStage } from "../port.ts";
import { textOf } from "./guard-realm.ts";
import { copyPlainData } from "./plain-data.ts";

// Taken before any character can change it.
const { stringify } = JSON;

/** The whole of what one file may declare, as JSON. */
const maxExportsChars = 2 * 1024 * 1024;

export class UnfitModule extends Error {
  readonly stage: LoadStage;
  readonly errorType: LoadErrorType;
  /** The export that the message is about. */
  readonly exportName: string;

  constructor(stage: LoadStage, errorType: LoadErrorType, exportName: string, message: string) {
    super(message);
    this.name = "UnfitModule";
    this.stage = stage;
    this.errorType = errorType;
    this.exportName = exportName;
  }
}

export interface ModuleTool {
  name: unknown;
  description: unknown;
  /** A zod object or a JSON Schema. */
  parameters: unknown;
  timeout_ms?: unknown;
  execute(args: unknown, context: unknown): unknown;
}

export type GeneratorClass = new (instructions: unknown) => Record<string, unknown>;

/** The live values that later calls need. */
export interface CharacterModule {
  instructions: unknown;
  generatorClass: GeneratorClass;
  tools: readonly ModuleTool[];
}

const requiredNames = ["CHARACTER_NAME", "VOICE_SOURCE", "INSTRUCTIONS", "PromptGenerator"];

export type ReadExport = (name: string) => unknown;

/** Named exports, or the same names on a default export (`export default defineCharacter({…})`). */
export function createExportReader(module: Readonly<Record<string, unknown>>): ReadExport {
  const fallback = module["default"];
  return (name) => {
    try {
      if (module[name] !== undefined) return module[name];
      return typeof fallback === "object" && fallback !== null
        ? (fallback as Record<string, unknown>)[name]
        : undefined;
    } catch (error) {
      // A getter of the default export, or a proxy in its place.
      throw new UnfitModule("schema", "ValidationError", name, `${name} cannot be read: ${textOf(error)}`);
    }
  };
}

/** Throws UnfitModule. `exported` are the names that the file does export. */
export function readShape(
  read: ReadExport,
  exported: readonly string[],
): { generatorClass: GeneratorClass; hasReply: boolean } {
  const missing = requiredNames.filter((name) => read(name) === undefined);
  if (missing[0] !== undefined) {
    throw new UnfitModule(
      "shape",
      "MissingExport",
      missing[0],
      `the file exports no ${missing.join(", no ")}; it exports ${list(exported)}; \`troupe characters new\` writes a file that has everything`,
    );
  }
  const generatorClass = read("PromptGenerator");
  if (!isClass(generatorClass)) {
    throw new UnfitModule(
      "shape",
      "MissingMethod",
      "PromptGenerator",
      "PromptGenerator is not a class; write `export class PromptGenerator { makeSystemPrompt() { … } }`",
    );
  }
  if (!hasMethod(generatorClass, "makeSystemPrompt")) {
    throw new UnfitModule(
      "shape",
      "MissingMethod",
      "PromptGenerator",
      "class PromptGenerator has no method makeSystemPrompt, which gives what a language model is told",
    );
  }
  return { generatorClass, hasReply: hasMethod(generatorClass, "reply") };
}

const list = (names: readonly string[]): string =>
  names.length === 0 ? "nothing" : names.slice(0, 8).join(", ").slice(0, 200);

const isClass = (value: unknown): value is GeneratorClass =>
  typeof value === "function" && typeof value.prototype === "object" && value.prototype !== null;

/** Fields that hold a function exist on instances alone, so they are looked for in the text of the class. */
function hasMethod(generatorClass: GeneratorClass, name: string): boolean {
  if (typeof (generatorClass.prototype as Record<string, unknown>)[name] === "function") return true;
  const asField = new RegExp(`(?:^|[\\s;{])(?:this\\.)?${name}\\s*=`);
  for (let target: unknown = generatorClass; isClass(target); target = Object.getPrototypeOf(target)) {
    if (asField.test(Function.prototype.toString.call(target))) return true;
  }
  return false;
}

/** Throws UnfitModule and NotPlainData. `toJsonSchema` turns a zod object into a JSON Schema. */
export async function readDeclarations(
  read: ReadExport,
  hasReply: boolean,
  toJsonSchema: (parameters: object) => Promise<unknown>,
): Promise<{ exportsJson: string; tools: readonly ModuleTool[] }> {
  const declared: Record<string, unknown> = { hasReply };
  for (const name of ["CHARACTER_NAME", "VOICE_SOURCE", "INSTRUCTIONS", "METADATA"]) {
    const value = read(name);
    if (value !== undefined) declared[name] = copyPlainData(value, name);
  }
  const tools = readTools(read("TOOLS"));
  // Plain loops: the file may have changed the methods of arrays.
  const toolData: unknown[] = [];
  const zodTools: string[] = [];
  try {
    for (let index = 0; index < tools.length; index++) {
      const { name, description, parameters, timeout_ms } = tools[index] as ModuleTool;
      const isZod = isZodType(parameters);
      if (isZod) zodTools[zodTools.length] = String(name);
      const schema = isZod ? await toJsonSchema(parameters) : parameters;
      toolData[index] = copyPlainData(
        { name, description, parameters: schema, timeout_ms },
        `TOOLS[${index}]`,
      );
    }
  } catch (error) {
    throw new UnfitModule("schema", "InvalidTools", "TOOLS", textOf(error));
  }
  declared["TOOLS"] = toolData;
  declared["zodTools"] = zodTools;
  const exportsJson = stringify(declared);
  if (exportsJson.length > maxExportsChars) {
    throw new UnfitModule(
      "schema",
      "ValidationError",
      "METADATA",
      "the exports together are larger than 2 MiB",
    );
  }
  return { exportsJson, tools };
}

function readTools(value: unknown): ModuleTool[] {
  const refuse = (message: string): never => {
    throw new UnfitModule("schema", "InvalidTools", "TOOLS", message);
  };
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value))
    return refuse("TOOLS is not an array; write [{ name, description, parameters, execute }]");
  const tools: ModuleTool[] = [];
  for (let index = 0; index < value.length; index++) {
    const tool: unknown = value[index];
    if (typeof tool !== "object" || tool === null) return refuse(`TOOLS[${index}] is not an object`);
    if (typeof (tool as ModuleTool).execute !== "function")
      return refuse(`TOOLS[${index}] has no function execute`);
    tools[index] = tool as ModuleTool;
  }
  return tools;
}

/** A schema made by the zod that Troupe provides. */
export function isZodType(value: unknown): value is object {
  return typeof value === "object" && value !== null && "_zod" in value;
}
