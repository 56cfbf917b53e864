// A model of a few nodes with one convolution written as the 8-bit file writes it, small enough to run at once.
import { InferenceSession, Tensor } from "onnxruntime-node";
import { concatBytes } from "../../../../../src/base/concat-bytes.ts";
import {
  createIntAttribute,
  createNode,
  createTensor,
  encodeOnnxModel,
  onnxFloat,
  onnxInt8,
  onnxInt64,
  type OnnxModel,
  type OnnxTensor,
  onnxUint8,
  parseOnnxModel,
} from "../../../../../src/providers/tts/kokoro/graph/onnx-graph.ts";
import {
  encodeBytesField,
  encodeVarintField,
} from "../../../../../src/providers/tts/kokoro/graph/protobuf-wire.ts";
import { buildOnnx } from "../../../../support/onnx-builder.ts";

/** AttributeProto: name (1), ints (8), type (20), where INTS is 7. */
function createIntsAttribute(name: string, values: readonly number[]): Uint8Array {
  const ints = values.map((value) => encodeVarintField(8, value));
  return concatBytes([encodeBytesField(1, name), ...ints, encodeVarintField(20, 7)]);
}

export const channels = 16;
export const kernel = 3;

const wave = (length: number, step: number): Float32Array =>
  Float32Array.from({ length }, (_, i) => Math.sin(i * step) * 0.8);

export interface TinyModelOptions {
  weightType?: "int8" | "uint8";
  hasBias?: boolean;
  perChannel?: boolean;
}

/** y[1,16,n] = convolution of x[1,16,n], and a node that nobody reads. */
export function buildTinyModel(options: TinyModelOptions = {}): OnnxModel {
  const { weightType = "int8", hasBias = true, perChannel = true } = options;
  const bytes = buildOnnx({
    inputs: [{ name: "x", type: "float", dims: [1, channels, "n"] }],
    outputs: [{ name: "y", type: "float", dims: [1, channels, "n"] }],
    initializers: [],
    nodes: [],
  });
  const model = parseOnnxModel(bytes);
  const add = (tensor: OnnxTensor): string => {
    model.tensors.set(tensor.name, tensor);
    return tensor.name;
  };
  const floats = wave(channels * channels * kernel, 0.7);
  const zero = weightType === "int8" ? 3 : 131;
  const quantized = Array.from(floats, (value) => Math.round(value * 100) + zero);
  const count = perChannel ? channels : 1;
  const scales = Float32Array.from({ length: count }, (_, i) => 0.01 * (1 + i / 20));
  const [dataType, Elements] = weightType === "int8" ? [onnxInt8, Int8Array] : [onnxUint8, Uint8Array];
  add(createTensor("w", dataType, [channels, channels, kernel], Elements.from(quantized)));
  // ConvInteger takes one zero point for all channels; scales it never sees.
  add(createTensor("w_zero", dataType, [], Elements.of(zero)));
  add(createTensor("w_scale", onnxFloat, perChannel ? [1, count, 1] : [], scales));
  add(createTensor("bias", onnxFloat, [channels], wave(channels, 2)));
  add(createTensor("shape", onnxInt64, [3], BigInt64Array.of(1n, BigInt(channels), 1n)));
  const convolution = [
    createIntsAttribute("kernel_shape", [kernel]),
    createIntsAttribute("pads", [1, 1]),
    createIntAttribute("group", 1),
  ];
  const biasNodes = [
    createNode({ opType: "Mul", inputs: ["x_scale", "w_scale"], outputs: ["bias_scale_3d"] }),
    createNode({ opType: "Reshape", inputs: ["bias_scale_3d", "flat"], outputs: ["bias_scale"] }),
    createNode({ opType: "Div", inputs: ["bias", "bias_scale"], outputs: ["bias_divided"] }),
    createNode({ opType: "Floor", inputs: ["bias_divided"], outputs: ["bias_floor"] }),
    createNode({
      opType: "Cast",
      inputs: ["bias_floor"],
      outputs: ["bias_int"],
      attributes: [createIntAttribute("to", 6)],
    }),
    createNode({ opType: "Reshape", inputs: ["bias_int", "shape"], outputs: ["bias_shaped"] }),
    createNode({ opType: "Add", inputs: ["c", "bias_shaped"], outputs: ["c_biased"] }),
  ];
  add(createTensor("flat", onnxInt64, [1], BigInt64Array.of(-1n)));
  model.nodes.push(
    createNode({ opType: "DynamicQuantizeLinear", inputs: ["x"], outputs: ["xq", "x_scale", "x_zero"] }),
    createNode({
      name: "/decoder/conv",
      opType: "ConvInteger",
      inputs: ["xq", "w", "x_zero", "w_zero"],
      outputs: ["c"],
      attributes: convolution,
    }),
    ...(hasBias ? biasNodes : []),
    createNode({
      opType: "Cast",
      inputs: [hasBias ? "c_biased" : "c"],
      outputs: ["c_float"],
      attributes: [createIntAttribute("to", 1)],
    }),
    createNode({ opType: "Mul", inputs: ["x_scale", "w_scale"], outputs: ["scales"] }),
    createNode({ opType: "Mul", inputs: ["c_float", "scales"], outputs: ["y"] }),
    createNode({ opType: "Neg", inputs: ["y"], outputs: ["unread"] }),
  );
  return model;
}

/** Runs the model on x and gives the outputs' data by name. */
export async function runTiny(model: OnnxModel, x: Float32Array): Promise<Record<string, Float32Array>> {
  const session = await InferenceSession.create(concatBytes(encodeOnnxModel(model)), { logSeverityLevel: 3 });
  try {
    const outputs = await session.run({ x: new Tensor("float32", x, [1, channels, x.length / channels]) });
    return Object.fromEntries(
      Object.entries(outputs).map(([name, { data }]) => [name, new Float32Array(data as Float32Array)]),
    );
  } finally {
    await session.release();
  }
}

export const tinyInput = wave(channels * 40, 0.05);

/** Largest difference, as a share of the largest value of `a`. */
export function relativeError(a: Float32Array, b: Float32Array): number {
  expectSameLength(a, b);
  const largest = Math.max(...a.map((value) => Math.abs(value)));
  return Math.max(...a.map((value, i) => Math.abs(value - (b[i] ?? 0)))) / largest;
}

function expectSameLength(a: Float32Array, b: Float32Array): void {
  if (a.length !== b.length) throw new Error(`${a.length} and ${b.length} samples`);
}
