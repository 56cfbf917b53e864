// The prepared graph of this machine: found in the cache, or made there once. The folder is complete or not there:
// it is made under another name, flushed, and renamed; who comes second waits for the first and takes what it made.
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { syncFile, syncFolder } from "../../../../base/atomic-file.ts";
import { fromFileSystemError } from "../../../../base/errors.ts";
import type { FileLocker } from "../../../../base/file-lock.ts";
import {
  describeProcessor,
  graphFileName,
  graphMeasurementSchema,
  type PreparationRecord,
  preparationRecordSchema,
  preparationVersion,
  recordFileName,
  selectGraph,
} from "./preparation-record.ts";

export type GraphWish = "auto" | "float";

export interface PreparedGraph {
  path: string;
  record: PreparationRecord;
}

export interface PrepareGraphDependencies {
  locker: FileLocker;
  /** Runs one step of graph-preparation.ts in a process that writes to `workFolder`. */
  runStep: (step: "buildFloat" | "buildCalibrated" | "compare", workFolder: string) => Promise<unknown>;
  /** Ends that process. */
  endSteps: () => Promise<void>;
  onProgress: (detail: string) => void;
}

export interface PrepareGraphOptions {
  sourcePath: string;
  sourceSha256: string;
  /** `<cache_root>/runtime` */
  cacheFolder: string;
  wish: GraphWish;
  threads: number;
  signal?: AbortSignal | undefined;
}

export type PreparedGraphPlace = Pick<PrepareGraphOptions, "sourceSha256" | "cacheFolder" | "wish">;

function folderOf({ sourceSha256, cacheFolder, wish }: PreparedGraphPlace): string {
  const suffix = wish === "float" ? "-float" : "";
  return join(cacheFolder, `kokoro-${sourceSha256.slice(0, 12)}-v${preparationVersion}${suffix}`);
}

/** Waits for whoever is at it already. E_DISK, E_PERM; E_INTERRUPTED; what the steps throw. */
export async function ensurePreparedGraph(
  deps: PrepareGraphDependencies,
  options: PrepareGraphOptions,
): Promise<PreparedGraph> {
  const folder = folderOf(options);
  await using _lease = await deps.locker.lock(`${folder}.lock`, { signal: options.signal });
  return (await findPreparedGraph(options)) ?? (await prepare(deps, options, folder));
}

/** What is there for this source and this processor, or undefined. */
export async function findPreparedGraph(place: PreparedGraphPlace): Promise<PreparedGraph | undefined> {
  const folder = folderOf(place);
  const path = join(folder, graphFileName);
  // Not there, or cut off: then nothing is prepared.
  const json: unknown = await Bun.file(join(folder, recordFileName))
    .json()
    .catch(() => undefined);
  const record = preparationRecordSchema.safeParse(json).data;
  const sizeBytes = await stat(path).then(
    ({ size }) => size,
    () => 0,
  );
  const isUsable =
    record?.sourceSha256 === place.sourceSha256 &&
    record.machine.processor === describeProcessor() &&
    record.graphBytes === sizeBytes;
  return isUsable ? { path, record } : undefined;
}

async function prepare(
  { runStep, endSteps, onProgress }: PrepareGraphDependencies,
  { wish, threads, sourceSha256 }: PrepareGraphOptions,
  folder: string,
): Promise<PreparedGraph> {
  const startMs = performance.now();
  // The lock is held, so whatever lies here was left by a process that died.
  const workFolder = `${folder}.partial`;
  try {
    await rm(workFolder, { recursive: true, force: true });
    await mkdir(workFolder, { recursive: true });
    onProgress("step 1 of 3: building the graph");
    await runStep("buildFloat", workFolder);
    let measurements: PreparationRecord["measurements"] = [];
    if (wish === "auto") {
      onProgress("step 2 of 3: calibrating");
      await runStep("buildCalibrated", workFolder);
      onProgress("step 3 of 3: measuring");
      measurements = graphMeasurementSchema.array().parse(await runStep("compare", workFolder));
    }
    await endSteps();
    const selected = selectGraph(measurements);
    const graphPath = join(workFolder, graphFileName);
    await rename(join(workFolder, `${selected.choice}.onnx`), graphPath);
    const other = selected.choice === "float" ? "calibrated" : "float";
    await rm(join(workFolder, `${other}.onnx`), { force: true });
    const record: PreparationRecord = {
      version: preparationVersion,
      sourceSha256,
      graphBytes: (await stat(graphPath)).size,
      machine: { processor: describeProcessor(), threads },
      ...selected,
      measurements,
      durationMs: Math.round(performance.now() - startMs),
      preparedAt: new Date().toISOString(),
    };
    const recordPath = join(workFolder, recordFileName);
    await writeFile(recordPath, `${JSON.stringify(record, null, 2)}\n`);
    await syncFile(recordPath);
    // One that was made on another processor, or is damaged, makes room.
    await rm(folder, { recursive: true, force: true });
    await rename(workFolder, folder);
    await syncFolder(join(folder, ".."));
    return { path: join(folder, graphFileName), record };
  } catch (error) {
    await endSteps();
    await rm(workFolder, { recursive: true, force: true });
    throw fromFileSystemError(error, workFolder);
  }
}

/** sha256 in hex, 100 ms for the 92 MB of the model, read in pieces that leave the event loop free. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 }))
      hash.update(chunk as Uint8Array);
  } catch (error) {
    throw fromFileSystemError(error, path);
  }
  return hash.digest("hex");
}
