// The header of a safetensors file: eight bytes of length, then JSON that names every tensor.
// https://huggingface.co/docs/safetensors/index#format
import { z } from "zod";
import { AppError } from "../../base/errors.ts";
import type { ByteSource } from "./byte-source.ts";
import type { ReadHeaderOptions } from "./gguf-header.ts";

export interface SafetensorsTensor {
  /** "F32", "BF16", "I64", … */
  dtype: string;
  shape: readonly number[];
  elementCount: number;
}

export interface SafetensorsHeader {
  tensors: ReadonlyMap<string, SafetensorsTensor>;
  /** `__metadata__`: texts alone. */
  metadata: Readonly<Record<string, string>>;
  /** What the whole file must have. */
  wholeSizeBytes: number;
}

const lengthBytes = 8;
const size = z.int().nonnegative();
const tensorSchema = z.object({
  dtype: z.string().max(32),
  shape: z.array(size).max(16),
  data_offsets: z.tuple([size, size]),
});
const metadataSchema = z.record(z.string(), z.string());

/** E_VERIFY for what is no sound header (longer than `maxHeaderBytes`, too), and what reading gives. */
export async function readSafetensorsHeader(
  source: ByteSource,
  { signal, maxHeaderBytes = 64 << 20 }: ReadHeaderOptions = {},
): Promise<SafetensorsHeader> {
  const refuse = (what: string): AppError =>
    new AppError("E_VERIFY", `${source.label} is no sound safetensors file: ${what}; fetch it again`, {
      source: source.label,
    });
  const start = await source.read(0, lengthBytes, signal);
  if (start.length < lengthBytes) throw refuse("it ends within its header");
  const length = new DataView(start.buffer, start.byteOffset).getBigUint64(0, true);
  if (length > BigInt(maxHeaderBytes)) throw refuse(`its header would be ${length} bytes`);
  const end = lengthBytes + Number(length);
  if (end > source.sizeBytes) throw refuse("it ends within its header");
  const bytes = await source.read(lengthBytes, end, signal);
  if (bytes.length < Number(length)) throw refuse("it ends within its header");

  const tensors = new Map<string, SafetensorsTensor>();
  let metadata: Record<string, string> = {};
  let dataBytes = 0;
  for (const [name, value] of Object.entries(parseObject(bytes, refuse))) {
    if (name === "__metadata__") {
      metadata = metadataSchema.safeParse(value).data ?? {};
      continue;
    }
    const parsed = tensorSchema.safeParse(value);
    if (!parsed.success) throw refuse(`the tensor ${JSON.stringify(name.slice(0, 80))} is none`);
    const {
      dtype,
      shape,
      data_offsets: [from, to],
    } = parsed.data;
    const elementCount = shape.reduce((product, dimension) => product * dimension, 1);
    if (to < from || !Number.isSafeInteger(elementCount)) {
      throw refuse(`the size of the tensor ${JSON.stringify(name.slice(0, 80))} is impossible`);
    }
    dataBytes = Math.max(dataBytes, to);
    tensors.set(name, { dtype, shape, elementCount });
  }
  return { tensors, metadata, wholeSizeBytes: end + dataBytes };
}

function parseObject(bytes: Uint8Array, refuse: (what: string) => AppError): Record<string, unknown> {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw refuse("its header is no JSON");
  }
  if (typeof json !== "object" || json === null || Array.isArray(json))
    throw refuse("its header is no object");
  return json as Record<string, unknown>;
}
