// Ogg Opus as it comes over a wire, cut anywhere: what is whole is decoded at once. Where a page is damaged or missing the
// next one is looked for; a stream that begins anew begins anew.
import { createDecoder } from "libopus-wasm";
import { concatBytes } from "../../base/concat-bytes.ts";
import { AppError, messageOf } from "../../base/errors.ts";
import { concatPcm } from "../pcm.ts";
import { createPacketReader } from "./ogg-packets.ts";
import { decodeOggPage, findOggPage, oggFlags, type OggPage } from "./ogg-page.ts";
import { isOpusHead, type OpusHead, parseOpusHead, startsWith } from "./opus-track.ts";

export interface OggOpusStream extends Disposable {
  /**
   * The samples that have become whole, mono, at the stream's rate. What comes before the first page of an Opus stream is
   * passed over. `problem` (E_ARGS): bytes that are no Ogg, a damaged page or packet, more than 10 s at once; then `pcm` is
   * what could be had, and what follows is decoded all the same.
   */
  push(bytes: Uint8Array): { pcm: Float32Array; problem?: AppError };
}

/** Decoding is fast, but not endless: this much at once is some 20 ms of work. */
const maxSecondsAtOnce = 10;

export async function createOggOpusStream({
  sampleRateHz,
}: {
  /** 8000, 12,000, 16,000, 24,000 or 48,000. */
  sampleRateHz: 8000 | 12_000 | 16_000 | 24_000 | 48_000;
}): Promise<OggOpusStream> {
  // One decoder for whatever the client's streams are: it mixes two channels into one itself.
  const decoder = await createDecoder({ sampleRate: sampleRateHz, channels: 1 });
  const maxSamplesAtOnce = maxSecondsAtOnce * sampleRateHz;
  let waiting: Uint8Array = new Uint8Array();
  let stream: Logical | undefined;
  /** Samples of the present call. */
  let taken = 0;

  /** What a page holds, as long as there is room for it. */
  const decodePage = (page: OggPage, pieces: Float32Array[]): void => {
    if ((page.flags & oggFlags.begin) !== 0) {
      stream = undefined;
      if (isOpusHead(page.body)) stream = openLogical(page, sampleRateHz);
      return;
    }
    if (!stream || page.serial !== stream.serial) return;
    for (const packet of stream.readPackets(page)) {
      if (startsWith(packet, "OpusTags") || packet.length === 0) continue;
      if (taken >= maxSamplesAtOnce) throw tooMuch();
      const pcm = takeHeard(stream, decodePacket(packet));
      taken += pcm.length;
      pieces.push(pcm);
    }
  };

  const decodePacket = (packet: Uint8Array): Float32Array => {
    try {
      return decoder.decodeFloat(packet);
    } catch (error) {
      throw new AppError("E_ARGS", `the Opus sound is damaged: ${messageOf(error)}`, null, error);
    }
  };

  return {
    push(bytes) {
      const all = waiting.length === 0 ? bytes : concatBytes([waiting, bytes]);
      waiting = new Uint8Array();
      taken = 0;
      const pieces: Float32Array[] = [];
      let problem: AppError | undefined;
      for (let at = 0; at < all.length; ) {
        const reading = decodeOggPage(all, at);
        if (reading.state === "cut") {
          waiting = all.slice(at);
          break;
        }
        if (reading.state === "page") {
          at += reading.sizeBytes;
          try {
            decodePage(reading.page, pieces);
          } catch (error) {
            if (!(error instanceof AppError)) throw error;
            problem ??= error;
          }
          continue;
        }
        problem ??= new AppError("E_ARGS", "the sound is no Ogg Opus, or a page of it is damaged");
        const next = findOggPage(all, at + 1);
        at = next < 0 ? all.length : next;
      }
      return { pcm: concatPcm(pieces), ...(problem && { problem }) };
    },
    [Symbol.dispose]: () => decoder.free(),
  };
}

interface Logical {
  serial: number;
  head: OpusHead;
  readPackets: ReturnType<typeof createPacketReader>;
  /** Samples at the stream's rate that are still to be dropped. */
  toSkip: number;
}

function openLogical(page: OggPage, sampleRateHz: number): Logical {
  const head = parseOpusHead(page.body);
  const toSkip = Math.round((head.preSkip * sampleRateHz) / 48_000);
  return { serial: page.serial, head, readPackets: createPacketReader(), toSkip };
}

function takeHeard(stream: Logical, pcm: Float32Array): Float32Array {
  const skipped = Math.min(pcm.length, stream.toSkip);
  stream.toSkip -= skipped;
  // A copy: the decoder uses its buffer again.
  const heard = pcm.slice(skipped);
  const { gain } = stream.head;
  return gain === 1 ? heard : heard.map((sample) => sample * gain);
}

const tooMuch = (): AppError =>
  new AppError("E_ARGS", `more than ${maxSecondsAtOnce} s of sound came at once; send it as it is spoken`);
