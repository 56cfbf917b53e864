// The packets of one logical Ogg stream (RFC 3533, 5): pages cut them into segments, and may cut one in the middle.
import { concatBytes } from "../../base/concat-bytes.ts";
import { AppError } from "../../base/errors.ts";
import { oggFlags, type OggPage } from "./ogg-page.ts";

/** 120 ms at 510 kbit/s on two channels is 15 KiB; more is no Opus packet. */
const maxPacketBytes = 65_536;

/** Takes a stream's pages in order. Throws E_ARGS for a packet that has no end. */
export function createPacketReader(): (page: OggPage) => Generator<Uint8Array> {
  /** The beginning of a packet that goes on in the next page. */
  let partial: Uint8Array[] = [];
  let partialBytes = 0;

  const join = (tail: Uint8Array): Uint8Array => {
    if (partial.length === 0) return tail;
    const packet = concatBytes([...partial, tail]);
    partial = [];
    partialBytes = 0;
    return packet;
  };

  return function* readPackets(page) {
    if ((page.flags & oggFlags.continued) === 0) {
      partial = [];
      partialBytes = 0;
    }
    // The rest of a packet whose beginning was never seen is of no use.
    let isOrphan = (page.flags & oggFlags.continued) !== 0 && partial.length === 0;
    let start = 0;
    let end = 0;
    for (const length of page.segments) {
      end += length;
      if (length === 255) continue;
      const packet = join(page.body.subarray(start, end));
      start = end;
      if (!isOrphan) yield packet;
      isOrphan = false;
    }
    if (end > start && !isOrphan) {
      partial.push(page.body.subarray(start, end));
      partialBytes += end - start;
      if (partialBytes > maxPacketBytes) {
        throw new AppError(
          "E_ARGS",
          `the Ogg file is damaged: a packet of more than ${maxPacketBytes} bytes`,
        );
      }
    }
  };
}
