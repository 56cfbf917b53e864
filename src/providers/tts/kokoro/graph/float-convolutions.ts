// ConvInteger is slow on CPUs: 79 % of the time of the 8-bit file goes to its 87 ConvInteger nodes. Each stands in a
// chain
//   DynamicQuantizeLinear → ConvInteger → [Add of the bias, quantised on the fly] → Cast → Mul by both scales
// which is replaced by one float Conv with the weights dequantised once. Halves the time, and the sound comes from the
// same weights without the rounding of the activations.
import { type GraphIndex, indexGraph } from "./graph-index.ts";
import {
  bytesOf,
  createNode,
  createTensor,
  floatsOf,
  onnxFloat,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
} from "./onnx-graph.ts";

/** Ends the name of each Conv made here. */
export const floatConvolutionSuffix = "_f32";

interface Chain {
  convolution: OnnxNode;
  /** The last node of the chain: the Conv takes its place and its output. */
  end: OnnxNode;
  input: string;
  weights: OnnxTensor;
  zeroPoint: OnnxTensor;
  scales: OnnxTensor;
  bias: string | undefined;
}

/** Replaces every chain that has the known form; gives how many were, and the names of those that were not. */
export function replaceIntegerConvolutions(model: OnnxModel): { replaced: number; kept: string[] } {
  const index = indexGraph(model);
  const replacements = new Map<OnnxNode, OnnxNode>();
  const kept: string[] = [];
  for (const node of model.nodes) {
    if (node.opType !== "ConvInteger") continue;
    const chain = findChain(model, index, node);
    if (!chain) {
      kept.push(node.name);
      continue;
    }
    const weights = dequantizeWeights(chain);
    model.tensors.set(weights.name, weights);
    replacements.set(
      chain.end,
      createNode({
        name: `${node.name}${floatConvolutionSuffix}`,
        opType: "Conv",
        inputs: [chain.input, weights.name, ...(chain.bias === undefined ? [] : [chain.bias])],
        outputs: chain.end.outputs,
        attributes: node.attributes,
      }),
    );
  }
  model.nodes = model.nodes.map((node) => replacements.get(node) ?? node);
  return { replaced: replacements.size, kept };
}

function findChain(model: OnnxModel, index: GraphIndex, convolution: OnnxNode): Chain | undefined {
  const [quantized, weightsName, , zeroPointName] = convolution.inputs;
  const quantize = index.producerOf(quantized);
  if (quantize?.opType !== "DynamicQuantizeLinear") return undefined;
  let current = convolution.outputs[0];
  let bias: string | undefined;
  const add = index.consumersOf(current).find((node) => node.opType === "Add");
  if (add) {
    // Reshape ← Cast ← Floor or Round ← Div(bias, scale)
    const reshape = index.producerOf(add.inputs.find((input) => input !== current));
    const round = index.producerOf(index.producerOf(reshape?.inputs[0])?.inputs[0]);
    const divide = index.producerOf(round?.inputs[0]);
    if (divide?.opType !== "Div") return undefined;
    bias = divide.inputs[0];
    current = add.outputs[0];
  }
  const cast = index.consumersOf(current).find((node) => node.opType === "Cast");
  const castOutput = cast?.outputs[0];
  const end = index.consumersOf(castOutput).find((node) => node.opType === "Mul");
  const scaleProduct = index.producerOf(end?.inputs.find((input) => input !== castOutput));
  const scales = scaleProduct?.inputs.map((input) => model.tensors.get(input)).find((tensor) => tensor);
  const weights = model.tensors.get(weightsName ?? "");
  const zeroPoint = model.tensors.get(zeroPointName ?? "");
  const input = quantize.inputs[0];
  if (!end || !scales || !weights || !zeroPoint || input === undefined) return undefined;
  return { convolution, end, input, weights, zeroPoint, scales, bias };
}

/** float = (8-bit − zero point) × scale, per output channel where there are as many scales. */
function dequantizeWeights({ weights, zeroPoint, scales }: Chain): OnnxTensor {
  const bytes = bytesOf(weights);
  const zeroPoints = bytesOf(zeroPoint);
  const channelScales = floatsOf(scales);
  const channels = weights.dims[0] ?? 1;
  const perChannel = bytes.length / channels;
  const floats = new Float32Array(bytes.length);
  for (let channel = 0; channel < channels; channel++) {
    const scale = channelScales[channelScales.length > 1 ? channel : 0] ?? 1;
    const zero = zeroPoints[zeroPoints.length > 1 ? channel : 0] ?? 0;
    const end = (channel + 1) * perChannel;
    for (let at = channel * perChannel; at < end; at++) floats[at] = ((bytes[at] ?? 0) - zero) * scale;
  }
  return createTensor(`${weights.name}${floatConvolutionSuffix}`, onnxFloat, weights.dims, floats);
}
