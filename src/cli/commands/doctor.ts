// `troupe doctor`: is everything here that voice needs, and what to do about what is not.
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Command } from "commander";
import { z } from "zod";
import { AppError } from "../../base/errors.ts";
import type { CliApp } from "../app-port.ts";
import { charactersOption, type CommandContext, type Run } from "../command-context.ts";
import type { Check } from "./doctor/check.ts";
import { checkAssets, checkHubModels, checkOldModels } from "./doctor/check-assets.ts";
import { checkNetwork } from "./doctor/check-network.ts";
import { checkCredentials, checkProviders } from "./doctor/check-providers.ts";
import { checkRoots } from "./doctor/check-roots.ts";
import { checkVoice } from "./doctor/check-voice.ts";

export function registerDoctor(program: Command, run: Run): void {
  program
    .command("doctor")
    .description("check folders, disk, models, engines and replies; exit 0 only if voice works")
    .addOption(charactersOption())
    .addHelpText("after", "\nExample:\n  troupe doctor --json")
    .action((_flags: unknown, command: Command) => run(command, doctor));
}

async function doctor({ app, output, signal }: CommandContext): Promise<void> {
  const credentialsRoot = app.roots.find((root) => root.name === "credentials")?.path ?? "";
  // A chosen reply source is asked first, so that the list knows how it is.
  await app.replies.probe(signal);
  const providers = await app.providers.list();
  const checks: Check[] = [
    ...(await checkRoots(app)),
    ...checkCredentials(providers, { credentialsRoot, assets: app.assetCredentials }),
    ...checkProviders(providers),
    ...(await checkAssets(app)),
    await checkHubModels(app),
    ...(await checkOldModels(app)),
    ...(await checkVoice(app, providers, signal)),
    ...(await checkGraphs(app)),
    await checkNetwork(app, signal),
    await checkReplies(app, signal),
    await checkCast(app),
  ];
  const data = {
    checks: checks.map(({ name, ok, detail, remedy }) => ({
      name,
      ok,
      detail,
      ...(remedy !== undefined && { remedy }),
    })),
  };
  const lines = checks.map(
    (check) =>
      `${check.ok ? "ok  " : "FAIL"}  ${check.name}: ${check.detail}${check.remedy === undefined ? "" : `\n      → ${check.remedy}`}`,
  );
  const failed = checks.find((check) => !check.ok);
  if (failed) {
    if (!output.options.isJson) output.line(lines.join("\n"));
    throw new AppError(failed.code ?? "E_NOT_FOUND", `${failed.name}: ${failed.detail}`, data);
  }
  output.result(data, lines.join("\n"), "voice works");
}

const preparationSchema = z.object({ choice: z.string(), reason: z.string() });

/** Which form of a model this machine runs fastest, as its preparation found (written by the engine). */
async function checkGraphs(app: CliApp): Promise<Check[]> {
  const cache = app.roots.find((root) => root.name === "cache")?.path ?? "";
  const checks: Check[] = [];
  if (!existsSync(cache)) return checks;
  for await (const file of new Bun.Glob("runtime/*/preparation.json").scan({ cwd: cache })) {
    const parsed = preparationSchema.safeParse(await Bun.file(join(cache, file)).json());
    if (!parsed.success) continue;
    const { choice, reason } = parsed.data;
    checks.push({
      name: `graph ${dirname(file).split("/").at(-1)}`,
      ok: true,
      detail: `${choice}: ${reason}`,
    });
  }
  return checks;
}

async function checkReplies(app: CliApp, signal: AbortSignal): Promise<Check> {
  const status = await app.replies.probe(signal);
  const name = "reply model";
  if (status.isUp) return { name, ok: true, detail: `${status.source} ${status.model ?? ""}`.trim() };
  // One that is configured gives way to nobody: its replies fail until it is there.
  if (app.replies.current() !== undefined) {
    return {
      name,
      ok: false,
      detail: `${status.source} cannot answer: ${status.detail ?? "it is down"}`,
      code: "E_NOT_FOUND",
      remedy:
        "see to it, or set [reply] source to another; without any, characters answer with their own replies",
    };
  }
  const detail = status.detail === undefined ? "" : ` (${status.detail})`;
  return { name, ok: true, detail: `none${detail}: characters answer with their own replies` };
}

async function checkCast(app: CliApp): Promise<Check> {
  const dir = app.charactersDir;
  if (!existsSync(dir)) {
    return {
      name: "characters",
      ok: false,
      detail: `${dir} is not there`,
      code: "E_NOT_FOUND",
      remedy: "troupe serve makes it; put a character file in",
    };
  }
  await using stage = await app.openStage({ watch: false });
  const { characters, problems } = stage.book;
  const detail = `${characters.length} on stage, ${problems.length} broken, from ${dir}`;
  if (problems.length === 0) return { name: "characters", ok: true, detail };
  return { name: "characters", ok: true, detail, remedy: "troupe characters check shows what is wrong" };
}
