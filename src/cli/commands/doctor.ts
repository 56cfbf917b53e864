// `troupe doctor`: is everything here that voice needs, and what to do about what is not.
import { constants, existsSync } from "node:fs";
import { access, mkdir, statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Command } from "commander";
import { z } from "zod";
import { AppError, type ErrorCode, encodeError, messageOf } from "../../base/errors.ts";
import { createResampler } from "../../audio/resample.ts";
import type { CliApp } from "../app-port.ts";
import { formatBytes } from "../output.ts";
import { charactersOption, type CommandContext, type Run } from "../command-context.ts";

interface Check {
  name: string;
  ok: boolean;
  detail: string;
  remedy?: string;
  /** Of a failed check; the first one's exit status is doctor's. */
  code?: ErrorCode;
}

/** A model, its prepared graph and room to work. */
const neededFreeBytes = 1024 ** 3;

export function registerDoctor(program: Command, run: Run): void {
  program
    .command("doctor")
    .description("check folders, disk, models, engines and replies; exit 0 only if voice works")
    .addOption(charactersOption())
    .addHelpText("after", "\nExample:\n  troupe doctor --json")
    .action((_flags: unknown, command: Command) => run(command, doctor));
}

async function doctor({ app, output, signal }: CommandContext): Promise<void> {
  const checks: Check[] = [
    ...(await checkRoots(app)),
    ...(await checkAssets(app)),
    ...(await checkVoice(app, signal)),
    ...(await checkGraphs(app)),
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

async function checkRoots(app: CliApp): Promise<Check[]> {
  return Promise.all(
    app.roots.map(async (root): Promise<Check> => {
      const name = `${root.name} root`;
      try {
        await mkdir(root.path, { recursive: true });
        await access(root.path, constants.W_OK);
        const disk = await statfs(root.path);
        const freeBytes = disk.bavail * disk.bsize;
        const detail = `${root.path} (${root.source}), ${formatBytes(freeBytes)} free`;
        if (freeBytes >= neededFreeBytes) return { name, ok: true, detail };
        return {
          name,
          ok: false,
          detail,
          code: "E_DISK",
          remedy: `free some space; ${formatBytes(neededFreeBytes)} are needed`,
        };
      } catch (error) {
        const detail = `${root.path} (${root.source}): ${messageOf(error)}`;
        return {
          name,
          ok: false,
          detail,
          code: "E_PERM",
          remedy: "give this user the right to write there, or choose another folder",
        };
      }
    }),
  );
}

async function checkAssets(app: CliApp): Promise<Check[]> {
  return Promise.all(
    app.defaultAssets.map(async (asset): Promise<Check> => {
      const status = await app.assets.status(asset);
      const name = `asset ${asset}`;
      if (status.status === "cached") return { name, ok: true, detail: status.path };
      const remedy = `troupe assets download ${asset}`;
      return { name, ok: false, detail: status.status, code: "E_NOT_FOUND", remedy };
    }),
  );
}

/** Speaks a sentence and hears it again, with what is on disk. */
async function checkVoice(app: CliApp, signal: AbortSignal): Promise<Check[]> {
  const statuses = await Promise.all(app.defaultAssets.map((name) => app.assets.status(name)));
  if (statuses.some((status) => status.status !== "cached")) return [];
  await app.speech.start();
  const parts = Object.entries(app.speech.status()).map(
    ([kind, { provider, state }]): Check => ({
      name: `${kind} engine`,
      ok: state.state === "ready",
      detail: `${provider}, ${state.state}${"reason" in state ? `: ${state.reason}` : ""}${"detail" in state ? `: ${state.detail}` : ""}`,
      ...(state.state !== "ready" && {
        code: "E_COMPAT",
        remedy: "troupe doctor --verbose shows what the engine said",
      }),
    }),
  );
  if (parts.some((part) => !part.ok)) return parts;

  const name = "round trip";
  try {
    const heard = await speakAndHear(app, "The weather is lovely today.", signal);
    const isRight = /weather/i.test(heard.text) && /lovely/i.test(heard.text);
    const speed = `${heard.seconds.toFixed(1)} s of speech made in ${heard.synthesisSeconds.toFixed(1)} s`;
    return [
      ...parts,
      { name, ok: isRight, detail: `heard "${heard.text}"; ${speed}`, ...(!isRight && { code: "E_COMPAT" }) },
    ];
  } catch (error) {
    return [...parts, { name, ok: false, detail: messageOf(error), code: encodeError(error).error_code }];
  }
}

async function speakAndHear(app: CliApp, text: string, signal: AbortSignal) {
  const synthesizer = await app.speech.synthesizer();
  const recognizer = await app.speech.recognizer();
  await using session = recognizer.open({ signal });
  const startMs = performance.now();
  let seconds = 0;
  for await (const { pcm, sampleRateHz } of synthesizer.synthesize(text, { signal })) {
    const resampler = createResampler({ fromHz: sampleRateHz, toHz: 16_000 });
    session.push(resampler.push(pcm));
    session.push(resampler.flush());
    seconds += pcm.length / sampleRateHz;
  }
  const synthesisSeconds = (performance.now() - startMs) / 1000;
  const transcript = await session.finish();
  return { text: transcript.text, seconds, synthesisSeconds };
}

const preparationSchema = z.object({ choice: z.string(), reason: z.string() });

/** Which form of a model this machine runs fastest, as its preparation found (written by the engine). */
async function checkGraphs(app: CliApp): Promise<Check[]> {
  const cache = app.roots.find((root) => root.name === "cache")?.path ?? "";
  const checks: Check[] = [];
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
