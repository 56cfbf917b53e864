// Writes small ONNX files: the few fields of onnx.proto that a graph of plain operators needs.

export type OnnxType = "float" | "int64" | "bool";
const typeCodes: Record<OnnxType, number> = { float: 1, int64: 7, bool: 9 };

export interface OnnxTensor {
  name: string;
  dims: number[];
  data: Float32Array | BigInt64Array;
}
export interface OnnxValue {
  name: string;
  type: OnnxType;
  /** A string is a dimension that may have any size. */
  dims: (number | string)[];
}
export interface OnnxNode {
  op: string;
  inputs: string[];
  outputs: string[];
  attributes?: Record<string, number | number[]>;
}
export interface OnnxGraph {
  inputs: OnnxValue[];
  outputs: OnnxValue[];
  initializers: OnnxTensor[];
  nodes: OnnxNode[];
}

export function buildOnnx({ inputs, outputs, initializers, nodes }: OnnxGraph): Uint8Array {
  const graph = join([
    ...nodes.map((node) => field(1, encodeNode(node))),
    field(2, ascii("graph")),
    ...initializers.map((tensor) => field(5, encodeTensor(tensor))),
    ...inputs.map((value) => field(11, encodeValue(value))),
    ...outputs.map((value) => field(12, encodeValue(value))),
  ]);
  const opset = join([field(1, ascii("")), number(2, 17)]);
  return join([number(1, 8), field(8, opset), field(7, graph)]);
}

function encodeNode({ op, inputs, outputs, attributes = {} }: OnnxNode): Uint8Array {
  return join([
    ...inputs.map((name) => field(1, ascii(name))),
    ...outputs.map((name) => field(2, ascii(name))),
    field(4, ascii(op)),
    ...Object.entries(attributes).map(([name, value]) =>
      field(
        5,
        typeof value === "number"
          ? join([field(1, ascii(name)), number(3, value), number(20, 2)])
          : join([field(1, ascii(name)), ...value.map((item) => number(8, item)), number(20, 7)]),
      ),
    ),
  ]);
}

function encodeTensor({ name, dims, data }: OnnxTensor): Uint8Array {
  const type = data instanceof Float32Array ? typeCodes.float : typeCodes.int64;
  const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return join([...dims.map((dim) => number(1, dim)), number(2, type), field(8, ascii(name)), field(9, raw)]);
}

function encodeValue({ name, type, dims }: OnnxValue): Uint8Array {
  const shape = join(
    dims.map((dim) => field(1, typeof dim === "number" ? number(1, dim) : field(2, ascii(dim)))),
  );
  const tensor = join([number(1, typeCodes[type]), field(2, shape)]);
  return join([field(1, ascii(name)), field(2, field(1, tensor))]);
}

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);
const join = (parts: Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));
const number = (tag: number, value: number): Uint8Array => join([varint(tag * 8), varint(value)]);
const field = (tag: number, body: Uint8Array): Uint8Array =>
  join([varint(tag * 8 + 2), varint(body.length), body]);

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  return Uint8Array.of(...bytes, Number(rest));
}
