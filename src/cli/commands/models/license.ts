// `troupe models license`: what a model's licence asks, and agreeing to it.
import type { Command } from "commander";
import { AppError } from "../../../base/errors.ts";
import { encodeLicense } from "../../../models/library-json.ts";
import type { LicenseState } from "../../../models/licenses/licenses.ts";
import type { CommandContext, Run } from "../../command-context.ts";

interface LicenseFlags {
  model: string;
  revision?: string;
  show?: boolean;
  accept?: boolean;
  userId?: string;
  licenseType?: string;
}

export function registerLicense(group: Command, run: Run): void {
  group
    .command("license")
    .description("show a model's licence, or accept it")
    .requiredOption("--model <id>", "owner/repo")
    .option("--revision <name>", "branch, tag or commit (default main)")
    .option("--show", "what it asks, and whether it was accepted")
    .option("--accept", "record that it is accepted")
    .option("--user-id <id>", "who accepts it")
    .option("--license-type <name>", "which licence, as --show names it")
    .addHelpText(
      "after",
      "\nExample:\n  troupe models license --model meta-llama/Llama-3.2-1B --accept --user-id ann --license-type llama3.2",
    )
    .action((flags: LicenseFlags, command: Command) => run(command, (context) => license(context, flags)));
}

async function license({ app, output, signal }: CommandContext, flags: LicenseFlags): Promise<void> {
  const { model: modelId, revision, userId, licenseType } = flags;
  if ((flags.show === true) === (flags.accept === true)) {
    throw new AppError("E_ARGS", "either --show or --accept");
  }
  if (flags.accept === true) {
    if (userId === undefined || licenseType === undefined) {
      throw new AppError("E_ARGS", "--accept needs --user-id and --license-type");
    }
    const record = await app.library.acceptLicense({ modelId, userId, licenseType });
    const human = `${modelId}: ${licenseType} accepted by ${userId} at ${record.license_accepted?.timestamp}`;
    return output.result(record, human);
  }
  const state = await app.library.showLicense({ modelId, revision, signal });
  output.result(encodeLicense(state), describe(state));
}

function describe({ modelId, licenseType, requiresAcceptance, acceptance }: LicenseState): string {
  const need = requiresAcceptance ? "has to be accepted before the download" : "free of acceptance";
  const who =
    acceptance === null
      ? requiresAcceptance
        ? `not accepted; \`troupe models license --model ${modelId} --accept --user-id YOU --license-type ${licenseType}\``
        : ""
      : `accepted by ${acceptance.user_id} at ${acceptance.timestamp}`;
  return [`${modelId}: ${licenseType ?? "no licence given"}, ${need}`, ...(who === "" ? [] : [who])].join(
    "\n",
  );
}
