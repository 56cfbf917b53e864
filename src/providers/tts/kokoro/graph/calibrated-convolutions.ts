// Float Conv → QuantizeLinear → QLinearConv → DequantizeLinear with ranges measured beforehand. On CPUs with 8-bit dot
// products (VNNI, and the like on Arm) that is three times as fast as float; elsewhere it may be slower or saturate, so
// prepare-graph.ts measures both. Weights are signed and symmetric per output channel: with unsigned ones the same
// kernel takes two and a half times as long.
import { floatConvolutionSuffix } from "./float-convolutions.ts";
import {
  createIntAttribute,
  createNode,
  createTensor,
  floatsOf,
  onnxFloat,
  onnxInt32,
  onnxInt8,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
  onnxUint8,
} from "./onnx-graph.ts";

/** Smallest and largest value of a tensor over all calibration sentences. */
export interface ValueRange {
  min: number;
  max: number;
}

/**
 * The float convolutions of the decoder: 66 of 87, and nearly all of the time. The others make pitch and durations,
 * where rounding would change how a sentence is said, and would gain 2 % more. A convolution over a few channels only is
 * not faster in 8 bits.
 */
export function selectDecoderConvolutions(model: OnnxModel): OnnxNode[] {
  return model.nodes.filter(
    (node) =>
      node.opType === "Conv" &&
      node.name.endsWith(floatConvolutionSuffix) &&
      node.name.startsWith("/decoder/") &&
      (model.tensors.get(node.inputs[1] ?? "")?.dims[1] ?? 0) >= 16,
  );
}

/**
 * Of the range that was seen, this much is kept. The rare largest values then saturate and all others get finer steps:
 * over three sentences the distance to the float graph is 1.70 dB at 0.8, 1.88 dB at 1 and 1.91 dB at 0.6.
 */
const keptRange = 0.8;

const minOf = (tensor: string): string => `${tensor}/calibration_min`;
const maxOf = (tensor: string): string => `${tensor}/calibration_max`;

/** A copy of the model that also gives the smallest and largest value of each convolution's input and output. */
export function buildCalibrationModel(model: OnnxModel, convolutions: readonly OnnxNode[]): OnnxModel {
  const tensors = tensorsToMeasure(convolutions);
  const attributes = [createIntAttribute("keepdims", 0)];
  const measures = tensors.flatMap((tensor) => [
    createNode({ opType: "ReduceMin", inputs: [tensor], outputs: [minOf(tensor)], attributes }),
    createNode({ opType: "ReduceMax", inputs: [tensor], outputs: [maxOf(tensor)], attributes }),
  ]);
  const added = measures.flatMap((node) => node.outputs);
  return {
    ...model,
    nodes: [...model.nodes, ...measures],
    outputs: [...model.outputs, ...added],
    addedOutputs: [...model.addedOutputs, ...added.map((name) => ({ name, dataType: onnxFloat }))],
  };
}

function tensorsToMeasure(convolutions: readonly OnnxNode[]): string[] {
  return [...new Set(convolutions.flatMap((node) => [node.inputs[0] ?? "", node.outputs[0] ?? ""]))];
}

/** Widens the ranges by what one run of the calibration model gave; `read` takes the name of an output. */
export function widenRanges(
  ranges: Map<string, ValueRange>,
  convolutions: readonly OnnxNode[],
  read: (output: string) => number,
): void {
  for (const tensor of tensorsToMeasure(convolutions)) {
    const known = ranges.get(tensor) ?? { min: 0, max: 0 };
    ranges.set(tensor, {
      min: Math.min(known.min, read(minOf(tensor))),
      max: Math.max(known.max, read(maxOf(tensor))),
    });
  }
}

