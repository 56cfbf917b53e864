// `troupe characters new | import | export | call`: character files in and out, and a tool by hand.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Command, Option } from "commander";
import { withFileErrors, writeFileAtomic } from "../../base/atomic-file.ts";
import { AppError } from "../../base/errors.ts";
import { exportCharacter, importCard } from "../../characters/cards/card-files.ts";
import { selectFileName } from "../../characters/cards/character-file-name.ts";
import { charactersOption, type CommandContext, type Run } from "../command-context.ts";
import { findCharacter } from "../find-character.ts";
import { registerNewCharacter } from "./new-character.ts";

type Container = "png" | "json" | "charx";

export function registerCharacterFiles(group: Command, run: Run): void {
  registerNewCharacter(group, run);
  group
    .command("import")
    .description("turn a character card (PNG, JSON or CHARX; V1, V2, V3) into a character file")
    .argument("<file>")
    .option("--voice <voice>", "the voice that speaks; default: one that suits the name")
    .option("--force", "replace a file of that name")
    .addOption(charactersOption())
    .addHelpText("after", "\nExample:\n  troupe characters import alice.png --voice bf_emma")
    .action((file: string, flags: { voice?: string; force?: boolean }, command: Command) =>
      run(command, (context) => importFile(context, file, flags)),
    );
  group
    .command("export")
    .description("write a character as a character card")
    .argument("<name>")
    .addOption(new Option("--format <version>", "of the card").choices(["v2", "v3"]).default("v3"))
    .addOption(
      new Option("--container <kind>", "of the file").choices(["png", "json", "charx"]).default("png"),
    )
    .option("-o, --output <file>", "default: the name, with the container's ending")
    .addOption(charactersOption())
    .addHelpText("after", "\nExample:\n  troupe characters export Maeve --format v2 --container json")
    .action((name: string, flags: ExportFlags, command: Command) =>
      run(command, (context) => exportFile(context, name, flags)),
    );
  group
    .command("call")
    .description("run one of a character's tools by hand")
    .argument("<name>")
    .argument("<tool>")
    .argument("[json]", "its arguments", "{}")
    .addOption(charactersOption())
    .addHelpText(
      "after",
      '\nExample:\n  troupe characters call Tock current_time \'{"time_zone": "Asia/Tokyo"}\'',
    )
    .action((name: string, tool: string, json: string, _flags: unknown, command: Command) =>
      run(command, (context) => callTool(context, name, tool, json)),
    );
}

async function importFile(
  { app, output }: CommandContext,
  file: string,
  { voice, force }: { voice?: string; force?: boolean },
): Promise<void> {
  const bytes = await withFileErrors(file, () => readFile(file));
  const imported = await importCard(bytes, { folder: app.charactersDir, voice, force, label: file });
  const warnings = [...imported.warnings, ...(await findRivals(app, imported))];
  for (const warning of warnings) output.note(`${file}: ${warning}`);
  output.result(
    { ...imported, warnings },
    `${imported.name} is in ${join(app.charactersDir, imported.file)}`,
  );
}

/** Of two files with one name one is on stage. */
async function findRivals(
  app: CommandContext["app"],
  { name, file }: { name: string; file: string },
): Promise<string[]> {
  await using stage = await app.openStage({ watch: false });
  const { book } = stage;
  const winner = book.find(name)?.file;
  const losers = book.problems.filter(
    (problem) => problem.error_type === "DuplicateName" && problem.message.includes(JSON.stringify(name)),
  );
  if (winner === undefined || ![winner, ...losers.map((loser) => loser.file)].includes(file)) return [];
  return losers.map(
    (loser) =>
      `${winner} and ${loser.file} have the same name; ${winner} is on stage, until CHARACTER_NAME is another in one of them`,
  );
}

interface ExportFlags {
  format: "v2" | "v3";
  container: Container;
  output?: string;
}

async function exportFile(
  { app, output }: CommandContext,
  name: string,
  { format, container, output: target }: ExportFlags,
): Promise<void> {
  await using stage = await app.openStage({ watch: false });
  const character = findCharacter(stage.book, name);
  // A character that was written in code has no card to go back to; its prompt of this moment stands in.
  const isWritten = character.metadata.card === undefined && character.instructions.type !== "constant";
  const prompt = isWritten ? await character.makeSystemPrompt({ messages: [] }) : undefined;
  const bytes = await exportCharacter(character, { folder: app.charactersDir, format, container, prompt });
  const stem = selectFileName(character.name, "character", new Set()).replace(/\.ts$/, "");
  const path = target ?? `${stem}.${container}`;
  await writeFileAtomic(path, bytes);
  output.result({ path }, path);
}

async function callTool(
  { app, output, signal }: CommandContext,
  name: string,
  tool: string,
  json: string,
): Promise<void> {
  let args: unknown;
  try {
    args = JSON.parse(json);
  } catch (error) {
    throw new AppError("E_ARGS", `the tool's arguments are no JSON: ${json}`, null, error);
  }
  await using stage = await app.openStage({ watch: false });
  const character = findCharacter(stage.book, name);
  if (!character.tools.some((entry) => entry.name === tool)) {
    const known = character.tools.map((entry) => entry.name).join(", ") || "none";
    throw new AppError("E_NOT_FOUND", `${character.name} has no tool ${tool}; there are: ${known}`);
  }
  const result = await character.callTool(tool, args, { messages: [] }, { signal });
  output.result({ result }, JSON.stringify(result, null, 2));
}
