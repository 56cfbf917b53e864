// An ONNX model as nodes and tensors that can be rewritten, and back to bytes. What is not touched is written as it was
// read, so that a rewrite changes what it names and nothing else. Field numbers: onnx.proto3, IR version 9.
import { concatBytes } from "../../../../base/concat-bytes.ts";
import {
  encodeBytesField,
  encodeBytesFieldHead,
  encodeVarintField,
  readFields,
  readRepeatedVarint,
  readText,
  type WireField,
} from "./protobuf-wire.ts";

/** TensorProto.DataType, the ones in use here. */
export const onnxFloat = 1;
export const onnxUint8 = 2;
export const onnxInt8 = 3;
export const onnxInt32 = 6;
export const onnxInt64 = 7;

export interface OnnxTensor {
  name: string;
  dataType: number;
  dims: readonly number[];
  /** Little-endian elements, row-major. */
  raw: Uint8Array;
}

export interface OnnxNode {
  name: string;
  opType: string;
  /** Empty inputs are optional ones left out. */
  inputs: string[];
  outputs: string[];
  /** Encoded AttributeProto messages. */
  attributes: Uint8Array[];
  /** Fields that this module does not read (domain, documentation), as they were. */
  otherFields: readonly Uint8Array[];
}

export interface OnnxModel {
  nodes: OnnxNode[];
  tensors: Map<string, OnnxTensor>;
  /** Names of the graph's outputs. */
  outputs: string[];
  /** Fields of the graph and of the model that are neither node, tensor nor added output, as they were. */
  otherGraphFields: readonly Uint8Array[];
  otherModelFields: readonly Uint8Array[];
  /** Outputs that were not in the file. */
  addedOutputs: { name: string; dataType: number }[];
}

/** Views into `bytes`, which must stay as they are. Throws RangeError on a file that is cut off. */
export function parseOnnxModel(bytes: Uint8Array): OnnxModel {
  const model: OnnxModel = {
    nodes: [],
    tensors: new Map(),
    outputs: [],
    otherGraphFields: [],
    otherModelFields: [],
    addedOutputs: [],
  };
  const otherGraphFields: Uint8Array[] = [];
  const otherModelFields: Uint8Array[] = [];
  for (const field of readFields(bytes)) {
    if (field.number !== 7) otherModelFields.push(field.encoded);
    else for (const part of readFields(field.bytes)) readGraphField(model, part, otherGraphFields);
  }
  return { ...model, otherGraphFields, otherModelFields };
}

function readGraphField(model: OnnxModel, field: WireField, others: Uint8Array[]): void {
  if (field.number === 1) {
    model.nodes.push(parseNode(field.bytes));
  } else if (field.number === 5) {
    const tensor = parseTensor(field.bytes);
    model.tensors.set(tensor.name, tensor);
  } else {
    others.push(field.encoded);
    if (field.number === 12) model.outputs.push(textOf(readFields(field.bytes), 1));
  }
}

function parseNode(bytes: Uint8Array): OnnxNode {
  const node: OnnxNode = { name: "", opType: "", inputs: [], outputs: [], attributes: [], otherFields: [] };
  const otherFields: Uint8Array[] = [];
  for (const field of readFields(bytes)) {
    if (field.number === 1) node.inputs.push(readText(field.bytes));
    else if (field.number === 2) node.outputs.push(readText(field.bytes));
    else if (field.number === 3) node.name = readText(field.bytes);
    else if (field.number === 4) node.opType = readText(field.bytes);
    else if (field.number === 5) node.attributes.push(field.bytes);
    else otherFields.push(field.encoded);
  }
  return { ...node, otherFields };
}

const textOf = (fields: readonly WireField[], number: number): string =>
  readText(fields.find((field) => field.number === number)?.bytes ?? new Uint8Array(0));

function parseTensor(bytes: Uint8Array): OnnxTensor {
  const fields = readFields(bytes);
  const bytesOf = (number: number): Uint8Array | undefined =>
    fields.find((field) => field.number === number)?.bytes;
  const dataType = fields.find((field) => field.number === 2)?.value ?? 0;
  return {
    name: textOf(fields, 8),
    dataType,
    dims: readRepeatedVarint(fields, 1),
    raw: bytesOf(9) ?? bytesOf(4) ?? packIntegers(fields, dataType),
  };
}

