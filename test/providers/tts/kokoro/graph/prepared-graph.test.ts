import { describe, expect, test } from "bun:test";
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "../../../../../src/base/errors.ts";
import { createFileLocker } from "../../../../../src/base/file-lock.ts";
import {
  type GraphMeasurement,
  type PreparationRecord,
  selectGraph,
  spectralLimitDb,
} from "../../../../../src/providers/tts/kokoro/graph/preparation-record.ts";
import {
  ensurePreparedGraph,
  findPreparedGraph,
  hashFile,
  type PrepareGraphDependencies,
} from "../../../../../src/providers/tts/kokoro/graph/prepared-graph.ts";
import { createTempFolder } from "../../../../support/temp-folder.ts";

const measured = (float: number, calibrated: number, distance = 1.7): GraphMeasurement[] => [
  { name: "float", realTimeFactor: float, spectralDistanceDb: 0 },
  { name: "calibrated", realTimeFactor: calibrated, spectralDistanceDb: distance },
];

/** Steps that write small files instead of graphs. */
function fakeSteps(measurements = measured(0.4, 0.2)) {
  const steps: string[] = [];
  const details: string[] = [];
  const deps: PrepareGraphDependencies = {
    locker: createFileLocker(),
    async runStep(step, workFolder) {
      steps.push(step);
      if (step === "compare") return measurements;
      const name = step === "buildFloat" ? "float" : "calibrated";
      await writeFile(join(workFolder, `${name}.onnx`), `the ${name} graph`, { flag: "wx" });
      return undefined;
    },
    endSteps: async () => {
      steps.push("end");
      await Promise.resolve();
    },
    onProgress: (detail) => details.push(detail),
  };
  return { deps, steps, details };
}

async function createCache() {
  const folder = await createTempFolder();
  const sourcePath = await folder.write("model.onnx", "weights");
  const options = {
    sourcePath,
    sourceSha256: await hashFile(sourcePath),
    cacheFolder: folder.path,
    wish: "auto" as const,
    threads: 2,
  };
  return { folder, options };
}

