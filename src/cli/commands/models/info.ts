// `troupe models info`: one model, its files, and what its weights say of themselves.
import type { Command } from "commander";
import { describeModel, type ModelDescription } from "../../../models/describe-model.ts";
import { encodeDescription } from "../../../models/model-json.ts";
import type { CommandContext, Run } from "../../command-context.ts";
import { formatBytes, formatCount, formatQuantity, formatTable, plainText } from "../../output.ts";

interface InfoFlags {
  model: string;
  revision?: string;
}

export function registerInfo(group: Command, run: Run): void {
  group
    .command("info")
    .description("files, sizes, licence, parameters and context of a model")
    .requiredOption("--model <id>", "owner/repo")
    .option("--revision <name>", "branch, tag or commit (default main)")
    .addHelpText("after", "\nExample:\n  troupe models info --model Qwen/Qwen2.5-0.5B-Instruct-GGUF")
    .action((flags: InfoFlags, command: Command) => run(command, (context) => info(context, flags)));
}

async function info({ app, output, signal }: CommandContext, flags: InfoFlags): Promise<void> {
  const { model, revision } = flags;
  const { hub, findInstallation } = app;
  const description = await describeModel({ hub, findInstallation }, model, { revision, signal });
  for (const message of description.warnings) {
    output.event({ event: "warning", message });
    output.note(message);
  }
  output.result(encodeDescription(description), formatDescription(description));
}

function formatDescription(description: ModelDescription): string {
  const { model, variants, header, installation } = description;
  const facts: [string, string | null][] = [
    ["model", model.modelId],
    ["revision", `${model.revision} (${model.commit})`],
    ["licence", model.license ?? "none given"],
    ["gated", model.gated === false ? "no" : `yes (${model.gated})`],
    ["library", model.libraryName],
    ["size", `${formatBytes(model.totalSizeBytes)} in ${formatQuantity(model.files.length, "file")}`],
    ["parameters", mapKnown(header?.parameters, formatCount)],
    // Of several variants each has its own, and the table below says which.
    ["quantisation", variants.length > 1 ? null : (header?.quantization ?? null)],
    ["context", mapKnown(header?.contextLength, (count) => `${count.toLocaleString("en")} tokens`)],
    ["architecture", header?.architecture ?? null],
    [
      "installed",
      installation === null ? "no" : `${installation.path} (${installation.commit ?? "commit unknown"})`,
    ],
  ];
  const lines = facts.flatMap(([name, value]) =>
    value === null ? [] : [`${name.padEnd(13)} ${plainText(value)}`],
  );
  const files = formatTable(
    ["FILE", "SIZE", "SHA256"],
    model.files.map(({ path, sizeBytes, sha256 }) => [
      path,
      formatBytes(sizeBytes),
      sha256 === null ? "" : `${sha256.slice(0, 12)}…`,
    ]),
  );
  const sizes =
    variants.length < 2
      ? []
      : [
          formatTable(
            ["VARIANT", "SIZE", "FILES"],
            variants.map((v) => [
              v.name,
              formatBytes(v.sizeBytes),
              v.files.map(({ path }) => path).join(", "),
            ]),
          ),
        ];
  return [lines.join("\n"), files, ...sizes].join("\n\n");
}

const mapKnown = (count: number | null | undefined, format: (count: number) => string): string | null =>
  count === null || count === undefined ? null : format(count);
