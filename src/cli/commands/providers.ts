// `troupe providers list`: every engine this program knows, and what each lacks.
import type { Command } from "commander";
import { formatTable } from "../output.ts";
import type { CommandContext, Run } from "../command-context.ts";

export function registerProviders(program: Command, run: Run): void {
  program
    .command("providers")
    .description("engines and their state")
    .command("list")
    .option("--kind <kind>", "tts, asr or vad")
    .addHelpText("after", "\nExample:\n  troupe providers list --kind asr")
    .action((flags: { kind?: string }, command: Command) =>
      run(command, (context) => list(context, flags.kind)),
    );
}

async function list({ app, output }: CommandContext, kind: string | undefined): Promise<void> {
  const all = await app.speech.listProviders();
  const providers = all
    .filter((provider) => kind === undefined || provider.kind === kind)
    .map(({ kind: providerKind, id, state }) => ({
      kind: providerKind,
      name: id,
      state: state.state,
      ...("reason" in state && { reason: state.reason }),
    }));
  const rows = providers.map((row) => [row.kind, row.name, row.state, row.reason ?? ""]);
  output.result({ providers }, formatTable(["KIND", "NAME", "STATE", "REASON"], rows));
}
