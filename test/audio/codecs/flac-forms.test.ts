// FLAC frames written bit by bit, for the forms that the encoders at hand do not write: pairs of channels, other sample sizes,
// wasted bits, raw and long-parameter residuals, short header forms.
import { expect, test } from "bun:test";
import { createBitWriter, type BitWriter } from "../../../src/audio/codecs/bit-writer.ts";
import { createCrc } from "../../../src/audio/codecs/crc.ts";
import { decodeFile } from "../../../src/audio/codecs/decode-file.ts";

const crc8 = createCrc(0x07, 8);
const crc16 = createCrc(0x8005, 16);

interface Frame {
  channelCode: number;
  /** Codes of the header's three fields; the defaults: 8-bit size, from the file's header, from the file's header. */
  sizeCode?: number;
  rateCode?: number;
  bitsCode?: number;
  blockSamples: number;
  /** What stands between the frame's number and its checksum. */
  writeTail?: (writer: BitWriter) => void;
  writeSubframes: (writer: BitWriter) => void;
}

function buildFlac(info: { rateHz: number; bits: number; channels: number }, frame: Frame): Uint8Array {
  const writer = createBitWriter();
  for (const byte of new TextEncoder().encode("fLaC")) writer.write(byte, 8);
  // A padding block first: what is not the header is passed over.
  writer.write(1, 8);
  writer.write(3, 24);
  writer.write(0, 24);
  writer.write(0x80, 8);
  writer.write(34, 24);
  for (let i = 0; i < 10; i++) writer.write(0, 8);
  writer.write(info.rateHz, 20);
  writer.write(info.channels - 1, 3);
  writer.write(info.bits - 1, 5);
  for (let i = 0; i < 4; i++) writer.write(0, 9);
  for (let i = 0; i < 16; i++) writer.write(0, 8);
  const start = writer.sizeBytes;
  writer.write(0xfff8, 16);
  writer.write(frame.sizeCode ?? 6, 4);
  writer.write(frame.rateCode ?? 0, 4);
  writer.write(frame.channelCode, 4);
  writer.write(frame.bitsCode ?? 0, 3);
  writer.write(0, 1);
  writer.write(0, 8);
  if (frame.sizeCode === undefined) writer.write(frame.blockSamples - 1, 8);
  frame.writeTail?.(writer);
  writer.write(crc8(writer.bytesFrom(start)), 8);
  frame.writeSubframes(writer);
  writer.align();
  writer.write(crc16(writer.bytesFrom(start)), 16);
  return writer.finish();
}

const writeVerbatim = (writer: BitWriter, samples: readonly number[], bits: number): void => {
  writer.write(1 << 1, 8);
  for (const sample of samples) writer.write(sample & (2 ** bits - 1), bits);
};
const linear = async (bytes: Uint8Array, bits = 16): Promise<number[]> => {
  const { pcm } = await decodeFile(bytes, { maxDurationSeconds: 10 });
  return [...pcm].map((sample) => sample * 2 ** (bits - 1));
};

const left = [100, -7, 32_767, -32_768, 5];
const right = [-100, -6, -32_768, 32_767, 5];
const side = left.map((sample, i) => sample - right[i]!);
const middle = left.map((sample, i) => Math.floor((sample + right[i]!) / 2));
const mean = left.map((sample, i) => (sample + right[i]!) / 2);

test.each<[string, number, readonly number[], number, readonly number[], number]>([
  ["two channels", 1, left, 16, right, 16],
  ["left and side", 8, left, 16, side, 17],
  ["side and right", 9, side, 17, right, 16],
  ["middle and side", 10, middle, 16, side, 17],
])(
  "%s give both channels back to the last bit",
  async (_, channelCode, first, firstBits, second, secondBits) => {
    const bytes = buildFlac(
      { rateHz: 8000, bits: 16, channels: 2 },
      {
        channelCode,
        blockSamples: 5,
        writeSubframes(writer) {
          writeVerbatim(writer, first, firstBits);
          writeVerbatim(writer, second, secondBits);
        },
      },
    );
    expect(await linear(bytes)).toEqual(mean);
  },
);

const mono = (writeSubframes: Frame["writeSubframes"], blockSamples: number, more: Partial<Frame> = {}) =>
  buildFlac(
    { rateHz: 8000, bits: 16, channels: 1 },
    { channelCode: 0, blockSamples, writeSubframes, ...more },
  );

test("bits that a block does not use come back as zeros", async () => {
  const bytes = mono((writer) => {
    // Verbatim, with three wasted bits in unary.
    writer.write((1 << 1) | 1, 8);
    writer.write(1, 3);
    for (const sample of [1, -1, 4095]) writer.write(sample & 0x1fff, 13);
  }, 3);
  expect(await linear(bytes)).toEqual([8, -8, 32_760]);
});