/** Replaces the convolutions; their ranges must be known. `model` is changed. */
export function calibrateConvolutions(
  model: OnnxModel,
  convolutions: readonly OnnxNode[],
  ranges: ReadonlyMap<string, ValueRange>,
): void {
  const selected = new Set(convolutions);
  const quantizedInputs = new Set<string>();
  model.nodes = model.nodes.flatMap((node) => {
    if (!selected.has(node)) return [node];
    const [input = "", weightsName = "", biasName = ""] = node.inputs;
    const output = node.outputs[0] ?? "";
    const weights = model.tensors.get(weightsName);
    if (!weights) throw new RangeError(`${node.name}: its weights are not in the file`);
    const add = (tensor: OnnxTensor): string => {
      model.tensors.set(tensor.name, tensor);
      return tensor.name;
    };
    const inputScale = addActivationScale(add, `${input}_q8`, ranges.get(input));
    const outputScale = addActivationScale(add, `${node.name}_out`, ranges.get(output));
    const quantized = quantizeWeights(node.name, weights);
    const inputs = [`${input}_q8`, inputScale.scaleName, inputScale.zeroName];
    inputs.push(add(quantized.weights), add(quantized.scales), add(quantized.zeros));
    inputs.push(outputScale.scaleName, outputScale.zeroName);
    const bias = model.tensors.get(biasName);
    if (bias) inputs.push(add(quantizeBias(node.name, bias, quantized.scales, inputScale.scale)));

    const nodes = [
      createNode({ opType: "QLinearConv", inputs, outputs: [`${node.name}_q`], attributes: node.attributes }),
      createNode({
        opType: "DequantizeLinear",
        inputs: [`${node.name}_q`, outputScale.scaleName, outputScale.zeroName],
        outputs: [output],
      }),
    ];
    // Several convolutions may read one tensor; it is quantised once.
    if (quantizedInputs.has(input)) return nodes;
    quantizedInputs.add(input);
    const quantize = createNode({
      opType: "QuantizeLinear",
      inputs: [input, inputScale.scaleName, inputScale.zeroName],
      outputs: [`${input}_q8`],
    });
    return [quantize, ...nodes];
  });
}

type AddTensor = (tensor: OnnxTensor) => string;

function addActivationScale(add: AddTensor, name: string, range: ValueRange | undefined) {
  if (!range) throw new RangeError(`${name}: its range was not measured`);
  const [min, max] = [range.min * keptRange, range.max * keptRange];
  const scale = (max - min) / 255 || 1e-6;
  const zeroPoint = Math.max(0, Math.min(255, Math.round(-min / scale)));
  return {
    scale,
    scaleName: add(createTensor(`${name}_scale`, onnxFloat, [], Float32Array.of(scale))),
    zeroName: add(createTensor(`${name}_zero`, onnxUint8, [], Uint8Array.of(zeroPoint))),
  };
}

function quantizeWeights(name: string, weights: OnnxTensor) {
  const floats = floatsOf(weights);
  const channels = weights.dims[0] ?? 1;
  const perChannel = floats.length / channels;
  const scales = new Float32Array(channels);
  const bytes = new Int8Array(floats.length);
  for (let channel = 0; channel < channels; channel++) {
    const values = floats.subarray(channel * perChannel, (channel + 1) * perChannel);
    let largest = 0;
    for (const value of values) largest = Math.max(largest, Math.abs(value));
    const scale = Math.fround(largest / 127) || 1e-8;
    scales[channel] = scale;
    for (let i = 0; i < perChannel; i++) {
      bytes[channel * perChannel + i] = Math.max(-127, Math.min(127, Math.round((values[i] ?? 0) / scale)));
    }
  }
  return {
    weights: createTensor(`${name}_weights`, onnxInt8, weights.dims, bytes),
    scales: createTensor(`${name}_weight_scales`, onnxFloat, [channels], scales),
    zeros: createTensor(`${name}_weight_zeros`, onnxInt8, [channels], new Int8Array(channels)),
  };
}

/** int32 at the scale of the products: input scale × weight scale of the channel. */
function quantizeBias(name: string, bias: OnnxTensor, scales: OnnxTensor, inputScale: number): OnnxTensor {
  const weightScales = floatsOf(scales);
  const values = Int32Array.from(floatsOf(bias), (value, channel) =>
    Math.round(value / (inputScale * (weightScales[channel] ?? 1))),
  );
  return createTensor(`${name}_bias`, onnxInt32, bias.dims, values);
}