/** Small tensors keep their integers as varints: int32_data (5), int64_data (7). */
function packIntegers(fields: readonly WireField[], dataType: number): Uint8Array {
  const number = dataType === onnxInt64 ? 7 : 5;
  const values = readRepeatedVarint(fields, number);
  if (dataType === onnxInt64) return bytesOfArray(BigInt64Array.from(values, BigInt));
  if (dataType === onnxInt32) return bytesOfArray(Int32Array.from(values));
  return bytesOfArray(Uint8Array.from(values, (value) => value & 255));
}

export function bytesOfArray(array: ArrayBufferView): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

/** The elements of a float32 tensor, copied because a file's bytes need not be aligned. */
export function floatsOf(tensor: OnnxTensor): Float32Array {
  // Not slice(): a Buffer's is a view of the whole pool.
  return new Float32Array(new Uint8Array(tensor.raw).buffer);
}

/** int8 or uint8 elements, a view. */
export function bytesOf(tensor: OnnxTensor): Int8Array | Uint8Array {
  const { buffer, byteOffset, byteLength } = tensor.raw;
  return tensor.dataType === onnxInt8 ? new Int8Array(buffer, byteOffset, byteLength) : tensor.raw;
}

export function createTensor(
  name: string,
  dataType: number,
  dims: readonly number[],
  elements: ArrayBufferView,
): OnnxTensor {
  return { name, dataType, dims, raw: bytesOfArray(elements) };
}

export function createNode(node: Partial<OnnxNode> & Pick<OnnxNode, "opType" | "outputs">): OnnxNode {
  return { name: node.outputs[0] ?? "", inputs: [], attributes: [], otherFields: [], ...node };
}

/** AttributeProto: name (1), i (3), type (20), where INT is 2. */
export function createIntAttribute(name: string, value: number): Uint8Array {
  return concatBytes([encodeBytesField(1, name), encodeVarintField(3, value), encodeVarintField(20, 2)]);
}

/** The file in parts, to be written one behind the other. Tensors come by reference: a model is 90 to 260 MB. */
export function encodeOnnxModel(model: OnnxModel): Uint8Array[] {
  const graph: Uint8Array[] = [];
  for (const node of model.nodes) graph.push(encodeBytesField(1, encodeNode(node)));
  for (const tensor of model.tensors.values()) {
    const head = concatBytes([
      ...tensor.dims.map((dim) => encodeVarintField(1, dim)),
      encodeVarintField(2, tensor.dataType),
      encodeBytesField(8, tensor.name),
      encodeBytesFieldHead(9, tensor.raw.length),
    ]);
    graph.push(encodeBytesFieldHead(5, head.length + tensor.raw.length), head, tensor.raw);
  }
  graph.push(...model.otherGraphFields, ...model.addedOutputs.map(encodeOutput));
  const lengthBytes = graph.reduce((sum, part) => sum + part.length, 0);
  return [...model.otherModelFields, encodeBytesFieldHead(7, lengthBytes), ...graph];
}

function encodeNode(node: OnnxNode): Uint8Array {
  return concatBytes([
    ...node.inputs.map((name) => encodeBytesField(1, name)),
    ...node.outputs.map((name) => encodeBytesField(2, name)),
    encodeBytesField(3, node.name),
    encodeBytesField(4, node.opType),
    ...node.attributes.map((attribute) => encodeBytesField(5, attribute)),
    ...node.otherFields,
  ]);
}

/** GraphProto.output (12): ValueInfoProto{name, type{tensor_type{elem_type}}}; the shape is left to the runtime. */
function encodeOutput({ name, dataType }: { name: string; dataType: number }): Uint8Array {
  const type = encodeBytesField(2, encodeBytesField(1, encodeVarintField(1, dataType)));
  return encodeBytesField(12, concatBytes([encodeBytesField(1, name), type]));
}

/** Makes a tensor inside the graph an output of it, unless it is one. */
export function exposeOutput(model: OnnxModel, name: string, dataType: number): void {
  if (model.outputs.includes(name)) return;
  model.outputs.push(name);
  model.addedOutputs.push({ name, dataType });
}
