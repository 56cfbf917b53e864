// `troupe config …`: the settings in force, and where each came from.
import type { Command } from "commander";
import { formatTable } from "../output.ts";
import type { CommandContext, Run } from "../command-context.ts";

export function registerConfig(program: Command, run: Run): void {
  const group = program
    .command("config")
    .description("settings in force")
    .addHelpText("after", "\nExample:\n  troupe config show --sources");
  group
    .command("show")
    .option("--sources", "say where each came from, as --json does anyway")
    .addHelpText("after", "\nExample:\n  troupe config show --sources")
    .action((flags: { sources?: boolean }, command: Command) =>
      run(command, (context) => show(context, flags.sources === true)),
    );
  group
    .command("check")
    .description("read the project file and the environment, and report what does not fit")
    .addHelpText("after", "\nExample:\n  troupe config check --config troupe.toml")
    .action((_flags: unknown, command: Command) =>
      // Opening the app has read and checked them.
      run(command, async ({ output }) => output.result({ ok: true }, "the settings are good")),
    );
}

async function show({ app, output }: CommandContext, hasSources: boolean): Promise<void> {
  const { settings } = app;
  const data = {
    settings: Object.fromEntries(settings.map((row) => [row.key, row.value ?? null])),
    sources: Object.fromEntries(settings.map((row) => [row.key, row.source])),
  };
  const rows = settings.map((row) => [
    row.key,
    JSON.stringify(row.value ?? null),
    ...(hasSources ? [row.source] : []),
  ]);
  output.result(data, formatTable(hasSources ? ["KEY", "VALUE", "SOURCE"] : ["KEY", "VALUE"], rows));
}
