// `troupe models verify`: what is installed against its digests, without network.
import type { Command } from "commander";
import { AppError } from "../../../base/errors.ts";
import { encodeVerification } from "../../../models/library-json.ts";
import type { CommandContext, Run } from "../../command-context.ts";
import { formatTable } from "../../output.ts";

interface VerifyFlags {
  model?: string;
  failOnExtraFiles?: boolean;
}

export function registerVerify(group: Command, run: Run): void {
  group
    .command("verify")
    .description("hash what is installed against the registry")
    .option("--model <id>", "only this one")
    .option("--fail-on-extra-files", "files that no record knows are bad too")
    .addHelpText("after", "\nExample:\n  troupe models verify --model Qwen/Qwen2.5-0.5B-Instruct-GGUF")
    .action((flags: VerifyFlags, command: Command) => run(command, (context) => verify(context, flags)));
}

async function verify({ app, output, signal }: CommandContext, flags: VerifyFlags): Promise<void> {
  const { model: modelId, failOnExtraFiles } = flags;
  const found = await app.library.verify({ modelId, failOnExtraFiles, signal });
  const data = { models: found.map(encodeVerification) };
  const rows = found.map(({ modelId: id, status, changed, missing, extra }) => [
    id,
    status,
    ...[changed, missing, extra].map((paths) => paths.join(", ")),
  ]);
  const table =
    found.length === 0
      ? "nothing is installed"
      : formatTable(["MODEL", "STATUS", "CHANGED", "MISSING", "EXTRA"], rows);
  const bad = found.filter(({ status }) => status === "bad").map(({ modelId: id }) => id);
  if (bad.length === 0) return output.result(data, table);
  if (!output.options.isJson) output.line(table);
  throw new AppError(
    "E_VERIFY",
    `${bad.join(", ")}: not as installed; \`troupe models download --model ${bad[0]}\` brings what differs`,
    data,
  );
}
