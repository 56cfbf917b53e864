// `troupe characters new`: a file to begin with, from flags or from questions.
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { type Command, Option } from "commander";
import { writeFileAtomic } from "../../base/atomic-file.ts";
import { AppError } from "../../base/errors.ts";
import { findVoiceFault } from "../../characters/check-voice.ts";
import { characterNameSchema, type Instructions } from "../../characters/module-contract.ts";
import { buildNewCharacter } from "../../characters/new-character.ts";
import { charactersOption, type CommandContext, type Run } from "../command-context.ts";
import { canAsk } from "../confirm.ts";

type Kind = Instructions["type"];

const kinds: readonly Kind[] = [
  "constant",
  "smalltalk",
  "quiz_show",
  "guess_animal",
  "news",
  "unmute_explanation",
];
const usual = { type: "constant", voice: "af_heart" } as const;

interface NewFlags {
  type?: Kind;
  voice?: string;
}

export function registerNewCharacter(group: Command, run: Run): void {
  group
    .command("new")
    .description("write a character file to begin with; without a name it asks")
    .argument("[name]")
    .addOption(new Option("--type <type>", `kind of talk (default: ${usual.type})`).choices(kinds))
    .option("--voice <voice>", `a voice id or a blend (default: ${usual.voice})`)
    .addOption(charactersOption())
    .addHelpText("after", '\nExample:\n  troupe characters new "Gus the Keeper" --voice bm_george')
    .action((name: string | undefined, flags: NewFlags, command: Command) =>
      run(command, (context) => writeNew(context, name, flags)),
    );
}

/** What is wrong with an answer; undefined if nothing is. */
type Check = (answer: string) => string | undefined;

async function writeNew(context: CommandContext, given: string | undefined, flags: NewFlags): Promise<void> {
  const { app, output } = context;
  const folder = app.charactersDir;
  await using stage = await app.openStage({ watch: false });

  const findNameFault: Check = (answer) => {
    const parsed = characterNameSchema.safeParse(answer);
    if (!parsed.success) return `the name ${parsed.error.issues[0]?.message ?? "does not fit"}`;
    return stage.book.find(parsed.data)
      ? `there is a character "${parsed.data}" already; names are unique`
      : undefined;
  };
  const findKindFault: Check = (answer) =>
    kinds.some((kind) => kind === answer) ? undefined : `it is one of ${kinds.join(", ")}`;

  const answers = await (given === undefined
    ? interview(context, [
        ["What is the character called?", undefined, findNameFault],
        [`What kind of talk (${kinds.join(", ")})?`, flags.type ?? usual.type, findKindFault],
        ["Whose voice?", flags.voice ?? usual.voice, findVoiceFault],
      ])
    : [given, flags.type ?? usual.type, flags.voice ?? usual.voice]);
  const [name = "", type = "", voice = ""] = answers;
  const fault = findNameFault(name) ?? findVoiceFault(voice);
  if (fault !== undefined) throw new AppError("E_ARGS", fault);

  const wish = { name: characterNameSchema.parse(name), type: type as Kind, voice };
  const { fileName, source } = buildNewCharacter(wish, new Set(await readdir(folder)));
  const file = join(folder, fileName);
  await writeFileAtomic(file, source);
  output.result({ file }, `${file} is written; edit it, and it is on stage as you save`);
}

/** Asks each question until its answer is good; an empty line is the answer in brackets. E_ARGS when nobody answers. */
async function interview(
  { input, output }: CommandContext,
  questions: readonly (readonly [question: string, usual: string | undefined, findFault: Check])[],
): Promise<string[]> {
  const nobody = (): AppError =>
    new AppError("E_ARGS", "the character needs a name: troupe characters new NAME [--type T] [--voice V]");
  if (!canAsk({ input, output })) throw nobody();
  const lines = input.readLines()[Symbol.asyncIterator]();
  const ask = async ([question, usual, findFault]: (typeof questions)[number]): Promise<string> => {
    for (;;) {
      output.terminal.writeError(`${question}${usual === undefined ? "" : ` [${usual}]`} `);
      const line = await lines.next();
      if (line.done === true) throw nobody();
      const answer = line.value.trim() || (usual ?? "");
      const fault = findFault(answer);
      if (fault === undefined) return answer;
      output.terminal.writeError(`${fault}\n`);
    }
  };
  const answers: string[] = [];
  for (const question of questions) answers.push(await ask(question));
  await lines.return?.();
  return answers;
}