describe("preparation", () => {
  test("is done once, and found again with what was measured", async () => {
    const { folder, options } = await createCache();
    await using _folder = folder;
    const { deps, steps, details } = fakeSteps();
    const made = await ensurePreparedGraph(deps, options);
    expect(await Bun.file(made.path).text()).toBe("the calibrated graph");
    expect(steps).toEqual(["buildFloat", "buildCalibrated", "compare", "end"]);
    expect(details).toHaveLength(3);
    expect(made.record).toMatchObject({
      choice: "calibrated",
      sourceSha256: options.sourceSha256,
      measurements: measured(0.4, 0.2),
    } satisfies Partial<PreparationRecord>);
    expect(await ensurePreparedGraph(deps, options)).toEqual(made);
    expect(await findPreparedGraph(options)).toEqual(made);
    expect(steps).toHaveLength(4);
    expect((await readdir(join(made.path, ".."))).sort()).toEqual(["graph.onnx", "preparation.json"]);
  });

  test("keeps the float graph where the other is not faster, and without a measurement where it is asked for", async () => {
    const { folder, options } = await createCache();
    await using _folder = folder;
    const slow = await ensurePreparedGraph(fakeSteps(measured(0.4, 0.39)).deps, options);
    expect(await Bun.file(slow.path).text()).toBe("the float graph");
    const { deps, steps } = fakeSteps();
    const asked = await ensurePreparedGraph(deps, { ...options, wish: "float" });
    expect([asked.record.choice, asked.record.measurements, steps]).toEqual([
      "float",
      [],
      ["buildFloat", "end"],
    ]);
    expect(asked.path).not.toBe(slow.path);
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY])(
    "a distance of %p refuses the faster graph, and not the preparation",
    async (distance) => {
      const { folder, options } = await createCache();
      await using _folder = folder;
      const made = await ensurePreparedGraph(fakeSteps(measured(0.4, 0.2, distance)).deps, options);
      expect(made.record.choice).toBe("float");
      expect(made.record.reason).toContain("do not sound right");
      expect(await findPreparedGraph(options)).toEqual(made);
    },
  );

  test("two at once share one preparation", async () => {
    const { folder, options } = await createCache();
    await using _folder = folder;
    const [first, second] = [fakeSteps(), fakeSteps()];
    const both = await Promise.all([
      ensurePreparedGraph(first.deps, options),
      ensurePreparedGraph(second.deps, options),
    ]);
    expect(both[0]).toEqual(both[1]);
    expect([first.steps.length, second.steps.length].sort((a, b) => a - b)).toEqual([0, 4]);
  });

  test("a step that fails leaves nothing behind but its error", async () => {
    const { folder, options } = await createCache();
    await using _folder = folder;
    const { deps, steps } = fakeSteps();
    const failing = {
      ...deps,
      runStep: (step: "buildFloat" | "buildCalibrated" | "compare", workFolder: string) =>
        step === "compare"
          ? Promise.reject(new AppError("E_BUSY", "the process was killed"))
          : deps.runStep(step, workFolder),
    };
    expect(ensurePreparedGraph(failing, options)).rejects.toThrow("was killed");
    await ensurePreparedGraph(failing, options).catch(() => undefined);
    expect(await findPreparedGraph(options)).toBeUndefined();
    expect((await readdir(folder.path)).filter((name) => !name.endsWith(".lock"))).toEqual(["model.onnx"]);
    expect(steps).toContain("end");
  });

  test("what a killed process left half done is not found, and is cleared away", async () => {
    const { folder, options } = await createCache();
    await using _folder = folder;
    const { path } = await ensurePreparedGraph(fakeSteps().deps, options);
    const partial = `${join(path, "..")}.partial`;
    await rm(join(path, ".."), { recursive: true });
    await mkdir(partial);
    await writeFile(join(partial, "float.onnx"), "half of it");
    expect(await findPreparedGraph(options)).toBeUndefined();
    const again = await ensurePreparedGraph(fakeSteps().deps, options);
    expect(await Bun.file(again.path).text()).toBe("the calibrated graph");
    expect((await readdir(folder.path)).filter((name) => name.endsWith(".partial"))).toEqual([]);
  });

  test("a graph that was cut off, of another model, or measured on another processor is made anew", async () => {
    const { folder, options } = await createCache();
    await using _folder = folder;
    const { path, record } = await ensurePreparedGraph(fakeSteps().deps, options);
    const recordPath = join(path, "..", "preparation.json");
    const spoil: (() => Promise<unknown>)[] = [
      () => writeFile(path, "the"),
      () =>
        writeFile(recordPath, JSON.stringify({ ...record, machine: { processor: "another", threads: 2 } })),
      () => writeFile(recordPath, JSON.stringify({ ...record, version: 0 })),
      () => writeFile(recordPath, JSON.stringify({ ...record, sourceSha256: "0".repeat(64) })),
      () => writeFile(recordPath, '{"version":'),
      () => rm(recordPath),
      () => rm(path),
    ];
    for (const damage of spoil) {
      await damage();
      expect(await findPreparedGraph(options)).toBeUndefined();
      const { deps, steps } = fakeSteps();
      expect((await ensurePreparedGraph(deps, options)).path).toBe(path);
      expect(steps).toHaveLength(4);
    }
  });

  test("a source that is not there is E_NOT_FOUND", async () => {
    await using folder = await createTempFolder();
    const error: unknown = await hashFile(join(folder.path, "none.onnx")).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "E_NOT_FOUND" });
  });
});

describe("the choice", () => {
  test("takes the faster graph when it sounds right, and says why", () => {
    expect(selectGraph(measured(0.4, 0.2))).toEqual({
      choice: "calibrated",
      reason: "8-bit convolutions are 2.00 times as fast as float ones, 1.70 dB apart",
    });
    expect(selectGraph(measured(0.4, 0.2, spectralLimitDb + 0.1)).choice).toBe("float");
    expect(selectGraph(measured(0.4, 0.2, spectralLimitDb + 0.1)).reason).toContain("do not sound right");
    expect(selectGraph(measured(0.4, 0.2, Number.POSITIVE_INFINITY)).choice).toBe("float");
    expect(selectGraph(measured(0.2, 0.4)).reason).toContain("only 0.50 times");
    expect(selectGraph([]).choice).toBe("float");
  });
});
