// Writes GGUF files: sound ones, and whatever a hostile one may have in it.

type Scalar = string | number | bigint | boolean;

export type GgufEntry =
  | { type: "u8" | "i8" | "u16" | "i16" | "u32" | "i32" | "f32" | "f64"; value: number }
  | { type: "u64" | "i64"; value: number | bigint }
  | { type: "bool"; value: boolean | number }
  | { type: "string"; value: string }
  /** An element of a list of lists is an entry itself. */
  | { type: "array"; of: string; values: readonly (Scalar | GgufEntry)[] }
  /** These bytes, whatever they mean. */
  | { type: "raw"; typeId: number; value: Uint8Array };

const typeIds: Record<string, number> = {
  u8: 0,
  i8: 1,
  u16: 2,
  i16: 3,
  u32: 4,
  i32: 5,
  f32: 6,
  bool: 7,
  string: 8,
  array: 9,
  u64: 10,
  i64: 11,
  f64: 12,
};

export interface GgufTensorPlan {
  name: string;
  /** The innermost dimension first. */
  shape: readonly (number | bigint)[];
  /** ggml's number; 0 is F32. */
  type: number;
  /** Its bytes; `sizeBytes` zeros without. */
  data?: Uint8Array;
  sizeBytes?: number;
  /** Instead of the next free place. */
  offset?: number;
}

export interface GgufPlan {
  version?: number;
  magic?: string;
  metadata?: Record<string, GgufEntry> | readonly (readonly [string, GgufEntry])[];
  tensors?: readonly GgufTensorPlan[];
  /** Instead of the true ones. */
  tensorCount?: number | bigint;
  entryCount?: number | bigint;
  alignment?: number;
  /** The tensors' bytes are left out. */
  isHeaderOnly?: boolean;
}

export function buildGguf(plan: GgufPlan): Uint8Array {
  const { version = 3, magic = "GGUF", metadata = {}, tensors = [], alignment = 32 } = plan;
  const entries = Array.isArray(metadata) ? metadata : Object.entries(metadata);
  const out = new ByteWriter();
  out.bytes(new TextEncoder().encode(magic));
  out.number(4, (view) => view.setUint32(0, version, true));
  out.u64(plan.tensorCount ?? tensors.length);
  out.u64(plan.entryCount ?? entries.length);
  for (const [key, entry] of entries as [string, GgufEntry][]) {
    out.text(key);
    out.u32(entry.type === "raw" ? entry.typeId : (typeIds[entry.type] ?? 0));
    writeValue(out, entry);
  }
  const align = (size: number): number => Math.ceil(size / alignment) * alignment;
  let next = 0;
  const placed = tensors.map((tensor) => {
    const sizeBytes = tensor.data?.length ?? tensor.sizeBytes ?? 0;
    const offset = tensor.offset ?? next;
    next = align(offset + sizeBytes);
    return { ...tensor, offset, sizeBytes };
  });
  for (const { name, shape, type, offset } of placed) {
    out.text(name);
    out.u32(shape.length);
    for (const size of shape) out.u64(size);
    out.u32(type);
    out.u64(offset);
  }
  if (plan.isHeaderOnly === true || tensors.length === 0) return out.finish();
  const header = out.finish();
  const start = align(header.length);
  const file = new Uint8Array(Math.max(start, ...placed.map((t) => start + t.offset + t.sizeBytes)));
  file.set(header);
  for (const { data, offset } of placed) if (data) file.set(data, start + offset);
  return file;
}

/** A small language model's header, as converters write it. */
export function buildModelGguf(
  changes: Record<string, GgufEntry> = {},
  tensors: readonly GgufTensorPlan[] = [
    { name: "token_embd.weight", shape: [64, 100], type: 0, sizeBytes: 64 * 100 * 4 },
    { name: "blk.0.attn_q.weight", shape: [64, 64], type: 8, sizeBytes: (64 * 64 * 34) / 32 },
  ],
): Uint8Array {
  return buildGguf({
    metadata: {
      "general.architecture": { type: "string", value: "llama" },
      "general.name": { type: "string", value: "Tiny" },
      "general.file_type": { type: "u32", value: 15 },
      "llama.context_length": { type: "u32", value: 2048 },
      ...changes,
    },
    tensors,
  });
}

function writeValue(out: ByteWriter, entry: GgufEntry): void {
  switch (entry.type) {
    case "u8":
      return out.number(1, (view) => view.setUint8(0, entry.value));
    case "i8":
      return out.number(1, (view) => view.setInt8(0, entry.value));
    case "u16":
      return out.number(2, (view) => view.setUint16(0, entry.value, true));
    case "i16":
      return out.number(2, (view) => view.setInt16(0, entry.value, true));
    case "u32":
      return out.u32(entry.value);
    case "i32":
      return out.number(4, (view) => view.setInt32(0, entry.value, true));
    case "f32":
      return out.number(4, (view) => view.setFloat32(0, entry.value, true));
    case "f64":
      return out.number(8, (view) => view.setFloat64(0, entry.value, true));
    case "u64":
      return out.u64(entry.value);
    case "i64":
      return out.number(8, (view) => view.setBigInt64(0, BigInt(entry.value), true));
    case "bool":
      return out.number(1, (view) => view.setUint8(0, Number(entry.value)));
    case "string":
      return out.text(entry.value);
    case "array":
      out.u32(typeIds[entry.of] ?? 0);
      out.u64(entry.values.length);
      for (const value of entry.values) {
        writeValue(out, (entry.of === "array" ? value : { type: entry.of, value }) as GgufEntry);
      }
      return;
    case "raw":
      return out.bytes(entry.value);
  }
}

class ByteWriter {
  private pieces: Uint8Array[] = [];

  bytes(bytes: Uint8Array): void {
    this.pieces.push(bytes);
  }

  number(size: number, write: (view: DataView) => void): void {
    const view = new DataView(new ArrayBuffer(size));
    write(view);
    this.bytes(new Uint8Array(view.buffer));
  }

  u32(value: number): void {
    this.number(4, (view) => view.setUint32(0, value, true));
  }

  u64(value: number | bigint): void {
    this.number(8, (view) => view.setBigUint64(0, BigInt(value), true));
  }

  text(text: string): void {
    const bytes = new TextEncoder().encode(text);
    this.u64(bytes.length);
    this.bytes(bytes);
  }

  finish(): Uint8Array {
    return new Uint8Array(Buffer.concat(this.pieces));
  }
}
