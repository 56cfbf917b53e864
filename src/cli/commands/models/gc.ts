// `troupe models gc`: room, by taking away what was not used for longest.
import { type Command, Option } from "commander";
import { encodeCollected } from "../../../models/library-json.ts";
import type { Collected } from "../../../models/tidy/collect-garbage.ts";
import type { CommandContext, Run } from "../../command-context.ts";
import { requestConsent, requireSomebody } from "../../confirm.ts";
import { formatBytes, formatTable } from "../../output.ts";
import { parseGigabytes } from "./flag-values.ts";

interface GcFlags {
  dryRun?: boolean;
  targetGb?: number;
  quotaGb?: number;
  yes?: boolean;
}

export function registerGc(group: Command, run: Run): void {
  group
    .command("gc")
    .description("free room: least recently used first, never pinned ones or those in use")
    .option("--dry-run", "say what would go, and leave it")
    .addOption(new Option("--target-gb <n>", "until so much is freed").argParser(parseGigabytes))
    .addOption(new Option("--quota-gb <n>", "until no more than so much is left").argParser(parseGigabytes))
    .addHelpText("after", "\nExample:\n  troupe models gc --quota-gb 20 --dry-run")
    .action((_flags: unknown, command: Command) =>
      run(command, (context) => gc(context, command.optsWithGlobals<GcFlags>())),
    );
}

async function gc(context: CommandContext, flags: GcFlags): Promise<void> {
  const { app, output, signal } = context;
  const goal = { targetBytes: flags.targetGb, quotaBytes: flags.quotaGb, signal };
  const { yes = false, dryRun = false } = flags;
  if (dryRun) return tell(context, await app.library.collect({ ...goal, dryRun }));
  if (!yes) {
    requireSomebody(context, "remove models");
    const planned = await app.library.collect({ ...goal, dryRun: true });
    if (planned.removed.length === 0) return tell(context, { ...planned, isDryRun: false });
    output.note(describe(planned));
    const question = `Remove these, ${formatBytes(planned.freedBytes)}? [y/N] `;
    if (!(await requestConsent(context, { yes, what: "remove models", question }))) {
      const nothing = { removed: [], freedBytes: 0, isDryRun: false };
      return output.result(encodeCollected(nothing), "nothing was removed");
    }
  }
  tell(context, await app.library.collect(goal));
}

function tell({ output }: CommandContext, collected: Collected): void {
  output.result(encodeCollected(collected), describe(collected));
}

function describe({ removed, freedBytes, isDryRun }: Collected): string {
  if (removed.length === 0) return "nothing to remove";
  const rows = removed.map(({ modelId, sizeBytes, path, note = "" }) => [
    modelId,
    formatBytes(sizeBytes),
    path,
    note,
  ]);
  const table = formatTable(["MODEL", "SIZE", "PATH", ""], rows);
  return `${table}\n\n${formatBytes(freedBytes)} ${isDryRun ? "would be freed" : "freed"}`;
}
