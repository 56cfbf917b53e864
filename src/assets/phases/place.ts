// The phases that give verified bytes their final name, in one step, and write down what lies there.
import { chmod, copyFile, link, mkdir, readdir, readlink, rename, rm, symlink } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import { syncFolder, withFileErrors } from "../../base/atomic-file.ts";
import { AppError } from "../../base/errors.ts";
import { buildAssetInfo, loadAssetInfo, writeAssetInfo } from "../asset-info.ts";
import type { AssetJob, StockedFile } from "../asset-job.ts";
import { forEachLimited } from "../for-each-limited.ts";
import { resultPath } from "../asset-layout.ts";
import { replaceFolder } from "../replace-folder.ts";
import { selectDestinationFile } from "../unpack/select-destination-file.ts";
import { asideFolderOf } from "./find.ts";
import { removeParts } from "./parts.ts";
import type { PhaseDependencies } from "./phase-dependencies.ts";

const filesAtOnce = 16;

export async function place(job: AssetJob, dependencies: PhaseDependencies): Promise<void> {
  const { places } = job;
  const finished = join(places.stagingFolder, "finished");
  if (places.tenure === "file") keepOneFile(job);
  await withFileErrors(places.target, async () => {
    await rm(finished, { recursive: true, force: true });
    await mkdir(finished, { recursive: true });
    const files = [...job.stock.values()];
    const folders = new Set(files.map(({ path }) => dirname(join(finished, ...path.split("/")))));
    for (const folder of folders) await mkdir(folder, { recursive: true });
    await forEachLimited(files, filesAtOnce, (file) => placeFile(job, file, finished));
    if (places.tenure === "kept") await keepUnknownFiles(job, finished);
    await syncFolders(finished);
    const withdrawn = await dependencies.registrar?.withdraw(job.asset.name);
    try {
      await giveName(job, dependencies, finished);
    } catch (error) {
      await withdrawn?.restore();
      throw error;
    }
    await rm(places.stagingFolder, { recursive: true, force: true });
    // It counts as what it is, from here on.
    await dependencies.reservations.release(places);
  });
}

async function giveName(job: AssetJob, { exchange }: PhaseDependencies, finished: string): Promise<void> {
  const { places, stock } = job;
  switch (places.tenure) {
    case "own":
    case "kept":
      return replaceFolder(finished, places.target, asideFolderOf(job), exchange);
    case "file": {
      const [file] = stock.values();
      if (file) await moveInto(join(finished, ...file.path.split("/")), places.target);
      return;
    }
    case "shared": {
      const earlier = (await loadAssetInfo(places))?.files ?? [];
      for (const { path } of stock.values()) {
        await moveInto(join(finished, ...path.split("/")), places.filePath(path));
      }
      const gone = earlier.filter(({ path }) => !stock.has(path));
      for (const { path } of gone) await rm(places.filePath(path), { force: true });
    }
  }
}

async function moveInto(from: string, target: string): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  await rename(from, target);
  await syncFolder(dirname(target));
}

/** The place is one file: of several that came, the one that is wanted. */
function keepOneFile(job: AssetJob): void {
  const { stock, asset } = job;
  if (stock.size === 1) return;
  const path = job.destinationPath ?? selectDestinationFile([...stock.keys()])?.path;
  const file = path === undefined ? undefined : stock.get(path);
  if (!file) {
    throw new AppError(
      "E_VERIFY",
      `${asset.name}: no file in what came that could be the one that is wanted`,
      {
        asset: asset.name,
      },
    );
  }
  stock.clear();
  stock.set(file.path, file);
}

/** What the user has put beside the asset's own files goes along into the new folder. */
async function keepUnknownFiles({ places, stock }: AssetJob, finished: string): Promise<void> {
  const entries = await readdir(places.target, { recursive: true, withFileTypes: true }).catch(() => []);
  if (entries.length === 0) return;
  const ours = new Set((await loadAssetInfo(places))?.files.map((file) => file.path));
  for (const entry of entries) {
    if (!entry.isFile() && !entry.isSymbolicLink()) continue;
    const from = join(entry.parentPath, entry.name);
    const path = relative(places.target, from).split(sep).join("/");
    if (ours.has(path) || stock.has(path)) continue;
    const target = join(finished, ...path.split("/"));
    await mkdir(dirname(target), { recursive: true });
    if (entry.isFile()) await link(from, target).catch(() => copyFile(from, target));
    else await symlink(await readlink(from), target);
  }
}

/**
 * After the files, not before: a run that is killed in between leaves right bytes without a record, which the next one
 * adopts, and never a record of bytes that are not there. And last of all, since what has a record is looked at no more:
 * whatever else a killed run had left would stay.
 */
export async function register(job: AssetJob, dependencies: PhaseDependencies): Promise<void> {
  const { asset, places, deliveredBy } = job;
  if (!deliveredBy) throw new AppError("E_INTERNAL", `${asset.name} was placed, but nobody delivered it`);
  const files = [...job.stock.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  const { source, isFolder } = deliveredBy;
  const destination = places.tenure === "own" ? job.destinationPath : undefined;
  const info = await buildAssetInfo(asset, places, {
    files,
    source,
    isFolder,
    destination,
    installedAt: dependencies.clock.wallTime(),
  });
  await removeParts(places);
  await writeAssetInfo(places, info);
  await dependencies.registrar?.enter(asset.name, places, info);
  job.result = {
    name: asset.name,
    path: resultPath(places, files, { isFolder, destination }),
    fromCache: false,
    downloadedBytes: job.downloadedBytes,
    resumedBytes: job.resumedBytes,
    sourceType: source.type,
  };
}

async function placeFile(
  { flusher }: AssetJob,
  { path, from, isExecutable = false }: StockedFile,
  folder: string,
): Promise<void> {
  const target = join(folder, ...path.split("/"));
  // A second name, so that a run that is killed here finds its part again; the part goes when the asset is registered.
  // Cache and assets may be two volumes, and some file systems know no links: then the bytes have to travel.
  const flushed = await link(from, target).then(
    () => from,
    async () => {
      await copyFile(from, target);
      return target;
    },
  );
  await chmod(target, isExecutable ? 0o755 : 0o644);
  await flusher.finish(flushed);
}

async function syncFolders(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) await syncFolders(join(folder, entry.name));
  }
  await syncFolder(folder);
}
