// A PNG picture as its chunks. Format: 8 bytes of signature, then for each chunk its length (4 bytes, big endian), type
// (4 letters), data and CRC-32 of type and data (PNG specification, section 5).
import { crc32 } from "node:zlib";
import { AppError } from "../../base/errors.ts";

export interface PngChunk {
  type: string;
  data: Uint8Array;
}

const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
/** Far more than any encoder writes. */
const maxChunks = 100_000;

export const isPng = (bytes: Uint8Array): boolean => signature.every((byte, index) => bytes[index] === byte);

/** Up to and with IEND; what follows it is no part of the picture. E_VERIFY for what is cut short or damaged. */
export function readPngChunks(bytes: Uint8Array, label: string): PngChunk[] {
  const refuse = (what: string): AppError =>
    new AppError("E_VERIFY", `${label} is a damaged PNG picture: ${what}; get it anew`, { card: label });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const chunks: PngChunk[] = [];
  for (let at = signature.length; chunks.at(-1)?.type !== "IEND"; ) {
    if (at + 12 > bytes.length) throw refuse("it ends in the middle");
    const length = view.getUint32(at);
    const end = at + 8 + length;
    if (end + 4 > bytes.length) throw refuse("it ends in the middle of a chunk");
    const typeAndData = bytes.subarray(at + 4, end);
    const type = Buffer.from(bytes.subarray(at + 4, at + 8)).toString("latin1");
    if (!/^[A-Za-z]{4}$/.test(type)) throw refuse("a chunk has no type");
    if (crc32(typeAndData) !== view.getUint32(end)) throw refuse(`the checksum of a ${type} chunk is wrong`);
    if (chunks.push({ type, data: bytes.subarray(at + 8, end) }) > maxChunks) {
      throw refuse(`it has more than ${maxChunks} chunks`);
    }
    at = end + 4;
  }
  if (chunks[0]?.type !== "IHDR") throw refuse("it does not begin with its header");
  return chunks;
}

export function encodePng(chunks: readonly PngChunk[]): Uint8Array {
  const parts: Uint8Array[] = [signature];
  for (const { type, data } of chunks) {
    const typeAndData = Buffer.concat([Buffer.from(type, "latin1"), data]);
    const [head, tail] = [Buffer.alloc(4), Buffer.alloc(4)];
    head.writeUInt32BE(data.length);
    tail.writeUInt32BE(crc32(typeAndData));
    parts.push(head, typeAndData, tail);
  }
  return Buffer.concat(parts);
}
