// `troupe models compatibility`: what this machine has, and whether a model runs on it.
import type { Command } from "commander";
import { type Assessment, assessModel } from "../../../models/compatibility/assess-model.ts";
import { encodeAssessment } from "../../../models/compatibility/compatibility-json.ts";
import type { CommandContext, Run } from "../../command-context.ts";
import { formatBytes } from "../../output.ts";

interface CompatibilityFlags {
  model?: string;
  revision?: string;
  include?: string[];
  exclude?: string[];
}

export function registerCompatibility(group: Command, run: Run): void {
  group
    .command("compatibility")
    .description("what this machine has, and whether a model runs on it")
    .option("--model <id>", "owner/repo; without it, the machine alone")
    .option("--revision <name>", "branch, tag or commit (default main)")
    .option("--include <pattern...>", "only these files")
    .option("--exclude <pattern...>", "not these files")
    .addHelpText("after", "\nExample:\n  troupe models compatibility --model Qwen/Qwen2.5-7B-Instruct-GGUF")
    .action((flags: CompatibilityFlags, command: Command) =>
      run(command, (context) => compatibility(context, flags)),
    );
}

async function compatibility(
  { app, output, signal }: CommandContext,
  { model, ...choice }: CompatibilityFlags,
): Promise<void> {
  const modelsRoot = app.roots.find(({ name }) => name === "models")?.path ?? ".";
  const assessment = await assessModel({ hub: app.hub }, model ?? null, { ...choice, signal, modelsRoot });
  output.result(encodeAssessment(assessment), formatAssessment(assessment));
}

function formatAssessment({ machine, judged }: Assessment): string {
  const { cpu, memory, disk, gpus } = machine;
  const features = Object.entries(cpu.features).flatMap(([name, isThere]) =>
    isThere === true ? [name] : [],
  );
  const limit = memory.limitBytes === null ? "" : `, limited to ${formatBytes(memory.limitBytes)}`;
  const lines = [
    `processor     ${[cpu.model, `${cpu.cores} cores`, features.join(" ")].filter(Boolean).join(", ")}`,
    `memory        ${formatBytes(memory.totalBytes)}, ${formatBytes(memory.availableBytes)} free${limit}`,
    `disk          ${formatBytes(disk.freeBytes)} free in ${disk.path}`,
    ...(gpus.length === 0 ? ["graphics      none found"] : []),
    ...gpus.map((gpu) => `graphics      ${gpu.name}, ${formatBytes(gpu.memoryBytes)}`),
  ];
  if (!judged) return lines.join("\n");
  const { needs, warnings, recommendations, ...fit } = judged.fit;
  const vram = needs.vramBytes === null ? "" : `, ${formatBytes(needs.vramBytes)} on a graphics card`;
  return [
    ...lines,
    "",
    `model         ${judged.modelId}, ${formatBytes(needs.sizeBytes)}`,
    `needs         ${formatBytes(needs.ramBytes)} of memory, ${formatBytes(needs.diskBytes)} of disk${vram}`,
    `verdict       ${fit.compatibility}`,
    ...warnings.map((warning) => `  - ${warning}`),
    ...recommendations.map((advice) => `  → ${advice}`),
  ].join("\n");
}
