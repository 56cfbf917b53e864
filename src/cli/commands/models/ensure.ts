// `troupe models ensure`: the baselines, brought by name.
import type { Command } from "commander";
import type { EnsureOperation, EnsureRequest } from "../../../models/ensure/ensure-baselines.ts";
import type { CommandContext, Run } from "../../command-context.ts";
import { formatTable } from "../../output.ts";

interface EnsureFlags extends Omit<EnsureRequest, "providers" | "signal"> {
  provider?: string[];
}

export function registerEnsure(group: Command, run: Run): void {
  group
    .command("ensure")
    .description("bring the models that this system begins with")
    .option("--kokoro", "the voice")
    .option("--moonshine", "the English recogniser")
    .option("--whisper [size]", "the recogniser of many languages: tiny, base, small, …")
    .option("--silero", "the voice detector")
    .option("--wakeword", "the wake word detector")
    .option("--distilbert", "distilbert-base-uncased, at its fixed place")
    .option("--tinyllama", "a small language model (TINY_LLAMA_FILENAME, TINY_LLAMA_URL)")
    .option("--basic-cls", "the small classifier of intents")
    .option("--spacy", "say whether the language pipeline is there")
    .option("--all-defaults", "kokoro, moonshine, silero and the small classifier")
    .option("--provider <name...>", "any provider's model: KIND.NAME or KIND.NAME:MODEL")
    .addHelpText("after", "\nExample:\n  troupe models ensure --kokoro --whisper base")
    .action((flags: EnsureFlags, command: Command) => run(command, (context) => ensure(context, flags)));
}

async function ensure({ app, output, signal }: CommandContext, flags: EnsureFlags): Promise<void> {
  const { provider, ...wanted } = flags;
  const operations = await app.ensureBaselines({ ...wanted, providers: provider, signal });
  output.result({ operations }, describe(operations));
}

function describe(operations: readonly EnsureOperation[]): string {
  const rows = operations.map(({ name, status, path, reason }) => [name, status, path ?? reason ?? ""]);
  return formatTable(["NAME", "STATUS", ""], rows);
}
