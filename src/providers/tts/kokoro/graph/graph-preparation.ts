// The steps that turn the downloaded graph into a faster one. Runs in a process of its own: it holds the model several
// times over, up to 1.1 GB, which goes with the process.
import { open, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { concatBytes } from "../../../../base/concat-bytes.ts";
import { createSession, durationsOutput, type KokoroInput, runKokoro } from "../kokoro-model.ts";
import { paddingId, type Vocabulary } from "../vocabulary.ts";
import type { VoiceStyles } from "../voice-styles.ts";
import {
  buildCalibrationModel,
  calibrateConvolutions,
  selectDecoderConvolutions,
  type ValueRange,
  widenRanges,
} from "./calibrated-convolutions.ts";
import { type CalibrationSentence, calibrationSentences, checkSentences } from "./calibration-sentences.ts";
import { replaceIntegerConvolutions } from "./float-convolutions.ts";
import { removeUnused } from "./graph-index.ts";
import { encodeOnnxModel, exposeOutput, onnxInt64, type OnnxModel, parseOnnxModel } from "./onnx-graph.ts";
import type { GraphMeasurement } from "./preparation-record.ts";
import { measureSpectralDistance } from "./spectral-distance.ts";

export interface GraphPreparation {
  /** Writes `float.onnx`. */
  buildFloat(): Promise<void>;
  /** Measures the ranges and writes `calibrated.onnx`. Needs buildFloat. */
  buildCalibrated(): Promise<void>;
  /** Runs both graphs on sentences that were not calibrated with. Needs the other two. */
  compare(): Promise<GraphMeasurement[]>;
}

export interface GraphPreparationDependencies {
  vocabulary: Vocabulary;
  styles: VoiceStyles;
}

export interface GraphPreparationOptions {
  sourcePath: string;
  /** Where the graphs are written; exists and is empty. */
  workFolder: string;
  threads: number;
}

/** The downloaded model with float convolutions and its durations as an output. Throws RangeError on a broken file. */
export function buildFloatModel(source: Uint8Array): OnnxModel {
  const model = parseOnnxModel(source);
  replaceIntegerConvolutions(model);
  exposeOutput(model, durationsOutput, onnxInt64);
  removeUnused(model);
  return model;
}

/** The same as the bytes of a file, 256 MB. */
export function buildFloatGraph(source: Uint8Array): Uint8Array {
  return concatBytes(encodeOnnxModel(buildFloatModel(source)));
}

export function createGraphPreparation(
  { vocabulary, styles }: GraphPreparationDependencies,
  { sourcePath, workFolder, threads }: GraphPreparationOptions,
): GraphPreparation {
  const floatPath = join(workFolder, "float.onnx");
  const calibratedPath = join(workFolder, "calibrated.onnx");
  let floatModel: OnnxModel | undefined;

  const encodeSentence = async ({ voice, letters }: CalibrationSentence): Promise<KokoroInput> => {
    const ids = [...letters].flatMap((letter) => vocabulary.get(letter) ?? []);
    const style = await styles.getStyle([{ voice, weight: 1 }], ids.length);
    return { ids: [paddingId, ...ids, paddingId], style, speed: 1 };
  };

  const measureRanges = async (model: OnnxModel): Promise<Map<string, ValueRange>> => {
    const convolutions = selectDecoderConvolutions(model);
    const path = join(workFolder, "calibration.onnx");
    await writeModel(path, buildCalibrationModel(model, convolutions));
    const session = await createSession(path, { threads });
    await rm(path);
    const ranges = new Map<string, ValueRange>();
    for (const sentence of calibrationSentences) {
      const { outputs } = await runKokoro(session, await encodeSentence(sentence));
      widenRanges(ranges, convolutions, (name) => Number(outputs[name]?.data[0]));
    }
    await session.release();
    return ranges;
  };

  return {
    async buildFloat() {
      floatModel = buildFloatModel(new Uint8Array(await readFile(sourcePath)));
      await writeModel(floatPath, floatModel);
    },
    async buildCalibrated() {
      if (!floatModel) throw new RangeError("buildFloat comes first");
      const ranges = await measureRanges(floatModel);
      calibrateConvolutions(floatModel, selectDecoderConvolutions(floatModel), ranges);
      removeUnused(floatModel);
      await writeModel(calibratedPath, floatModel);
      floatModel = undefined;
    },
    async compare() {
      const inputs = await Promise.all(checkSentences.map(encodeSentence));
      const float = await openGraph("float", floatPath, { threads, inputs });
      const calibrated = await openGraph("calibrated", calibratedPath, { threads, inputs });
      // In turns, so that what else the machine does disturbs both alike.
      for (let round = 0; round < rounds; round++) {
        await float.run();
        await calibrated.run();
      }
      return Promise.all([float, calibrated].map((graph) => graph.finish(float.sounds)));
    },
  };
}

const rounds = 2;

interface OpenGraph {
  readonly sounds: readonly Float32Array[];
  run(): Promise<void>;
  finish(reference: readonly Float32Array[]): Promise<GraphMeasurement>;
}

async function openGraph(
  name: GraphMeasurement["name"],
  path: string,
  { threads, inputs }: { threads: number; inputs: readonly KokoroInput[] },
): Promise<OpenGraph> {
  const session = await createSession(path, { threads });
  // The first run takes longer than any other.
  const sounds: Float32Array[] = [];
  for (const input of inputs) sounds.push((await runKokoro(session, input)).pcm);
  let realTimeFactor = Number.POSITIVE_INFINITY;
  return {
    sounds,
    async run() {
      for (const input of inputs) {
        const startMs = performance.now();
        const { pcm } = await runKokoro(session, input);
        // The fastest run is the one that was disturbed least.
        realTimeFactor = Math.min(realTimeFactor, (performance.now() - startMs) / (pcm.length / 24));
      }
    },
    async finish(reference) {
      await session.release();
      const distances = sounds.map((sound, i) =>
        measureSpectralDistance(reference[i] ?? new Float32Array(0), sound),
      );
      return { name, realTimeFactor, spectralDistanceDb: meanOf(distances) };
    },
  };
}

const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

async function writeModel(path: string, model: OnnxModel): Promise<void> {
  const file = await open(path, "wx");
  try {
    for (const part of joinSmall(encodeOnnxModel(model))) await file.writeFile(part);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Thousands of small parts are written as a few larger ones. */
function* joinSmall(parts: readonly Uint8Array[], sizeBytes = 1 << 20): Generator<Uint8Array> {
  let waiting: Uint8Array[] = [];
  let waitingBytes = 0;
  for (const part of parts) {
    waiting.push(part);
    waitingBytes += part.length;
    if (waitingBytes < sizeBytes) continue;
    yield waiting.length === 1 ? part : concatBytes(waiting);
    waiting = [];
    waitingBytes = 0;
  }
  if (waiting.length > 0) yield concatBytes(waiting);
}
