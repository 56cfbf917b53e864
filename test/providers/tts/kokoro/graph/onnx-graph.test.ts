import { describe, expect, test } from "bun:test";
import { concatBytes } from "../../../../../src/base/concat-bytes.ts";
import {
  bytesOf,
  createIntAttribute,
  encodeOnnxModel,
  exposeOutput,
  floatsOf,
  onnxFloat,
  parseOnnxModel,
} from "../../../../../src/providers/tts/kokoro/graph/onnx-graph.ts";
import {
  encodeBytesField,
  encodeVarintField,
  readFields,
  readRepeatedVarint,
  readText,
} from "../../../../../src/providers/tts/kokoro/graph/protobuf-wire.ts";
import { buildOnnx } from "../../../../support/onnx-builder.ts";
import { buildTinyModel, runTiny, tinyInput } from "./tiny-model.ts";

describe("the wire format", () => {
  test("fields come back as they were written", () => {
    const message = concatBytes([
      encodeVarintField(1, 0),
      encodeVarintField(2, 2 ** 53 - 1),
      encodeBytesField(16, "größe"),
      Uint8Array.of((3 << 3) | 5, 1, 2, 3, 4),
      Uint8Array.of((4 << 3) | 1, 1, 2, 3, 4, 5, 6, 7, 8),
    ]);
    const fields = readFields(message);
    expect(fields.map(({ number, wireType, value }) => [number, wireType, value])).toEqual([
      [1, 0, 0],
      [2, 0, 2 ** 53 - 1],
      [16, 2, 0],
      [3, 5, 0],
      [4, 1, 0],
    ]);
    expect(readText(fields[2]!.bytes)).toBe("größe");
    expect(concatBytes(fields.map(({ encoded }) => encoded))).toEqual(message);
  });

  test("negative numbers are ten bytes long and come back negative", () => {
    const minusOne = Uint8Array.of(8, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1);
    expect(readFields(minusOne)[0]?.value).toBe(-1);
  });

  test("repeated numbers are read packed and one by one", () => {
    const packed = encodeBytesField(1, Uint8Array.of(3, 200, 1));
    const both = concatBytes([packed, encodeVarintField(1, 7)]);
    expect(readRepeatedVarint(readFields(both), 1)).toEqual([3, 200, 7]);
  });

  test("a message that is cut off, or is none, is refused", () => {
    const message = encodeBytesField(1, "hello");
    for (let length = 1; length < message.length; length++) {
      expect(() => readFields(message.subarray(0, length))).toThrow(RangeError);
    }
    expect(() => readFields(Uint8Array.of(255, 255))).toThrow(RangeError);
    expect(() => readFields(Uint8Array.of(11, 0))).toThrow("wire type 3");
  });
});

describe("a model", () => {
  const file = buildOnnx({
    inputs: [{ name: "x", type: "float", dims: ["n"] }],
    outputs: [{ name: "y", type: "float", dims: ["n"] }],
    initializers: [
      { name: "two", dims: [1], data: Float32Array.of(2) },
      { name: "axes", dims: [2], data: BigInt64Array.of(0n, -1n) },
    ],
    nodes: [
      { op: "Mul", inputs: ["x", "two"], outputs: ["m"] },
      { op: "Concat", inputs: ["m", "", "m"], outputs: ["y"], attributes: { axis: 0 } },
    ],
  });

  test("is read into nodes, tensors and outputs", () => {
    const model = parseOnnxModel(file);
    expect(model.nodes.map(({ opType, inputs, outputs }) => [opType, inputs, outputs])).toEqual([
      ["Mul", ["x", "two"], ["m"]],
      ["Concat", ["m", "", "m"], ["y"]],
    ]);
    expect(model.nodes.map(({ attributes }) => attributes)).toEqual([[], [createIntAttribute("axis", 0)]]);
    expect(floatsOf(model.tensors.get("two")!)).toEqual(Float32Array.of(2));
    expect(model.tensors.get("axes")?.dims).toEqual([2]);
    expect(model.outputs).toEqual(["y"]);
  });

  test("written and read again, it is the same", () => {
    const again = parseOnnxModel(concatBytes(encodeOnnxModel(parseOnnxModel(file))));
    expect(again).toEqual(parseOnnxModel(concatBytes(encodeOnnxModel(again))));
    expect(again.nodes.map(({ opType }) => opType)).toEqual(["Mul", "Concat"]);
  });

  test("floats are copied out of files that are not aligned, and out of pooled buffers", () => {
    const shifted = new Uint8Array(file.length + 1);
    shifted.set(file, 1);
    expect(floatsOf(parseOnnxModel(shifted.subarray(1)).tensors.get("two")!)).toEqual(Float32Array.of(2));
    expect(floatsOf(parseOnnxModel(Buffer.from(file)).tensors.get("two")!)).toEqual(Float32Array.of(2));
  });

  test("small integers are read where they are kept as varints", () => {
    const tensor = concatBytes([
      encodeVarintField(1, 3),
      encodeVarintField(2, 3),
      encodeBytesField(8, "t"),
      encodeBytesField(5, Uint8Array.of(1, 127, 254, 255, 255, 255, 255, 255, 255, 255, 255, 1)),
    ]);
    const model = parseOnnxModel(encodeBytesField(7, encodeBytesField(5, tensor)));
    expect([...bytesOf(model.tensors.get("t")!)]).toEqual([1, 127, -2]);
  });

  test("a tensor inside becomes an output that the runtime gives, once", async () => {
    const model = buildTinyModel();
    exposeOutput(model, "x_scale", onnxFloat);
    exposeOutput(model, "x_scale", onnxFloat);
    expect(model.outputs).toEqual(["y", "x_scale"]);
    const outputs = await runTiny(model, tinyInput);
    expect(outputs["x_scale"]?.[0]).toBeGreaterThan(0);
  });
});
