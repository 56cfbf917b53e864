import { expect, test } from "bun:test";
import {
  decodeOggPage,
  encodeOggPage,
  layOutSegments,
  oggFlags,
} from "../../../src/audio/codecs/ogg-page.ts";
import { createOggOpusWriter } from "../../../src/audio/codecs/ogg-opus-writer.ts";

const page = {
  flags: oggFlags.begin,
  granule: 123_456_789_012n,
  serial: 0xdead_beef,
  sequence: 7,
  segments: new Uint8Array([3]),
  body: new Uint8Array([1, 2, 3]),
};

test("a page comes back as it was, wherever it stands", () => {
  const bytes = encodeOggPage(page);
  const moved = new Uint8Array(bytes.length + 20);
  moved.set(bytes, 11);
  expect(decodeOggPage(moved, 11)).toEqual({ state: "page", page, sizeBytes: bytes.length });
});

test("the checksum is the one of RFC 3533", () => {
  // Bit by bit, as RFC 3533 puts it, over the page with zeros in the sum's place.
  const view = new DataView(
    encodeOggPage({ ...page, segments: new Uint8Array(), body: new Uint8Array() }).buffer,
  );
  const bytes = new Uint8Array(view.buffer.slice(0));
  bytes.fill(0, 22, 26);
  let crc = 0;
  for (const byte of bytes) {
    for (let bit = 7; bit >= 0; bit--) {
      const carry = ((crc >>> 31) ^ (byte >> bit)) & 1;
      crc = ((crc << 1) ^ (carry ? 0x04c1_1db7 : 0)) >>> 0;
    }
  }
  expect(view.getUint32(22, true)).toBe(crc);
});

test("a changed byte anywhere is damage, no page, or the page's end beyond the file", () => {
  const bytes = encodeOggPage(page);
  for (let i = 0; i < bytes.length; i++) {
    const changed = bytes.slice();
    changed[i] = changed[i]! ^ 1;
    expect(decodeOggPage(changed, 0).state).not.toBe("page");
  }
});

test("of a page that is cut, the whole packets are there, and its position is not", () => {
  const bytes = encodeOggPage({
    ...page,
    flags: oggFlags.end,
    segments: new Uint8Array([2, 3]),
    body: new Uint8Array([1, 2, 3, 4, 5]),
  });
  const reading = decodeOggPage(bytes.subarray(0, bytes.length - 1), 0);
  expect(reading).toMatchObject({ state: "cut", page: { flags: 0, granule: -1n } });
  expect([...(reading.state === "cut" ? (reading.page?.segments ?? []) : [])]).toEqual([2]);
  expect(decodeOggPage(bytes.subarray(0, 28), 0)).toEqual({ state: "cut", page: undefined });
});

test.each([
  [[0], [0]],
  [[254], [254]],
  [[255], [255, 0]],
  [
    [600, 1],
    [255, 255, 90, 1],
  ],
])("packets of %j bytes are cut into %j", (sizes, segments) => {
  const packets = sizes.map((size) => new Uint8Array(size));
  expect([...(layOutSegments(packets) ?? [])]).toEqual(segments);
});

test("what does not fit into one page is told", () => {
  expect(layOutSegments([new Uint8Array(255 * 255)])).toBeUndefined();
  expect(layOutSegments([new Uint8Array(255 * 255 - 1)])).toHaveLength(255);
});

test("the writer's pages are numbered, its positions grow, and large packets are spread", () => {
  const writer = createOggOpusWriter({ inputRateHz: 24_000, preSkip: 312, serial: 5 });
  const packets = Array.from({ length: 120 }, () => new Uint8Array(1200).fill(9));
  const bytes = new Uint8Array(
    Buffer.concat([writer.start(), writer.write(packets, 960), writer.finish([new Uint8Array(10)], 115_500)]),
  );
  const pages: { sequence: number; granule: bigint; flags: number; packets: number }[] = [];
  for (let offset = 0; offset < bytes.length; ) {
    const reading = decodeOggPage(bytes, offset);
    if (reading.state !== "page") throw new Error(reading.state);
    const { sequence, granule, flags, segments, serial } = reading.page;
    expect(serial).toBe(5);
    pages.push({ sequence, granule, flags, packets: segments.filter((length) => length < 255).length });
    offset += reading.sizeBytes;
  }
  expect(pages.map(({ sequence }) => sequence)).toEqual(pages.map((_, i) => i));
  expect(pages.map(({ granule, packets }) => [Number(granule), packets])).toEqual([
    [0, 1],
    [0, 1],
    [48_000, 50],
    [96_000, 50],
    [115_200, 20],
    [115_500, 1],
  ]);
  expect([pages[0]?.flags, pages[1]?.flags, pages.at(-1)?.flags]).toEqual([oggFlags.begin, 0, oggFlags.end]);
});
