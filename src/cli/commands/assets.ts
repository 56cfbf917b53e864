// `troupe assets …`: what is on disk, bringing what is not, and taking it away.
import type { Command } from "commander";
import type { AssetResult, AssetVerification, RemoveOptions } from "../../assets/port.ts";
import { throwIfAborted } from "../../base/deadline.ts";
import { AppError, messageOf } from "../../base/errors.ts";
import { requestConsent } from "../confirm.ts";
import { formatBytes, formatTable } from "../output.ts";
import type { CommandContext, Run } from "../command-context.ts";

interface DownloadFlags {
  all?: boolean;
  force?: boolean;
}

export function registerAssets(program: Command, run: Run): void {
  const group = program
    .command("assets")
    .description("model files: list, download, verify, remove")
    .addHelpText("after", "\nExample:\n  troupe assets download --all");
  group
    .command("list")
    .description("every known asset and whether it is here")
    .addHelpText("after", "\nExample:\n  troupe assets list --json")
    .action((_flags: unknown, command: Command) => run(command, list));
  group
    .command("download")
    .description("bring assets here: resumed, verified, once")
    .argument("[name...]")
    .option("--all", "every asset that speech needs by default, and every one of the project file")
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
  group
    .command("clear-cache")
    .description("remove assets from disk")
    .option("-a, --asset <name>", "this one")
    .option("--all", "all of them, also those that are not declared any more")
    .option("-f, --force", "also what somebody works with")
    .addHelpText("after", "\nExample:\n  troupe assets clear-cache --asset kokoro-voices")
    .action((_flags: unknown, command: Command) =>
      run(command, (context) => clearCache(context, command.optsWithGlobals<ClearFlags>())),
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
  const rows = data.map((row) => [
    row.name,
    row.version,
    row.asset_type,
    row.source_type,
    shorten(row.checksum),
    row.status,
    row.path,
  ]);
  const table = formatTable(["NAME", "VERSION", "TYPE", "SOURCE", "CHECKSUM", "STATUS", "PATH"], rows);
  output.result({ assets: data }, table, `${data.length} assets`);
}

/** Enough to compare by eye; --json has all of it. */
const shorten = (checksum: string | null): string => (checksum === null ? "" : `${checksum.slice(0, 19)}…`);

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
  const wanted = [...new Set(flags.all === true ? [...app.defaultAssets, ...app.projectAssets] : names)];
  // Names that nobody knows are told before anything is fetched.
  await Promise.all(wanted.map((name) => app.assets.status(name)));
  // One that cannot be had takes none of the others along.
  const outcomes = await Promise.allSettled(
    wanted.map((name) => app.assets.ensure(name, { forceDownload: flags.force === true, signal })),
  );
  const data = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [encode(outcome.value)] : []));
  const human = data.map((row) => `${row.name}: ${row.path}`).join("\n");
  const failures = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason] : []));
  if (failures.length > 0) {
    if (human !== "") output.line(human);
    throwIfAborted(signal);
    throw joinFailures(failures, data);
  }
  output.result({ assets: data }, human);
}

/** The first one's code and details, with what came all the same; what is a bug passes as it is. */
function joinFailures(failures: readonly unknown[], brought: readonly unknown[]): unknown {
  const [first] = failures;
  if (!(first instanceof AppError)) return first;
  const messages = [...new Set(failures.map(messageOf))].join("; ");
  return new AppError(first.code, messages, { ...first.details, assets: brought }, first);
}

const encode = (result: AssetResult) => ({
  name: result.name,
  path: result.path,
  from_cache: result.fromCache,
  downloaded_bytes: result.downloadedBytes,
  resumed_bytes: result.resumedBytes,
});

async function verify({ app, output }: CommandContext, name: string | undefined): Promise<void> {
  const found = await app.assets.verify(name);
  const assets = found.map((row) => ({
    name: row.name,
    status: row.status,
    expected: row.expected,
    found: row.found,
  }));
  const rows = assets.map((row) => [row.name, row.status, row.expected ?? "", row.found ?? ""]);
  const table = formatTable(["NAME", "STATUS", "EXPECTED", "FOUND"], rows);
  const bad = found.filter((row) => row.status === "changed" || row.status === "missing");
  if (bad.length > 0) {
    if (!output.options.isJson) output.line([table, ...bad.flatMap(describeFiles)].join("\n"));
    const which = bad.map((row) => `${row.name} is ${row.status}`).join("; ");
    const names = bad.map((row) => row.name).join(" ");
    throw new AppError("E_VERIFY", `${which}; run \`troupe assets download --force ${names}\``, { assets });
  }
  output.result({ assets }, table);
}

const describeFiles = ({ name, badFiles = [] }: AssetVerification): string[] =>
  badFiles.map(
    ({ path, expected, found }) => `${name}: ${path}: expected ${expected}, found ${found ?? "nothing"}`,
  );

interface ClearFlags {
  asset?: string;
  all?: boolean;
  force?: boolean;
  yes?: boolean;
}

async function clearCache(
  { app, output, input, signal }: CommandContext,
  { asset, all = false, force = false, yes = false }: ClearFlags,
): Promise<void> {
  if ((asset !== undefined) === all) {
    throw new AppError("E_ARGS", "name one asset with --asset, or give --all");
  }
  // An unknown name is told before anybody is asked anything.
  const what = asset === undefined ? "all assets" : (await app.assets.status(asset)).name;
  const question = `Remove ${what} from disk? [y/N] `;
  if (!(await requestConsent({ input, output, signal }, { yes, what: `remove ${what}`, question }))) {
    output.result({ removed: [], freed_bytes: 0 }, "nothing was removed");
    return;
  }
  const options = { force, signal };
  const { removed, freedBytes } =
    asset === undefined ? await app.assets.clear(options) : await removeOne(app, asset, options);
  const human = removed.length === 0 ? "there was nothing to remove" : `${removed.join(", ")}: removed`;
  output.result({ removed, freed_bytes: freedBytes }, `${human} (${formatBytes(freedBytes)})`);
}

async function removeOne(
  app: CommandContext["app"],
  name: string,
  options: RemoveOptions,
): Promise<{ removed: readonly string[]; freedBytes: number }> {
  const { freedBytes } = await app.assets.remove(name, options);
  return { removed: freedBytes > 0 ? [name] : [], freedBytes };
}
