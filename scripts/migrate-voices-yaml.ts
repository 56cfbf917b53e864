// Turns a voices.yaml into character files, once and by hand:
//   bun run scripts/migrate-voices-yaml.ts --input voices.yaml --output story_characters [--dry-run] [--force]
// Ends with 0, or with the status of an error code: E_SCHEMA (3) when entries were faulty, after the good ones are written.
import { readFile, stat } from "node:fs/promises";
import { parseArgs } from "node:util";
import { AppError, encodeError, errorTable, fromFileSystemError, messageOf } from "../src/base/errors.ts";
import { applyMigration, type FileOutcome } from "./migrate/apply-migration.ts";
import { loadParts } from "./migrate/load-parts.ts";
import { type EntryRemark, planMigration } from "./migrate/plan-migration.ts";
import { readEntries } from "./migrate/read-entries.ts";

const usage =
  "usage: bun run scripts/migrate-voices-yaml.ts --input voices.yaml --output story_characters [--dry-run] [--force]";

export interface MigrationArguments {
  input: string;
  output: string;
  dryRun: boolean;
  force: boolean;
}

/** E_ARGS with the usage. */
export function parseMigrationArguments(args: readonly string[]): MigrationArguments {
  const options = {
    input: { type: "string" },
    output: { type: "string" },
    "dry-run": { type: "boolean", default: false },
    force: { type: "boolean", default: false },
  } as const;
  let values: { input?: string; output?: string; "dry-run": boolean; force: boolean };
  try {
    ({ values } = parseArgs({ args: [...args], options, strict: true }));
  } catch (error) {
    throw new AppError("E_ARGS", `${messageOf(error)}\n${usage}`, null, error);
  }
  const { input, output, "dry-run": dryRun, force } = values;
  if (!input || !output) throw new AppError("E_ARGS", `--input and --output are needed\n${usage}`);
  return { input, output, dryRun, force };
}

/** Every AppError of the reading and writing; E_SCHEMA at the end for entries that were skipped. */
export async function migrate(
  { input, output, dryRun, force }: MigrationArguments,
  say: (line: string) => void,
): Promise<FileOutcome[]> {
  const plan = planMigration(readEntries(await readInput(input), input), await loadParts());
  const remark = ({ number, line, message }: EntryRemark): string =>
    `${input}:${line}: entry ${number} ${message}`;
  for (const note of plan.notes) say(remark(note));
  const outcomes = await applyMigration(plan.files, { folder: output, dryRun, force });
  const prefix = dryRun ? "would be " : "";
  for (const { fileName, name, outcome } of outcomes) {
    const cure = outcome === "kept" ? "; it says something else, --force replaces it" : "";
    say(`${fileName}: ${prefix}${outcome}${cure} (${name})`);
  }
  for (const fault of plan.faults) say(`${remark(fault)}; skipped`);
  if (plan.faults.length > 0) {
    throw new AppError(
      "E_SCHEMA",
      `${plan.faults.length} of ${plan.faults.length + plan.files.length} entries were skipped; mend them and run again`,
      { faults: plan.faults },
    );
  }
  return outcomes;
}

async function readInput(path: string): Promise<Uint8Array> {
  try {
    if ((await stat(path)).isDirectory()) throw new AppError("E_ARGS", `${path} is a folder, not a file`);
    return await readFile(path);
  } catch (error) {
    throw fromFileSystemError(error, path);
  }
}

if (import.meta.main) {
  try {
    await migrate(parseMigrationArguments(process.argv.slice(2)), (line) => console.log(line));
  } catch (error) {
    const { error_code, message } = encodeError(error);
    console.error(error instanceof AppError ? `${error_code}: ${message}` : error);
    process.exitCode = errorTable[error_code].exitCode;
  }
}
