// Opus packets as an Ogg stream (RFC 7845), page by page as they come.
import { concatBytes } from "../../base/concat-bytes.ts";
import { encodeOggPage, layOutSegments, oggFlags } from "./ogg-page.ts";

export interface OggOpusWriterOptions {
  /** Of the recording, for the header alone: Opus always runs at 48 kHz. */
  inputRateHz: number;
  /** Samples at 48 kHz that the decoder drops at the start: the encoder's delay. */
  preSkip: number;
  /** Tells streams in one file apart; any number of 32 bits. */
  serial: number;
}

export interface OggOpusWriter {
  /** The two header pages. */
  start(): Uint8Array;
  /** The pages of these packets, the last of which ends at `granule` (48 kHz, the pre-skip counted in). */
  write(packets: readonly Uint8Array[], samplesPerPacket: number): Uint8Array;
  /** The last pages; the stream ends at `granule`, and the decoder drops what sticks out behind it. */
  finish(packets: readonly Uint8Array[], granule: number): Uint8Array;
}

/** A page of 20 ms packets holds a second at most, as RFC 7845 (5.3) advises for streams. */
const maxPacketsPerPage = 50;

export function createOggOpusWriter(options: OggOpusWriterOptions): OggOpusWriter {
  let sequence = 0;
  let granule = 0;
  const page = (packets: readonly Uint8Array[], flags: number, position: number): Uint8Array => {
    const segments = layOutSegments(packets) ?? new Uint8Array();
    return encodeOggPage({
      flags,
      granule: BigInt(position),
      serial: options.serial,
      sequence: sequence++,
      segments,
      body: concatBytes(packets),
    });
  };
  const writePages = (packets: readonly Uint8Array[], samplesPerPacket: number): Uint8Array[] => {
    const pages: Uint8Array[] = [];
    for (let at = 0; at < packets.length; ) {
      let count = Math.min(maxPacketsPerPage, packets.length - at);
      while (count > 1 && !layOutSegments(packets.slice(at, at + count))) count -= 1;
      granule += count * samplesPerPacket;
      pages.push(page(packets.slice(at, at + count), 0, granule));
      at += count;
    }
    return pages;
  };
  return {
    start: () => concatBytes([page([encodeHead(options)], oggFlags.begin, 0), page([encodeTags()], 0, 0)]),
    write: (packets, samplesPerPacket) => concatBytes(writePages(packets, samplesPerPacket)),
    finish: (packets, end) => page(packets, oggFlags.end, end),
  };
}

/** RFC 7845, 5.1: mono, no gain, mapping family 0. */
function encodeHead({ inputRateHz, preSkip }: OggOpusWriterOptions): Uint8Array {
  const head = new Uint8Array(19);
  const view = new DataView(head.buffer);
  head.set(new TextEncoder().encode("OpusHead"));
  view.setUint8(8, 1);
  view.setUint8(9, 1);
  view.setUint16(10, preSkip, true);
  view.setUint32(12, inputRateHz, true);
  return head;
}

/** RFC 7845, 5.2: who made it, and no comments. */
function encodeTags(): Uint8Array {
  const vendor = new TextEncoder().encode("troupe");
  const tags = new Uint8Array(8 + 4 + vendor.length + 4);
  tags.set(new TextEncoder().encode("OpusTags"));
  new DataView(tags.buffer).setUint32(8, vendor.length, true);
  tags.set(vendor, 12);
  return tags;
}
