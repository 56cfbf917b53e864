// Writes safetensors files with zeros for weights.
const elementBytes: Record<string, number> = {
  F64: 8,
  I64: 8,
  F32: 4,
  I32: 4,
  U32: 4,
  F16: 2,
  BF16: 2,
  U8: 1,
  I8: 1,
};

export function buildSafetensors(
  tensors: Readonly<Record<string, { dtype: string; shape: readonly number[] }>>,
  metadata?: Readonly<Record<string, string>>,
): Uint8Array {
  let offset = 0;
  const entries = Object.entries(tensors).map(([name, { dtype, shape }]) => {
    const from = offset;
    offset += shape.reduce((product, size) => product * size, 1) * (elementBytes[dtype] ?? 1);
    return [name, { dtype, shape, data_offsets: [from, offset] }];
  });
  const header = { ...(metadata && { __metadata__: metadata }), ...Object.fromEntries(entries) };
  return new Uint8Array(Buffer.concat([frameSafetensors(JSON.stringify(header)), new Uint8Array(offset)]));
}

/** The length, and then these bytes as the header, whatever they are. */
export function frameSafetensors(header: string | Uint8Array): Uint8Array {
  const bytes = typeof header === "string" ? new TextEncoder().encode(header) : header;
  return new Uint8Array([...new Uint8Array(new BigUint64Array([BigInt(bytes.length)]).buffer), ...bytes]);
}
