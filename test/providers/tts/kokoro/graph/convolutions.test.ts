import { describe, expect, test } from "bun:test";
import {
  buildCalibrationModel,
  calibrateConvolutions,
  selectDecoderConvolutions,
  type ValueRange,
  widenRanges,
} from "../../../../../src/providers/tts/kokoro/graph/calibrated-convolutions.ts";
import { replaceIntegerConvolutions } from "../../../../../src/providers/tts/kokoro/graph/float-convolutions.ts";
import { removeUnused } from "../../../../../src/providers/tts/kokoro/graph/graph-index.ts";
import { createNode, type OnnxModel } from "../../../../../src/providers/tts/kokoro/graph/onnx-graph.ts";
import { buildTinyModel, relativeError, runTiny, tinyInput, type TinyModelOptions } from "./tiny-model.ts";

const opsOf = (model: OnnxModel): string[] => model.nodes.map(({ opType }) => opType);

function buildFloat(options?: TinyModelOptions): OnnxModel {
  const model = buildTinyModel(options);
  replaceIntegerConvolutions(model);
  removeUnused(model);
  return model;
}

describe("float convolutions", () => {
  const kinds: TinyModelOptions[] = [
    { weightType: "int8", hasBias: true },
    { weightType: "uint8", hasBias: true },
    { weightType: "int8", hasBias: false },
    { weightType: "uint8", perChannel: false, hasBias: false },
  ];
  for (const options of kinds) {
    test(`give what the 8-bit chain gives, without its rounding: ${JSON.stringify(options)}`, async () => {
      const before = await runTiny(buildTinyModel(options), tinyInput);
      const model = buildFloat(options);
      expect(opsOf(model)).toEqual(["Conv"]);
      const after = await runTiny(model, tinyInput);
      expect(relativeError(before["y"]!, after["y"]!)).toBeLessThan(0.01);
      expect(relativeError(before["y"]!, after["y"]!)).toBeGreaterThan(0);
    });
  }

  test("what is not such a chain is left alone, and named", async () => {
    const model = buildTinyModel();
    const cast = model.nodes.findIndex(({ outputs }) => outputs[0] === "c_float");
    model.nodes[cast + 2] = createNode({ opType: "Add", inputs: ["c_float", "scales"], outputs: ["y"] });
    expect(replaceIntegerConvolutions(model)).toEqual({ replaced: 0, kept: ["/decoder/conv"] });
    expect(opsOf(model)).toContain("ConvInteger");
    expect((await runTiny(model, tinyInput))["y"]?.length).toBe(tinyInput.length);
  });

  test("nodes and tensors that nobody reads are dropped, others are not", () => {
    const model = buildTinyModel();
    expect(removeUnused(model)).toBe(1);
    expect(opsOf(model)).not.toContain("Neg");
    expect([...model.tensors.keys()].sort()).toEqual(["bias", "flat", "shape", "w", "w_scale", "w_zero"]);
  });
});

async function measure(model: OnnxModel, inputs: readonly Float32Array[]): Promise<Map<string, ValueRange>> {
  const convolutions = selectDecoderConvolutions(model);
  const calibration = buildCalibrationModel(model, convolutions);
  const ranges = new Map<string, ValueRange>();
  for (const input of inputs) {
    const outputs = await runTiny(calibration, input);
    widenRanges(ranges, convolutions, (name) => outputs[name]?.[0] ?? Number.NaN);
  }
  return ranges;
}

describe("calibrated convolutions", () => {
  test("ranges are those of the tensors over all inputs, with zero in them", async () => {
    const model = buildFloat();
    const positive = tinyInput.map((value) => Math.abs(value) + 1);
    const ranges = await measure(model, [positive]);
    const largest = Math.max(...positive);
    expect(ranges.get("x")).toEqual({ min: 0, max: Math.fround(largest) });
    const both = await measure(model, [positive, tinyInput]);
    expect(both.get("x")?.min).toBeCloseTo(-0.8, 2);
    expect(both.get("x")?.max).toBe(ranges.get("x")!.max);
    const { y = new Float32Array(0) } = await runTiny(model, tinyInput);
    expect(both.get("y")?.min).toBe(Math.min(...y));
  });

  test("they say the same within their steps, and are what is left of the graph", async () => {
    const model = buildFloat();
    // A fifth is cut off the range, so the input is a fifth quieter than what was calibrated with.
    const ranges = await measure(model, [tinyInput.map((value) => value * 1.3)]);
    const before = await runTiny(model, tinyInput);
    calibrateConvolutions(model, selectDecoderConvolutions(model), ranges);
    removeUnused(model);
    expect(opsOf(model)).toEqual(["QuantizeLinear", "QLinearConv", "DequantizeLinear"]);
    const after = await runTiny(model, tinyInput);
    expect(relativeError(before["y"]!, after["y"]!)).toBeLessThan(0.02);
  });

  test("two convolutions over one tensor share its quantisation", async () => {
    const model = buildFloat();
    const [first] = model.nodes;
    model.nodes = [
      { ...first!, outputs: ["a"] },
      { ...first!, name: "/decoder/second_f32", outputs: ["b"] },
      createNode({ opType: "Add", inputs: ["a", "b"], outputs: ["y"] }),
    ];
    const ranges = await measure(model, [tinyInput]);
    calibrateConvolutions(model, selectDecoderConvolutions(model), ranges);
    expect(opsOf(model).filter((op) => op === "QuantizeLinear")).toHaveLength(1);
    expect((await runTiny(model, tinyInput))["y"]?.length).toBe(tinyInput.length);
  });

  test("only the decoder's are chosen", () => {
    const model = buildFloat();
    model.nodes[0]!.name = "/encoder/conv_f32";
    expect(selectDecoderConvolutions(model)).toEqual([]);
  });

  test("a range that was not measured is no reason to guess", () => {
    const model = buildFloat();
    expect(() => calibrateConvolutions(model, selectDecoderConvolutions(model), new Map())).toThrow(
      "not measured",
    );
  });
});
