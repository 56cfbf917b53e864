// Opus in Ogg (RFC 3533, RFC 7845): pages to packets to samples. A file that ends in mid-page is read as far as it goes; a
// page that is damaged in the middle refuses the file, for half a transcript passes for a whole one.
import { AppError } from "../../base/errors.ts";
import { concatPcm } from "../pcm.ts";
import { decodeOggPage, findOggPage, oggFlags, type OggPage } from "./ogg-page.ts";
import { createPacketReader } from "./ogg-packets.ts";
import { createOpusTrack, isOpusHead, type OpusTrack, parseOpusHead, startsWith } from "./opus-track.ts";
import type { PcmCollector } from "./pcm-collector.ts";

interface LogicalStream {
  serial: number;
  track: OpusTrack;
  /** Comments, which follow the header, are passed over. */
  hasTags: boolean;
  readPackets: ReturnType<typeof createPacketReader>;
  /** Position of the first sample: not zero in a stream that was cut out of a broadcast. */
  startGranule: number | undefined;
}

export async function decodeOggOpus(bytes: Uint8Array, collector: PcmCollector): Promise<void> {
  const codecs = new Set<string>();
  let stream: LogicalStream | undefined;
  try {
    for (const page of readPages(bytes)) {
      const isFirst = (page.flags & oggFlags.begin) !== 0;
      if (isFirst && isOpusHead(page.body)) {
        // One stream after another is a chain, and is one recording.
        stream?.track[Symbol.dispose]();
        const track = await createOpusTrack(parseOpusHead(page.body));
        const { serial } = page;
        stream = {
          serial,
          track,
          hasTags: false,
          readPackets: createPacketReader(),
          startGranule: undefined,
        };
      } else if (isFirst) {
        codecs.add(nameCodec(page.body));
      } else if (stream && page.serial === stream.serial) {
        collector.push([decodePage(stream, page)], 48_000);
      }
    }
  } finally {
    stream?.track[Symbol.dispose]();
  }
  if (!stream) {
    const found = codecs.size > 0 ? `${[...codecs].join(" and ")}, not Opus` : "no whole header";
    throw new AppError("E_ARGS", `the Ogg file holds ${found}; send Ogg Opus, WAV, MP3 or FLAC`);
  }
}

function* readPages(bytes: Uint8Array): Generator<OggPage> {
  for (let offset = 0; offset < bytes.length; ) {
    const reading = decodeOggPage(bytes, offset);
    if (reading.state === "cut") {
      if (reading.page) yield reading.page;
      return;
    }
    if (reading.state === "page") {
      yield reading.page;
      offset += reading.sizeBytes;
      continue;
    }
    // Players' tags may follow the last page; sound after a gap may not.
    if (reading.state === "none" && findOggPage(bytes, offset) < 0) return;
    throw new AppError("E_ARGS", `the Ogg file is damaged at byte ${offset}; record or send it again`, {
      offset,
    });
  }
}

function decodePage(stream: LogicalStream, page: OggPage): Float32Array {
  const { track } = stream;
  const pieces: Float32Array[] = [];
  for (const packet of stream.readPackets(page)) {
    if (!stream.hasTags && startsWith(packet, "OpusTags")) stream.hasTags = true;
    else pieces.push(track.decode(packet));
  }
  const pcm = concatPcm(pieces);
  const granule = Number(page.granule);
  if (granule < 0 || pcm.length === 0) return pcm;
  const isLast = (page.flags & oggFlags.end) !== 0;
  stream.startGranule ??= isLast ? 0 : Math.max(0, granule - track.decodedSamples);
  if (!isLast) return pcm;
  // The last page may claim fewer samples than it holds, and only fewer than are in it.
  const surplus = track.decodedSamples - (granule - stream.startGranule);
  return pcm.subarray(0, Math.max(0, pcm.length - Math.max(0, surplus)));
}

function nameCodec(body: Uint8Array): string {
  if (startsWith(body, "\x01vorbis")) return "Vorbis";
  if (startsWith(body, "\x7fFLAC")) return "FLAC";
  if (startsWith(body, "Speex")) return "Speex";
  return "another codec";
}
