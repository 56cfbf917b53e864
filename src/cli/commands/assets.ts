// `troupe assets …`: what is on disk, and bringing what is not.
import type { Command } from "commander";
import { AppError } from "../../base/errors.ts";
import { formatBytes, formatTable } from "../output.ts";
import type { CommandContext, Run } from "../command-context.ts";

interface DownloadFlags {
  all?: boolean;
  force?: boolean;
}

export function registerAssets(program: Command, run: Run): void {
  const group = program.command("assets").description("model files: list, download, verify");
  group
    .command("list")
    .description("every known asset and whether it is here")
    .addHelpText("after", "\nExample:\n  troupe assets list --json")
    .action((_flags: unknown, command: Command) => run(command, list));
  group
    .command("download")
    .description("bring assets here: resumed, verified, once")
    .argument("[name...]")
    .option("--all", "every asset that speech needs by default")
    .option("-f, --force", "fetch again what is here already")
    .addHelpText("after", "\nExample:\n  troupe assets download --all")
    .action((names: string[], flags: DownloadFlags, command: Command) =>
      run(command, (context) => download(context, names, flags)),
    );
  group
    .command("verify")
    .description("hash what is on disk against its digests")
    .argument("[name]")
    .addHelpText("after", "\nExample:\n  troupe assets verify kokoro-82m-q8")
    .action((name: string | undefined, _flags: unknown, command: Command) =>
      run(command, (context) => verify(context, name)),
    );
}

async function list({ app, output }: CommandContext): Promise<void> {
  const assets = await app.assets.list();
  const data = assets.map((asset) => ({
    name: asset.name,
    version: asset.version,
    asset_type: asset.assetType,
    source_type: asset.sourceType,
    checksum: asset.checksum,
    status: formatStatus(asset.status, asset.partialFraction),
    path: asset.path,
  }));
  const rows = assets.map((asset) => [
    asset.name,
    asset.version,
    asset.assetType,
    asset.sourceType,
    asset.sizeBytes === null ? "" : formatBytes(asset.sizeBytes),
    formatStatus(asset.status, asset.partialFraction),
    asset.path,
  ]);
  const table = formatTable(["NAME", "VERSION", "TYPE", "SOURCE", "SIZE", "STATUS", "PATH"], rows);
  output.result({ assets: data }, table, `${data.length} assets`);
}

const formatStatus = (status: string, fraction: number | undefined): string =>
  fraction === undefined ? status : `${status} ${Math.floor(fraction * 100)}%`;

async function download(
  { app, output, signal }: CommandContext,
  names: string[],
  flags: DownloadFlags,
): Promise<void> {
  if (names.length > 0 === (flags.all === true)) {
    throw new AppError(
      "E_ARGS",
      "name the assets to download, or give --all; `troupe assets list` shows them",
    );
  }
  const wanted = flags.all === true ? app.defaultAssets : names;
  const results = await Promise.all(
    wanted.map((name) => app.assets.ensure(name, { forceDownload: flags.force === true, signal })),
  );
  const data = results.map((result) => ({
    name: result.name,
    path: result.path,
    from_cache: result.fromCache,
    downloaded_bytes: result.downloadedBytes,
    resumed_bytes: result.resumedBytes,
  }));
  output.result({ assets: data }, data.map((row) => `${row.name}: ${row.path}`).join("\n"));
}

async function verify({ app, output }: CommandContext, name: string | undefined): Promise<void> {
  const assets = await app.assets.verify(name);
  const rows = assets.map((row) => [row.name, row.status, row.expected ?? "", row.found ?? ""]);
  const table = formatTable(["NAME", "STATUS", "EXPECTED", "FOUND"], rows);
  const bad = assets.filter((row) => row.status === "changed" || row.status === "missing");
  if (bad.length > 0) {
    if (!output.options.isJson) output.line(table);
    const which = bad.map((row) => `${row.name} is ${row.status}`).join("; ");
    throw new AppError("E_VERIFY", `${which}; run troupe assets download --force NAME`, { assets });
  }
  output.result({ assets }, table);
}
