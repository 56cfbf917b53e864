// `troupe providers list`: every engine this program knows, and what each lacks.
import type { Command } from "commander";
import type { ProviderOverview } from "../../assets/provider/port.ts";
import { AppError } from "../../base/errors.ts";
import { formatTable } from "../output.ts";
import type { CommandContext, Run } from "../command-context.ts";

export function registerProviders(program: Command, run: Run): void {
  program
    .command("providers")
    .description("engines, their states, files and credentials")
    .addHelpText("after", "\nExample:\n  troupe providers list")
    .command("list")
    .option("--kind <kind>", "one kind: tts, asr, vad, llm, turn")
    .addHelpText("after", "\nExample:\n  troupe providers list --kind asr")
    .action((flags: { kind?: string }, command: Command) =>
      run(command, (context) => list(context, flags.kind)),
    );
}

async function list({ app, output }: CommandContext, kind: string | undefined): Promise<void> {
  const all = await app.providers.list();
  const kinds = [...new Set(all.map((provider) => provider.kind))];
  if (kind !== undefined && !kinds.includes(kind)) {
    throw new AppError(
      "E_ARGS",
      `there are no providers of the kind ${kind}; kinds are ${kinds.join(", ")}`,
      {
        kind,
      },
    );
  }
  const shown = all.filter((provider) => kind === undefined || provider.kind === kind);
  const rows = shown.map((provider) => [
    provider.kind,
    provider.name,
    provider.state,
    describeModels(provider),
    provider.reason ?? "",
  ]);
  output.result(
    { providers: shown.map(encodeProvider) },
    formatTable(["KIND", "NAME", "STATE", "MODELS HERE", "REASON"], rows),
  );
}

const describeModels = ({ models }: ProviderOverview): string =>
  models
    .filter((model) => model.isInstalled)
    .map((model) => model.id)
    .join(", ");

function encodeProvider(provider: ProviderOverview) {
  const { kind, name, state, reason, assets, credentials, models } = provider;
  return {
    kind,
    name,
    state,
    ...(reason !== undefined && { reason }),
    assets,
    credentials: credentials.map(({ variable, isSet }) => ({ variable, is_set: isSet })),
    models: models.map(({ id, path, isInstalled }) => ({ id, path, installed: isInstalled })),
  };
}
