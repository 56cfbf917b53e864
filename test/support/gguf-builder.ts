// Writes the GGUF file of a model out of its metadata and its float32 tensors.
import { buildGguf as writeGguf, type GgufEntry } from "./gguf-writer.ts";

export type GgufValue =
  | { type: "string"; value: string }
  | { type: "uint32" | "float32"; value: number }
  | { type: "bool"; value: boolean }
  | { type: "strings"; value: readonly string[] }
  | { type: "float32s" | "int32s"; value: readonly number[] };

export interface GgufTensor {
  name: string;
  /** The innermost dimension first. */
  dims: readonly number[];
  data: Float32Array;
}

export function buildGguf(
  metadata: Readonly<Record<string, GgufValue>>,
  tensors: readonly GgufTensor[],
): Uint8Array {
  return writeGguf({
    metadata: Object.entries(metadata).map(([key, value]) => [key, entryOf(value)] as const),
    tensors: tensors.map(({ name, dims, data }) => ({
      name,
      shape: dims,
      type: 0,
      data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    })),
  });
}

function entryOf({ type, value }: GgufValue): GgufEntry {
  switch (type) {
    case "string":
      return { type, value };
    case "bool":
      return { type, value };
    case "uint32":
      return { type: "u32", value };
    case "float32":
      return { type: "f32", value };
    case "strings":
      return { type: "array", of: "string", values: value };
    case "float32s":
      return { type: "array", of: "f32", values: value };
    case "int32s":
      return { type: "array", of: "i32", values: value };
  }
}
