// Opus in WebM or Matroska, as browsers record it. The first Opus track is read, in the order of its blocks.
import { AppError } from "../../base/errors.ts";
import { ebmlIds, readEbml, readInt, readUint, readVint } from "./ebml.ts";
import { createOpusTrack, type OpusHead, parseOpusHead } from "./opus-track.ts";
import type { PcmCollector } from "./pcm-collector.ts";

interface TrackEntry {
  number: number;
  codec: string;
  head?: Uint8Array;
  isEncoded: boolean;
}

const lacingBits = 0x06;

export async function decodeWebmOpus(bytes: Uint8Array, collector: PcmCollector): Promise<void> {
  const track = selectTrack(readTracks(bytes));
  const head: OpusHead = track.head ? parseOpusHead(track.head) : { channelCount: 1, preSkip: 0, gain: 1 };
  using opus = await createOpusTrack(head);
  let last: Float32Array = new Float32Array();
  for (const { id, body } of readEbml(bytes)) {
    if (id === ebmlIds.discardPadding) {
      // Nanoseconds to drop from the block before it (RFC 9559): the end of the last packet.
      const samples = Math.round((readInt(body) * 48_000) / 1e9);
      last = last.subarray(0, Math.max(0, last.length - Math.max(0, samples)));
    } else if (id === ebmlIds.simpleBlock || id === ebmlIds.block) {
      const packet = readBlock(body, track.number);
      if (!packet) continue;
      collector.push([last], 48_000);
      last = opus.decode(packet);
    }
  }
  collector.push([last], 48_000);
}

function readTracks(bytes: Uint8Array): TrackEntry[] {
  const tracks: TrackEntry[] = [];
  for (const { id, body } of readEbml(bytes)) {
    if (id === ebmlIds.cluster) break;
    if (id === ebmlIds.trackEntry) tracks.push({ number: 0, codec: "", isEncoded: false });
    const track = tracks.at(-1);
    if (!track) continue;
    if (id === ebmlIds.trackNumber) track.number = readUint(body);
    else if (id === ebmlIds.codecId) track.codec = readAscii(body);
    else if (id === ebmlIds.codecPrivate) track.head = body;
    else if (id === ebmlIds.contentEncodings) track.isEncoded = true;
  }
  return tracks;
}

/** Up to its zero; what is not printable shows as a question mark, for it may end up in a message. */
function readAscii(body: Uint8Array): string {
  const end = body.indexOf(0);
  const letters = body.subarray(0, Math.min(32, end < 0 ? body.length : end));
  return String.fromCharCode(...letters.map((byte) => (byte >= 0x20 && byte < 0x7f ? byte : 0x3f)));
}

function selectTrack(tracks: readonly TrackEntry[]): TrackEntry {
  const track = tracks.find(({ codec }) => codec === "A_OPUS");
  const cure = "send WebM Opus, Ogg Opus, WAV, MP3 or FLAC";
  if (!track) {
    const found = tracks.map(({ codec }) => codec).join(" and ") || "no track";
    throw new AppError("E_ARGS", `the WebM file holds ${found}, and no Opus sound; ${cure}`);
  }
  if (track.isEncoded) {
    throw new AppError("E_ARGS", `the WebM file's sound is packed or encrypted once more; ${cure}`);
  }
  return track;
}

/** The packet of a block of this track (RFC 9559, 10): track, two bytes of time, flags, then the packet. */
function readBlock(body: Uint8Array, trackNumber: number): Uint8Array | undefined {
  const number = readVint(body, 0, false);
  if (number?.value !== trackNumber) return undefined;
  const flags = body[number.sizeBytes + 2] ?? 0;
  if (flags & lacingBits) {
    throw new AppError(
      "E_ARGS",
      "the WebM file packs several packets into a block (lacing), which is not read here",
    );
  }
  return body.subarray(number.sizeBytes + 3);
}
