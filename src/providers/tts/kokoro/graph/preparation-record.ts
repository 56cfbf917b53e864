// What preparation found out on this machine. Kept beside the graph; `troupe doctor` shows it.
import { cpus } from "node:os";
import { z } from "zod";

/** Raised whenever the prepared graph changes: older ones are then made anew. */
export const preparationVersion = 1;

export const graphMeasurementSchema = z.object({
  name: z.enum(["float", "calibrated"]),
  /** Seconds of work per second of sound. */
  realTimeFactor: z.number().nonnegative(),
  /** To the float graph, dB; null where that is no number: sounds of unlike length, or noise that is not even a sound. */
  spectralDistanceDb: z.number().nonnegative().nullable().catch(null),
});
export type GraphMeasurement = z.infer<typeof graphMeasurementSchema>;

export const preparationRecordSchema = z.object({
  version: z.literal(preparationVersion),
  sourceSha256: z.string(),
  graphBytes: z.number().int().positive(),
  machine: z.object({ processor: z.string(), threads: z.number().int() }),
  choice: z.enum(["float", "calibrated"]),
  reason: z.string(),
  measurements: z.array(graphMeasurementSchema),
  durationMs: z.number(),
  preparedAt: z.string(),
});
export type PreparationRecord = z.infer<typeof preparationRecordSchema>;

export const recordFileName = "preparation.json";
export const graphFileName = "graph.onnx";

/** The processor whose speed was measured; a graph chosen on another one may be the slower of the two here. */
export function describeProcessor(): string {
  return cpus()[0]?.model.trim() || process.arch;
}

/**
 * Above this the calibrated graph is refused. On a sound machine the check sentences come out at 1.7 to 2.1 dB (the file
 * as downloaded: 1.2 dB); weights that saturate, as 8-bit products may on processors without VNNI, or ranges that are
 * wrong by a factor of two and a half, give 2.5 dB and more.
 */
export const spectralLimitDb = 2.4;
/** Less of a gain is within what two measurements differ by, and float is the better sound. */
const neededSpeedup = 1.1;

/** Which graph to use, and why in words. */
export function selectGraph(
  measurements: readonly GraphMeasurement[],
): Pick<PreparationRecord, "choice" | "reason"> {
  const [float, calibrated] = (["float", "calibrated"] as const).map((wanted) =>
    measurements.find(({ name }) => name === wanted),
  );
  if (!float || !calibrated) return { choice: "float", reason: "float convolutions were asked for" };
  const distance = calibrated.spectralDistanceDb ?? Number.POSITIVE_INFINITY;
  if (distance > spectralLimitDb) {
    const found = `${distance.toFixed(2)} dB from the float graph, the limit is ${spectralLimitDb} dB`;
    return { choice: "float", reason: `8-bit convolutions do not sound right on this processor: ${found}` };
  }
  const speedup = float.realTimeFactor / calibrated.realTimeFactor;
  const ratio = `${speedup.toFixed(2)} times as fast as float ones`;
  return speedup >= neededSpeedup
    ? { choice: "calibrated", reason: `8-bit convolutions are ${ratio}, ${distance.toFixed(2)} dB apart` }
    : { choice: "float", reason: `8-bit convolutions are only ${ratio} on this processor` };
}
