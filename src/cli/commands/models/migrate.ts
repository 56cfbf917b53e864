// `troupe models migrate`: loose files and old places put in order.
import type { Command } from "commander";
import { encodeMigration } from "../../../models/library-json.ts";
import type { Migration } from "../../../models/migrate/apply-migration.ts";
import type { CommandContext, Run } from "../../command-context.ts";

export function registerMigrate(group: Command, run: Run): void {
  group
    .command("migrate")
    .description("put loose model files and old installs where they belong")
    .option("--dry-run", "print the plan, and do nothing")
    .addHelpText("after", "\nExample:\n  troupe models migrate --dry-run")
    .action((flags: { dryRun?: boolean }, command: Command) =>
      run(command, (context) => migrate(context, flags.dryRun === true)),
    );
}

async function migrate({ app, output, signal }: CommandContext, dryRun: boolean): Promise<void> {
  const outcome = await app.library.migrate({ dryRun, findOldModels: () => app.findOldModels(), signal });
  output.result(encodeMigration(outcome), describe(outcome));
}

function describe({ moved, removed, mirrored, conflicts, isDryRun }: Migration): string {
  const lines = [
    ...moved.map(({ from, to }) => `move     ${from} → ${to}`),
    ...removed.map((path) => `remove   ${path}`),
    ...mirrored.map((path) => `mirror   ${path}`),
    ...conflicts.map(({ from, to }) => `conflict ${from}: ${to} is there already; both stay`),
  ];
  if (lines.length === 0) return "everything is in its place";
  return [...lines, ...(isDryRun ? ["(nothing was done)"] : [])].join("\n");
}
