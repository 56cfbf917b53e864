// `troupe models browse`: look around on the hub with the arrow keys, and bring what was chosen.
import type { Command } from "commander";
import { AppError } from "../../../base/errors.ts";
import { probeMachine } from "../../../models/compatibility/machine.ts";
import { describeModel } from "../../../models/describe-model.ts";
import type { HubModel } from "../../../models/hub/port.ts";
import { requiresAcceptance } from "../../../models/licenses/license-terms.ts";
import { listModelsForOwner } from "../../../models/list-models.ts";
import { listChoices } from "../../browse/list-choices.ts";
import { runBrowse } from "../../browse/run-browse.ts";
import { openProcessScreen } from "../../browse/screen.ts";
import type { CommandContext, Run } from "../../command-context.ts";
import { download } from "./download.ts";

interface BrowseFlags {
  owner?: string;
  search?: string;
}

/** More than anybody scrolls through; a search is quicker then. */
const limit = 200;

export function registerBrowse(group: Command, run: Run): void {
  group
    .command("browse")
    .description("look around on the hub in the terminal, and download what you choose")
    .option("--owner <name>", "whose models; needed unless --search is given")
    .option("--search <text>", "what their names have in them")
    .addHelpText("after", "\nExample:\n  troupe models browse --search gguf --owner Qwen")
    .action((flags: BrowseFlags, command: Command) => run(command, (context) => browse(context, flags)));
}

/** What the download would refuse for, said before it is asked for. */
async function listLicenceSteps(
  app: CommandContext["app"],
  { modelId, license }: HubModel,
): Promise<string[]> {
  if (license === null || !requiresAcceptance(license)) return [];
  if ((await app.library.records()).get(modelId)?.license_accepted) return [];
  const command = `troupe models license --model ${modelId} --accept --user-id YOU --license-type ${license}`;
  return [`its licence (${license}) has to be accepted first: ${command}`];
}

async function browse(context: CommandContext, { owner, search }: BrowseFlags): Promise<void> {
  const { app, output, input, signal } = context;
  if (output.options.isJson || !input.isInteractive || !output.terminal.isInteractive) {
    throw new AppError(
      "E_ARGS",
      "browse needs a terminal to show itself on; elsewhere use `troupe models list` and `troupe models download`",
    );
  }
  const { hub, findInstallation } = app;
  const models = await listModelsForOwner(hub, { owner, search, limit }, signal);
  const modelsRoot = app.roots.find(({ name }) => name === "models")?.path ?? ".";
  const machine = await probeMachine(modelsRoot);
  const chosen = await runBrowse(
    {
      open: (listeners) => openProcessScreen(output.terminal, listeners),
      async describe(modelId, own) {
        const description = await describeModel({ hub, findInstallation }, modelId, { signal: own });
        const warnings = [...description.warnings, ...(await listLicenceSteps(app, description.model))];
        return { ...description, warnings, choices: listChoices(machine, description.model) };
      },
    },
    {
      models,
      signal,
      what: [owner, search === undefined ? undefined : `"${search}"`].filter(Boolean).join(", "),
    },
  );
  if (!chosen) {
    output.note("nothing was downloaded");
    return;
  }
  const { model, choice } = chosen;
  await download(context, {
    model: model.model.modelId,
    revision: model.model.revision,
    ...(choice.include && { include: [...choice.include] }),
    maxWorkers: 8,
    resume: true,
    // It was asked on the screen, with the same warnings.
    yes: true,
  });
}
