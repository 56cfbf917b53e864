// One entry of a voices.yaml as the source of a character file: the entry's own data on top, then the prompt logic of its
// instruction type. Nothing of the entry is lost: what no export has a place for goes to METADATA.
import type { z } from "zod";
import { joinParts } from "../../src/characters/cards/join-parts.ts";
import { type PlainData, printDeclaration } from "../../src/characters/cards/print-literal.ts";
import { describeIssues } from "../../src/characters/host/describe-issues.ts";
import { maxFileBytes } from "../../src/characters/load-folder.ts";
import {
  characterNameSchema,
  instructionsSchema,
  metadataSchema,
  voiceSourceSchema,
} from "../../src/characters/module-contract.ts";

type Fields = Readonly<Record<string, PlainData>>;

export type BuiltCharacter =
  | { name: string; source: string /** What was unusual, but kept. */; notes: string[] }
  | { fault: string };

/** Keys of METADATA that the migration itself uses. */
const ownKeys = ["instructions_absent", "other_keys"];
/** Below the depth to which exports are read. */
const maxDepth = 56;

/** `parts` are the texts of scripts/migrate/parts by file name. `name` in the result is trimmed and NFC. */
export function buildCharacter(fields: Fields, parts: Readonly<Record<string, string>>): BuiltCharacter {
  const { name, comment, good, instructions, source, ...unknown } = fields;
  if (name === undefined || name === null || name === "") return { fault: "has no name" };
  const parsedName = characterNameSchema.safeParse(name);
  if (!parsedName.success) return { fault: describeIssues(parsedName.error, "name") };

  const fault =
    findTypeFault("source", source, "source_type", voiceSourceSchema) ??
    (instructions === undefined || instructions === null
      ? undefined
      : findTypeFault("instructions", instructions, "type", instructionsSchema)) ??
    findFault("", { comment, good }, metadataSchema) ??
    (depthOf(fields) > maxDepth ? `is nested deeper than ${maxDepth} levels` : undefined);
  if (fault !== undefined) return { fault };

  const notes: string[] = [];
  const metadata = new Map<string, PlainData>();
  if (comment !== undefined) metadata.set("comment", comment);
  if (good !== undefined) metadata.set("good", good);
  const others = new Map<string, PlainData>();
  for (const [key, value] of Object.entries(unknown)) {
    const isFree = !ownKeys.includes(key) && metadataSchema.safeParse({ [key]: value }).success;
    (isFree ? metadata : others).set(key, value);
    notes.push(`has the unknown key ${JSON.stringify(key)}, kept in METADATA${isFree ? "" : ".other_keys"}`);
  }
  if (others.size > 0) metadata.set("other_keys", Object.fromEntries(others));
  let part: PlainData | undefined = instructions;
  if (part === undefined || part === null) {
    part = { type: "smalltalk" };
    metadata.set("instructions_absent", true);
    notes.push("has no instructions, and becomes small talk");
  }

  const type = (part as { type: string }).type;
  const text = [
    `// A character made from an entry of a voices.yaml. Its prompt logic is below: that of ${type}.`,
    "",
    ...[
      ["CHARACTER_NAME", name],
      ["VOICE_SOURCE", source as PlainData],
      ["INSTRUCTIONS", part],
      ["METADATA", Object.fromEntries(metadata)],
    ].map(([key, value]) => printExport(key as string, value as PlainData)),
    joinParts(`${type.replaceAll("_", "-")}.ts`, parts),
  ].join("\n");
  const sizeBytes = Buffer.byteLength(text);
  if (sizeBytes > maxFileBytes) {
    return { fault: `makes a file of ${sizeBytes} bytes; a character may have ${maxFileBytes}` };
  }
  return { name: parsedName.data, source: text, notes };
}

function printExport(name: string, value: PlainData): string {
  // TypeScript cannot infer lists of objects in which some have a key such as "constructor" of their own.
  const annotation = holdsInheritedKey(value) ? ": Record<string, unknown>" : "";
  return printDeclaration(`export const ${name}${annotation}`, value);
}

interface TypedSchema extends z.ZodType {
  options: readonly { shape: Readonly<Record<string, { value: string } | undefined>> }[];
}

/** A missing or unknown type is named with the ones there are; anything else as the schema puts it. */
function findTypeFault(
  place: string,
  value: PlainData | undefined,
  key: string,
  schema: z.ZodType,
): string | undefined {
  if (value === undefined || value === null) return `has no ${place}`;
  const type = typeof value === "object" && !Array.isArray(value) ? (value as Fields)[key] : undefined;
  const known = (schema as TypedSchema).options.map(({ shape }) => shape[key]?.value);
  if (typeof type !== "string" || !known.includes(type)) {
    const found = type === undefined ? `no ${key}` : `the unknown ${key} ${JSON.stringify(type)}`;
    return `has ${found} in ${place}; it is one of ${known.join(", ")}`;
  }
  return findFault(place, value, schema);
}

function findFault(place: string, value: unknown, schema: z.ZodType): string | undefined {
  const { error } = schema.safeParse(value);
  return error && `does not fit: ${describeIssues(error, place === "" ? undefined : place)}`;
}

function holdsInheritedKey(value: PlainData): boolean {
  if (typeof value !== "object" || value === null) return false;
  const isOdd = !Array.isArray(value) && Object.keys(value).some((key) => key in Object.prototype);
  return isOdd || Object.values(value).some(holdsInheritedKey);
}

function depthOf(value: PlainData): number {
  if (typeof value !== "object" || value === null) return 0;
  return 1 + Object.values(value).reduce<number>((depth, entry) => Math.max(depth, depthOf(entry)), 0);
}
