// `troupe models scan`: what lies under the models root, known or not.
import { type Command, Option } from "commander";
import { encodeScan } from "../../../models/library-json.ts";
import type { CommandContext, Run } from "../../command-context.ts";
import { formatBytes, formatTable } from "../../output.ts";

interface ScanFlags {
  sort: "size" | "accessed";
  filter?: string;
}

export function registerScan(group: Command, run: Run): void {
  group
    .command("scan")
    .description("what is on disk, also what no record knows")
    .addOption(new Option("--sort <by>", "order").choices(["size", "accessed"]).default("size"))
    .option("--filter <test>", 'such as "size>1GB"')
    .addHelpText("after", '\nExample:\n  troupe models scan --filter "size>1GB"')
    .action((flags: ScanFlags, command: Command) => run(command, (context) => scan(context, flags)));
}

async function scan({ app, output }: CommandContext, flags: ScanFlags): Promise<void> {
  const found = await app.library.scan(flags);
  const rows = found.items.map(({ modelId, sizeBytes, lastAccessed, path }) => [
    modelId ?? "(no record)",
    formatBytes(sizeBytes),
    lastAccessed?.slice(0, 16).replace("T", " ") ?? "",
    path,
  ]);
  const table = formatTable(["MODEL", "SIZE", "LAST USED", "PATH"], rows);
  const human =
    rows.length === 0 ? "nothing is there" : `${table}\n\n${formatBytes(found.totalBytes)} in all`;
  output.result(encodeScan(found), human);
}
