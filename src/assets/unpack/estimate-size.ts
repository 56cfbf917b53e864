// About how much an archive unpacks to, before it is unpacked: what a zip's directory says, what a gzip's last bytes
// say, and for the others at least their own size.
import { open, stat } from "node:fs/promises";
import type { ArchiveFormat } from "../asset-schema.ts";
import { maxUnpackedBytes } from "./entry-judge.ts";
import { readZip } from "./read-zip.ts";

/** An archive that lies gets no more than what it may unpack to anyway. */
export async function estimateUnpackedBytes(path: string, format: ArchiveFormat): Promise<number> {
  const { size } = await stat(path);
  const claimed =
    format === "zip" ? await sumZip(path) : format === "tar.gz" ? await readGzipSize(path, size) : 0;
  return Math.min(Math.max(claimed, format === "zip" ? 0 : size), maxUnpackedBytes(size));
}

/** 0 for one that cannot be read: unpacking it will say why. */
async function sumZip(path: string): Promise<number> {
  let sum = 0;
  try {
    for await (const entry of readZip(path)) sum += entry.sizeBytes;
  } catch {
    return 0;
  }
  return sum;
}

/** RFC 1952: the last four bytes are the unpacked size, modulo 4 GiB. */
async function readGzipSize(path: string, sizeBytes: number): Promise<number> {
  if (sizeBytes < 18) return 0;
  const file = await open(path, "r");
  try {
    const tail = Buffer.alloc(4);
    await file.read(tail, 0, 4, sizeBytes - 4);
    return tail.readUInt32LE(0);
  } finally {
    await file.close();
  }
}
