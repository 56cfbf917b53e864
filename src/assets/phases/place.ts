// The phases that give verified bytes their final name, in one step, and write down what lies there.
import { chmod, copyFile, link, mkdir, readdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { syncFile, syncFolder, withFileErrors } from "../../base/atomic-file.ts";
import { AppError } from "../../base/errors.ts";
import { buildAssetInfo, writeAssetInfo } from "../asset-info.ts";
import type { AssetJob, StockedFile } from "../asset-job.ts";
import { resultPath } from "../asset-layout.ts";
import { replaceFolder } from "../replace-folder.ts";
import { asideFolderOf } from "./find.ts";
import { removeParts } from "./parts.ts";
import type { PhaseDependencies } from "./phase-dependencies.ts";

const filesAtOnce = 8;

export async function place(job: AssetJob, dependencies: PhaseDependencies): Promise<void> {
  const { places } = job;
  const finished = join(places.stagingFolder, "finished");
  await withFileErrors(places.folder, async () => {
    await rm(finished, { recursive: true, force: true });
    await mkdir(finished, { recursive: true });
    const queue = [...job.stock.values()];
    const work = async (): Promise<void> => {
      for (let file = queue.shift(); file; file = queue.shift()) await placeFile(file, finished);
    };
    await Promise.all(Array.from({ length: filesAtOnce }, work));
    await syncFolders(finished);
    await replaceFolder(finished, places.folder, asideFolderOf(job), dependencies.exchange);
    await rm(places.stagingFolder, { recursive: true, force: true });
  });
}

/**
 * After the files, not before: a run that is killed in between leaves right bytes without a record, which the next one
 * adopts, and never a record of bytes that are not there.
 */
export async function register(job: AssetJob, dependencies: PhaseDependencies): Promise<void> {
  const { asset, places, deliveredBy } = job;
  if (!deliveredBy) throw new AppError("E_INTERNAL", `${asset.name} was placed, but nobody delivered it`);
  const files = [...job.stock.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  const { source, isFolder } = deliveredBy;
  const destination = job.destinationPath;
  const info = await buildAssetInfo(asset, places, {
    files,
    source,
    isFolder,
    destination,
    installedAt: dependencies.clock.wallTime(),
  });
  await writeAssetInfo(places, info);
  await removeParts(places);
  job.result = {
    name: asset.name,
    path: resultPath(places, files, { isFolder, destination }),
    fromCache: false,
    downloadedBytes: job.downloadedBytes,
    resumedBytes: job.resumedBytes,
    sourceType: source.type,
  };
}

async function placeFile({ path, from, isExecutable = false }: StockedFile, folder: string): Promise<void> {
  const target = join(folder, ...path.split("/"));
  await mkdir(dirname(target), { recursive: true });
  // A second name, so that a run that is killed here finds its part again; the part goes when the asset is registered.
  // Cache and assets may be two volumes, and some file systems know no links: then the bytes have to travel.
  await link(from, target).catch(() => copyFile(from, target));
  await chmod(target, isExecutable ? 0o755 : 0o644);
  await syncFile(target);
}

async function syncFolders(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) await syncFolders(join(folder, entry.name));
  }
  await syncFolder(folder);
}
