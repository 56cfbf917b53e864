// The elements of a Matroska or WebM file (RFC 8794), flat: containers are entered by reading on behind their header, the
// rest is passed over by its size. Ends of containers are not followed, so that sizes that lie or are unknown (a
// recording that was never finished) do no harm: the position only ever grows.

export const ebmlIds = {
  segment: 0x1853_8067,
  cluster: 0x1f43_b675,
  tracks: 0x1654_ae6b,
  trackEntry: 0xae,
  trackNumber: 0xd7,
  codecId: 0x86,
  codecPrivate: 0x63a2,
  contentEncodings: 0x6d80,
  blockGroup: 0xa0,
  block: 0xa1,
  simpleBlock: 0xa3,
  discardPadding: 0x75a2,
} as const;

const containers: ReadonlySet<number> = new Set([
  ebmlIds.segment,
  ebmlIds.cluster,
  ebmlIds.tracks,
  ebmlIds.trackEntry,
  ebmlIds.blockGroup,
]);

export interface EbmlElement {
  id: number;
  /** Empty for a container that is entered. */
  body: Uint8Array;
}

/** Ends where the bytes end, in the middle of an element too, or where no element can be. */
export function* readEbml(bytes: Uint8Array): Generator<EbmlElement> {
  for (let offset = 0; offset < bytes.length; ) {
    const id = readVint(bytes, offset, true);
    if (!id || id.sizeBytes > 4) return;
    const size = readVint(bytes, offset + id.sizeBytes, false);
    if (!size) return;
    offset += id.sizeBytes + size.sizeBytes;
    if (containers.has(id.value)) {
      yield { id: id.value, body: new Uint8Array() };
      continue;
    }
    if (offset + size.value > bytes.length) return;
    yield { id: id.value, body: bytes.subarray(offset, offset + size.value) };
    offset += size.value;
  }
}

/** A number whose leading zeros say its length (RFC 8794, 4). An id keeps its marker. Unknown sizes are infinite. */
export function readVint(
  bytes: Uint8Array,
  offset: number,
  keepsMarker: boolean,
): { value: number; sizeBytes: number } | undefined {
  const first = bytes[offset];
  if (first === undefined || first === 0) return undefined;
  const sizeBytes = Math.clz32(first) - 23;
  if (offset + sizeBytes > bytes.length) return undefined;
  let value = keepsMarker ? first : first & (0xff >> sizeBytes);
  let isUnknown = value === 0xff >> sizeBytes;
  for (let i = 1; i < sizeBytes; i++) {
    const byte = bytes[offset + i] ?? 0;
    value = value * 256 + byte;
    isUnknown &&= byte === 0xff;
  }
  return { value: isUnknown && !keepsMarker ? Number.POSITIVE_INFINITY : value, sizeBytes };
}

/** Big-endian, at most six bytes are looked at. */
export function readUint(body: Uint8Array): number {
  return body.subarray(0, 6).reduce((value, byte) => value * 256 + byte, 0);
}

/** Big-endian two's complement. */
export function readInt(body: Uint8Array): number {
  const value = readUint(body);
  return (body[0] ?? 0) & 0x80 ? value - 256 ** Math.min(6, body.length) : value;
}
