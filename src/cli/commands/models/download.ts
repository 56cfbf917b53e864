// `troupe models download`: a model of the hub, whole or in part, at one commit.
import { type Command, Option } from "commander";
import { AppError } from "../../../base/errors.ts";
import type { DownloadOutcome } from "../../../models/download/download-snapshot.ts";
import { libraries } from "../../../models/install-place.ts";
import { encodeDownload } from "../../../models/library-json.ts";
import type { CompatibilityVerdict } from "../../../models/world.ts";
import type { CommandContext, Run } from "../../command-context.ts";
import { canAsk, confirm } from "../../confirm.ts";
import { formatBytes, formatQuantity, formatTable } from "../../output.ts";
import { parseCount, parseGigabytes } from "./flag-values.ts";

interface DownloadFlags {
  model: string;
  revision?: string;
  dest?: string;
  include?: string[];
  exclude?: string[];
  maxWorkers: number;
  resume: boolean;
  library?: string;
  maxQuotaGb?: number;
  forceCompat?: boolean;
  dryRun?: boolean;
  yes?: boolean;
}

export function registerDownload(group: Command, run: Run): void {
  group
    .command("download")
    .description("bring a model here: resumed, verified, at one commit")
    .requiredOption("--model <id>", "owner/repo")
    .option("--revision <name>", "branch, tag or commit (default main)")
    .option("--dest <dir>", "this folder instead of the usual one")
    .option("--include <glob...>", "only files that one of these fits; * crosses /")
    .option("--exclude <glob...>", "no file that one of these fits")
    .addOption(new Option("--max-workers <n>", "files at once").default(8).argParser(parseCount(1)))
    .option("--no-resume", "throw away what an unfinished download left")
    .addOption(new Option("--library <name>", "what it is for").choices(libraries))
    .addOption(
      new Option("--max-quota-gb <n>", "most that models may take together").argParser(parseGigabytes),
    )
    .option("--force-compat", "warnings of this machine's fit stop the download")
    .option("--dry-run", "say what would be done, and do nothing")
    .addHelpText(
      "after",
      '\nExample:\n  troupe models download --model Qwen/Qwen2.5-0.5B-Instruct-GGUF --include "*q4_k_m.gguf"',
    )
    .action((_flags: unknown, command: Command) =>
      run(command, (context) => download(context, command.optsWithGlobals<DownloadFlags>())),
    );
}

export async function download(context: CommandContext, flags: DownloadFlags): Promise<void> {
  const { app, output, signal } = context;
  const { model, revision, dest, include, exclude, library } = flags;
  const outcome = await app.library.download({
    modelId: model,
    revision,
    dest,
    include,
    exclude,
    library,
    maxWorkers: flags.maxWorkers,
    resume: flags.resume,
    maxQuotaBytes: flags.maxQuotaGb,
    forceCompat: flags.forceCompat,
    dryRun: flags.dryRun,
    signal,
    onWarnings: (verdict) => tellWarnings(context, flags, verdict),
  });
  if (outcome.isUnchecked) {
    const message = `${outcome.modelId}: the hub cannot be asked; what is installed is used as it is`;
    output.event({ event: "warning", code: "E_NET", message });
    output.note(message);
  }
  output.result(encodeDownload(outcome), describeOutcome(outcome));
}

/** On a terminal somebody decides; elsewhere they are only told. */
async function tellWarnings(
  context: CommandContext,
  { yes = false, dryRun = false }: DownloadFlags,
  { warnings, recommendations }: CompatibilityVerdict,
): Promise<void> {
  const { output } = context;
  for (const message of [...warnings, ...recommendations]) {
    output.event({ event: "warning", code: "E_COMPAT", message });
    output.note(message);
  }
  if (yes || dryRun || !canAsk(context)) return;
  if (await confirm(context, "Download it all the same? [y/N] ")) return;
  throw new AppError("E_INTERRUPTED", "nothing was downloaded");
}

function describeOutcome(outcome: DownloadOutcome): string {
  const { modelId, installPath, files, totalBytes, missingBytes, downloadedBytes, resumedBytes } = outcome;
  const count = `${formatQuantity(outcome.fileCount, "file")}, ${formatBytes(totalBytes)}`;
  const commit = outcome.commit === null ? "" : ` at ${outcome.commit.slice(0, 12)}`;
  if (outcome.isDryRun) {
    const rows = files.map(({ path, sizeBytes, isHere }) => [
      path,
      formatBytes(sizeBytes),
      isHere ? "here" : "to fetch",
    ]);
    const table = formatTable(["FILE", "SIZE", ""], rows);
    return `${table}\n\n${modelId}${commit}: ${count}, of which ${formatBytes(missingBytes)} would be fetched to ${installPath}`;
  }
  const resumed = resumedBytes > 0 ? `, ${formatBytes(resumedBytes)} resumed` : "";
  return `${modelId}${commit}: ${count} (${formatBytes(downloadedBytes)} fetched${resumed})\n${installPath}`;
}
