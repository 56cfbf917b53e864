// `troupe models list`: what an owner has on the hub, or what a search finds.
import { type Command, Option } from "commander";
import type { ModelSort, ModelSummary } from "../../../models/hub/port.ts";
import { listModelsForOwner } from "../../../models/list-models.ts";
import { encodeSummary } from "../../../models/model-json.ts";
import type { CommandContext, Run } from "../../command-context.ts";
import { formatQuantity, formatTable } from "../../output.ts";
import { parseCount, parseDirection } from "./flag-values.ts";

interface ListFlags {
  owner?: string;
  search?: string;
  limit: number;
  sort: ModelSort;
  direction: 1 | -1;
}

export function registerList(group: Command, run: Run): void {
  group
    .command("list")
    .description("models of an owner, or those that a search finds")
    .option("--owner <name>", "whose models; needed unless --search is given")
    .option("--search <text>", "what their names have in them")
    .addOption(new Option("--limit <n>", "at most so many").default(50).argParser(parseCount(1)))
    .addOption(
      new Option("--sort <by>", "order").choices(["downloads", "likes", "modified"]).default("downloads"),
    )
    .addOption(
      new Option("--direction <d>", "-1: most or newest first, 1: least or oldest first")
        .default(-1)
        .argParser(parseDirection),
    )
    .addHelpText(
      "after",
      "\nExample:\n  troupe models list --owner onnx-community --search whisper --limit 10",
    )
    .action((flags: ListFlags, command: Command) => run(command, (context) => list(context, flags)));
}

async function list({ app, output, signal }: CommandContext, flags: ListFlags): Promise<void> {
  const models = await listModelsForOwner(app.hub, flags, signal);
  const table = formatModelTable(models);
  output.result({ models: models.map(encodeSummary) }, table, formatQuantity(models.length, "model"));
}

export function formatModelTable(models: readonly ModelSummary[]): string {
  const rows = models.map((model) => [
    model.modelId,
    model.downloads.toLocaleString("en"),
    model.likes.toLocaleString("en"),
    model.lastModified?.slice(0, 10) ?? "",
    model.libraryName ?? "",
    model.license ?? "",
    model.gated === false ? "" : model.gated,
  ]);
  return formatTable(["MODEL", "DOWNLOADS", "LIKES", "MODIFIED", "LIBRARY", "LICENCE", "GATED"], rows);
}
