// One Ogg page, both ways (RFC 3533, 6): a header, a table of segment lengths, and packets or parts of them.
// A packet is cut into segments of 255 bytes; the first shorter one ends it.

import { createCrc } from "./crc.ts";

/** "OggS", version 0. */
const oggMagic = new Uint8Array([0x4f, 0x67, 0x67, 0x53, 0]);
const headerBytes = 27;
const maxSegments = 255;

export const oggFlags = { continued: 1, begin: 2, end: 4 } as const;

export interface OggPage {
  /** A sum of `oggFlags`. */
  flags: number;
  /** Samples up to the end of the last packet that ends here; −1n when none does. */
  granule: bigint;
  serial: number;
  sequence: number;
  /** Length of each segment, 0 to 255. */
  segments: Uint8Array;
  body: Uint8Array;
}

export function encodeOggPage(page: OggPage): Uint8Array<ArrayBuffer> {
  const { segments, body } = page;
  const bytes = new Uint8Array(headerBytes + segments.length + body.length);
  const view = new DataView(bytes.buffer);
  bytes.set(oggMagic);
  view.setUint8(5, page.flags);
  view.setBigInt64(6, page.granule, true);
  view.setUint32(14, page.serial, true);
  view.setUint32(18, page.sequence, true);
  view.setUint8(26, segments.length);
  bytes.set(segments, headerBytes);
  bytes.set(body, headerBytes + segments.length);
  view.setUint32(22, computeCrc(bytes), true);
  return bytes;
}

/** The segment table of whole packets; undefined when they do not fit into one page. */
export function layOutSegments(packets: readonly Uint8Array[]): Uint8Array | undefined {
  const segments: number[] = [];
  for (const { length } of packets) {
    for (let rest = length; ; rest -= 255) {
      segments.push(Math.min(rest, 255));
      if (rest < 255) break;
    }
  }
  return segments.length <= maxSegments ? new Uint8Array(segments) : undefined;
}

export type OggPageReading =
  | { state: "page"; page: OggPage; sizeBytes: number }
  /** The bytes end before the page does: what is there of it, its checksum unknown. */
  | { state: "cut"; page: OggPage | undefined }
  /** No page begins here; or one does, and its checksum is wrong. */
  | { state: "none" | "damaged" };

/** Where the next page may begin, from `from` on; -1 when nowhere. */
export function findOggPage(bytes: Uint8Array, from: number): number {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).indexOf("OggS", from, "latin1");
}

export function decodeOggPage(bytes: Uint8Array, offset: number): OggPageReading {
  const begins = bytes.subarray(offset, offset + oggMagic.length);
  if (begins.length === 0 || begins.some((byte, i) => byte !== oggMagic[i])) return { state: "none" };
  const count = bytes[offset + 26];
  const bodyOffset = offset + headerBytes + (count ?? 0);
  if (count === undefined || bodyOffset > bytes.length) return { state: "cut", page: undefined };
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, headerBytes);
  const segments = bytes.subarray(offset + headerBytes, bodyOffset);
  const sizeBytes = headerBytes + count + segments.reduce((sum, length) => sum + length, 0);
  const page: OggPage = {
    flags: view.getUint8(5),
    granule: view.getBigInt64(6, true),
    serial: view.getUint32(14, true),
    sequence: view.getUint32(18, true),
    segments,
    body: bytes.subarray(bodyOffset, offset + sizeBytes),
  };
  if (offset + sizeBytes > bytes.length) return { state: "cut", page: keepWholeSegments(page) };
  const raw = bytes.slice(offset, offset + sizeBytes);
  raw.fill(0, 22, 26);
  if (computeCrc(raw) !== view.getUint32(22, true)) return { state: "damaged" };
  return { state: "page", page, sizeBytes };
}

/** The page as far as its body goes; where its last packet ends is no longer known. */
function keepWholeSegments(page: OggPage): OggPage {
  let sizeBytes = 0;
  let count = 0;
  for (const length of page.segments) {
    if (sizeBytes + length > page.body.length) break;
    sizeBytes += length;
    count += 1;
  }
  const flags = page.flags & ~oggFlags.end;
  return { ...page, flags, granule: -1n, segments: page.segments.subarray(0, count) };
}

/** RFC 3533, 6. */
const computeCrc = createCrc(0x04c1_1db7, 32);
