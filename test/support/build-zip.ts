// Zip archives made byte by byte, the honest and the other ones.
import { crc32, deflateRawSync } from "node:zlib";

export interface ZipEntry {
  path: string;
  content?: Uint8Array | string;
  /** Default: stored as it is. */
  deflate?: boolean;
  /** With its file type; default none, as archives from elsewhere have it. */
  unixMode?: number;
  /** General purpose bits; default: the name is UTF-8. */
  flags?: number;
  /** Compression method as it is written down, whatever was done. */
  method?: number;
  /** What the directory claims instead of the truth. */
  crc?: number;
  uncompressedSize?: number;
  /** No body of its own: the directory points at that of the entry with this path. */
  dataOf?: string;
}

const encode = (content: Uint8Array | string): Uint8Array =>
  typeof content === "string" ? new TextEncoder().encode(content) : content;

const u16 = (...values: number[]): Buffer => {
  const bytes = Buffer.alloc(values.length * 2);
  for (const [at, value] of values.entries()) bytes.writeUInt16LE(value & 0xffff, at * 2);
  return bytes;
};
const u32 = (...values: number[]): Buffer => {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [at, value] of values.entries()) bytes.writeUInt32LE(value >>> 0, at * 4);
  return bytes;
};

interface Body {
  packed: Uint8Array;
  crc: number;
  sizeBytes: number;
  offset: number;
}

export function buildZip(entries: readonly ZipEntry[]): Uint8Array {
  const bodies = new Map<string, Body>();
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let position = 0;
  for (const entry of entries) {
    const shared = entry.dataOf === undefined ? undefined : bodies.get(entry.dataOf);
    const content = encode(entry.content ?? "");
    const body = shared ?? {
      packed: entry.deflate === true ? deflateRawSync(content) : content,
      crc: crc32(content),
      sizeBytes: content.length,
      offset: position,
    };
    const name = encode(entry.path);
    const common = Buffer.concat([
      u16(20, entry.flags ?? 0x0800, entry.method ?? (entry.deflate === true ? 8 : 0), 0, 0x5421),
      u32(entry.crc ?? body.crc, body.packed.length, entry.uncompressedSize ?? body.sizeBytes),
      u16(name.length, 0),
    ]);
    directory.push(
      Buffer.concat([
        u32(0x02014b50),
        u16((3 << 8) | 20), // made on Unix
        common,
        u16(0, 0, 0),
        u32((entry.unixMode ?? 0) * 2 ** 16, body.offset),
        name,
      ]),
    );
    if (shared) continue;
    bodies.set(entry.path, body);
    const local = Buffer.concat([u32(0x04034b50), common, name, body.packed]);
    parts.push(local);
    position += local.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.concat([
    u32(0x06054b50),
    u16(0, 0, entries.length, entries.length),
    u32(central.length, position),
    u16(0),
  ]);
  return Buffer.concat([...parts, central, end]);
}
