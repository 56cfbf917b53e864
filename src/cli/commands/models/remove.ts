// `troupe models remove`: one model off the disk.
import type { Command } from "commander";
import type { CommandContext, Run } from "../../command-context.ts";
import { requestConsent } from "../../confirm.ts";
import { formatBytes } from "../../output.ts";

interface RemoveFlags {
  model: string;
  yes?: boolean;
}

export function registerRemove(group: Command, run: Run): void {
  group
    .command("remove")
    .description("take a model off the disk")
    .requiredOption("--model <id>", "as `troupe models scan` names it")
    .addHelpText("after", "\nExample:\n  troupe models remove --model Qwen/Qwen2.5-0.5B-Instruct-GGUF --yes")
    .action((_flags: unknown, command: Command) =>
      run(command, (context) => remove(context, command.optsWithGlobals<RemoveFlags>())),
    );
}

async function remove(context: CommandContext, { model, yes = false }: RemoveFlags): Promise<void> {
  const { app, output } = context;
  // What cannot be done is told before anybody is asked anything.
  await app.library.requireRemovable(model);
  const question = `Remove ${model} from disk? [y/N] `;
  if (!(await requestConsent(context, { yes, what: `remove ${model}`, question }))) {
    return output.result({ model_id: model, freed_bytes: 0 }, "nothing was removed");
  }
  const { freedBytes, path, isLeftOnDisk } = await app.library.remove(model);
  const human = isLeftOnDisk
    ? `${model}: only taken from the registry; its files are outside of the models root and stay: ${path}`
    : `${model}: removed (${formatBytes(freedBytes)})`;
  output.result({ model_id: model, freed_bytes: freedBytes }, human, isLeftOnDisk ? human : "");
}
