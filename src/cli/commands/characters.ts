// `troupe characters …`: the cast on disk, as the server would see it.
import { basename, resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { Command } from "commander";
import { AppError } from "../../base/errors.ts";
import { findVoiceFault } from "../../characters/check-voice.ts";
import type { Character, LoadProblem } from "../../characters/port.ts";
import {
  type CharacterRecord,
  encodeCharacter,
  encodeWholeCharacter,
} from "../../session/character-record.ts";
import type { CastVoiceContext } from "../../session/cast-voice.ts";
import type { CliApp } from "../app-port.ts";
import { formatQuantity, formatTable } from "../output.ts";
import { charactersOption, type CommandContext, type Run } from "../command-context.ts";
import { findCharacter } from "../find-character.ts";
import { registerCharacterFiles } from "./character-files.ts";

export function registerCharacters(program: Command, run: Run): void {
  const group = program
    .command("characters")
    .description("the cast: list, check, show, new, import, export, call")
    .addHelpText("after", "\nExample:\n  troupe characters check");
  group
    .command("list")
    .description("every character and every file that failed")
    .addOption(charactersOption())
    .addHelpText("after", "\nExample:\n  troupe characters list --json")
    .action((_flags: unknown, command: Command) => run(command, list));
  group
    .command("check")
    .description("load the files and report what is wrong, with file, line and cure")
    .argument("[file]", "one file of the folder; default all")
    .addOption(charactersOption())
    .addHelpText("after", "\nExample:\n  troupe characters check story_characters/gertrude.ts")
    .action((file: string | undefined, _flags: unknown, command: Command) =>
      run(command, (context) => check(context, file)),
    );
  group
    .command("show")
    .description("one character and the prompt it would use now")
    .argument("<name>")
    .addOption(charactersOption())
    .addHelpText("after", '\nExample:\n  troupe characters show "Quiz Master"')
    .action((name: string, _flags: unknown, command: Command) =>
      run(command, (context) => show(context, name)),
    );
  registerCharacterFiles(group, run);
}

/** What a file does in a timer or leaves rejected shows after its evaluation. */
const lateFailureMs = 300;

const formatProblem = ({ file, line, column, message, error_type }: LoadProblem): string =>
  `${file}${line === undefined ? "" : `:${line}`}${column === undefined ? "" : `:${column}`}: ${message} (${error_type})`;

/** Voices are not loaded for a look at the files: each is shown as its file names it. */
const castContext = (app: CliApp): CastVoiceContext => ({
  status: app.speech.status().tts,
  synthesizers: [],
});
const encode = (character: Character, app: CliApp): CharacterRecord =>
  encodeCharacter(character, castContext(app));

async function list({ app, output }: CommandContext): Promise<void> {
  await using stage = await app.openStage({ watch: false });
  const { characters, problems } = stage.book;
  const records = characters.map((character) => encode(character, app));
  const rows = records.map((r) => [
    r.name,
    r.file,
    r.status,
    r.instructions.type,
    r.voice.voice ?? "",
    r.tools.join(", "),
  ]);
  const table = formatTable(["NAME", "FILE", "STATUS", "TYPE", "VOICE", "TOOLS"], rows);
  const human = [table, ...problems.map(formatProblem)].join("\n");
  output.result({ characters: records, errors: problems }, human, `${records.length} characters`);
}

async function check({ app, output, signal }: CommandContext, file: string | undefined): Promise<void> {
  await using stage = await app.openStage({ watch: false });
  await setTimeout(lateFailureMs, undefined, { signal }).catch((error: unknown) => {
    throw new AppError("E_INTERRUPTED", "stopped while the files were watched", null, error);
  });
  const { characters, problems } = stage.book;
  const isWanted = (name: string): boolean => file === undefined || name === basename(resolve(file));
  const good = characters.filter((character) => isWanted(character.file));
  const bad = problems.filter((problem) => isWanted(problem.file));
  if (file !== undefined && good.length === 0 && bad.length === 0) {
    throw new AppError("E_NOT_FOUND", `${file} is not a file of the characters folder`, { file });
  }
  const data = { characters: good.map((character) => encode(character, app)), errors: bad };
  for (const { file: name, voiceSource } of good) {
    const fault = voiceSource.source_type === "kokoro" ? findVoiceFault(voiceSource.voice) : undefined;
    if (fault !== undefined) output.note(`${name}: a stand-in will speak, since ${fault}`);
  }
  // One that crashed after its evaluation is both: a character, and in quarantine.
  const fileCount = new Set([...good, ...bad].map((entry) => entry.file)).size;
  if (bad.length > 0) {
    const failed = `${bad.length} of ${formatQuantity(fileCount, "file")} failed`;
    const lines = bad.map(formatProblem);
    output.line(lines.join("\n"));
    // People have just read what; a program has the message alone.
    throw new AppError("E_SCHEMA", output.options.isJson ? `${failed}: ${lines.join("; ")}` : failed, data);
  }
  output.result(data, good.length === 1 ? "the file is good" : `all ${good.length} files are good`);
}

async function show({ app, output }: CommandContext, name: string): Promise<void> {
  await using stage = await app.openStage({ watch: false });
  const character = findCharacter(stage.book, name);
  const prompt = await character.makeSystemPrompt({ userName: app.userName, messages: [] });
  const record = encodeWholeCharacter(character, castContext(app));
  output.result({ ...record, prompt }, `${JSON.stringify(record, null, 2)}\n\n${prompt}`);
}