test("residuals may stand raw, with no bits at all, and with five-bit parameters", async () => {
  const bytes = mono((writer) => {
    // Fixed, order 0; five-bit parameters; two partitions of four.
    writer.write(8 << 1, 8);
    writer.write(1, 2);
    writer.write(1, 4);
    writer.write(31, 5);
    writer.write(7, 5);
    for (const sample of [1, -2, 63, -64]) writer.write(sample & 0x7f, 7);
    writer.write(17, 5);
    for (const zigzag of [0, 1, 2, 60_001]) writer.writeRice(zigzag, 17);
  }, 8);
  expect(await linear(bytes)).toEqual([1, -2, 63, -64, 0, -1, 1, -30_001]);
  const silent = mono((writer) => {
    writer.write(8 << 1, 8);
    writer.write(0, 2);
    writer.write(0, 4);
    writer.write(15, 4);
    writer.write(0, 5);
  }, 4);
  expect(await linear(silent)).toEqual([0, 0, 0, 0]);
});

test("a linear predictor rounds down, negative sums too", async () => {
  const bytes = mono((writer) => {
    // Order 2, coefficients of four bits, shift 1: (3 · x[−1] − 2 · x[−2]) >> 1.
    writer.write((32 | 1) << 1, 8);
    for (const sample of [-5, 4]) writer.write(sample & 0xffff, 16);
    writer.write(3, 4);
    writer.write(1, 5);
    writer.write(3, 4);
    writer.write(-2 & 0xf, 4);
    writer.write(0, 2);
    writer.write(0, 4);
    writer.write(0, 4);
    for (const zigzag of [0, 1]) writer.writeRice(zigzag, 0);
  }, 4);
  // (12 + 10) >> 1 = 11; (33 − 8) >> 1 = 12, and −1.
  expect(await linear(bytes)).toEqual([-5, 4, 11, 11]);
  const negative = mono((writer) => {
    writer.write((32 | 0) << 1, 8);
    writer.write(-3 & 0xffff, 16);
    writer.write(1, 4);
    writer.write(1, 5);
    writer.write(1, 2);
    writer.write(0, 2);
    writer.write(0, 4);
    writer.write(0, 4);
    writer.writeRice(0, 0);
  }, 2);
  expect(await linear(negative)).toEqual([-3, -2]);
});

test.each<[string, Partial<Frame>, number]>([
  ["a table", { rateCode: 10 }, 48_000],
  ["kilohertz", { rateCode: 12, writeTail: (writer) => writer.write(37, 8) }, 37_000],
  ["hertz", { rateCode: 13, writeTail: (writer) => writer.write(12_345, 16) }, 12_345],
  ["tens of hertz", { rateCode: 14, writeTail: (writer) => writer.write(9600, 16) }, 96_000],
])("a frame may tell its rate by %s", async (_, more, rateHz) => {
  const bytes = mono((writer) => writeVerbatim(writer, [1, 2], 16), 2, more);
  expect((await decodeFile(bytes, { maxDurationSeconds: 10 })).sampleRateHz).toBe(rateHz);
});

test.each([
  [1, 8],
  [2, 12],
  [5, 20],
  [6, 24],
])("a frame may tell its sample size (code %i): %i bits", async (bitsCode, bits) => {
  const top = 2 ** (bits - 1) - 1;
  const bytes = mono((writer) => writeVerbatim(writer, [top, -top - 1, 1], bits), 3, { bitsCode });
  expect(await linear(bytes, bits)).toEqual([top, -top - 1, 1]);
});

test.each<[string, Partial<Frame>]>([
  ["channel assignment", { channelCode: 11 }],
  ["rate", { rateCode: 15 }],
  ["sample size", { bitsCode: 3 }],
  ["block size", { sizeCode: 0 }],
])("a reserved %s is refused", (_, more) => {
  const bytes = mono((writer) => writeVerbatim(writer, [1, 2], 16), 2, more);
  expect(decodeFile(bytes, { maxDurationSeconds: 10 })).rejects.toThrow("a reserved value");
});

test.each<[string, Frame["writeSubframes"], string]>([
  ["a reserved kind of subframe", (writer) => writer.write(2 << 1, 8), "unknown type 2"],
  ["a subframe that does not begin as one", (writer) => writer.write(0x80, 8), "does not begin as one"],
  ["a predictor longer than its block", (writer) => writer.write(12 << 1, 8), "longer than its block"],
  [
    "partitions that do not fit",
    (writer) => {
      writer.write(8 << 1, 8);
      writer.write(0, 2);
      writer.write(3, 4);
    },
    "do not fit the block",
  ],
])("%s is refused", (_, writeSubframes, message) => {
  const bytes = mono((writer) => {
    writeSubframes(writer);
    // More than enough to read on.
    for (let i = 0; i < 40; i++) writer.write(0xff, 8);
  }, 2);
  expect(decodeFile(bytes, { maxDurationSeconds: 10 })).rejects.toThrow(message);
});
