// `troupe models pin`: a model that stays, whatever gc has to free.
import type { Command } from "commander";
import { encodePin } from "../../../models/library-json.ts";
import type { CommandContext, Run } from "../../command-context.ts";

interface PinFlags {
  model: string;
  unpin?: boolean;
}

export function registerPin(group: Command, run: Run): void {
  group
    .command("pin")
    .description("keep a model from being taken away")
    .requiredOption("--model <id>", "as `troupe models scan` names it")
    .option("--unpin", "let it go again")
    .addHelpText("after", "\nExample:\n  troupe models pin --model Qwen/Qwen2.5-0.5B-Instruct-GGUF")
    .action((flags: PinFlags, command: Command) => run(command, (context) => pin(context, flags)));
}

async function pin({ app, output }: CommandContext, { model, unpin = false }: PinFlags): Promise<void> {
  const outcome = await app.library.pin(model, !unpin);
  const state = outcome.pinned ? "pinned" : "not pinned";
  const human =
    outcome.action === "unchanged" ? `${model} was ${state} before` : `${model}: ${outcome.action}`;
  output.result(encodePin(outcome), human);
}
