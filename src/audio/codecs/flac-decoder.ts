// FLAC (RFC 9639), own code: it gives the last frame of a file, checks every frame's sum, and holds one frame at a time. A file
// that ends in mid-frame is read as far as it goes.
import { AppError } from "../../base/errors.ts";
import { type BitReader, createBitReader, EndOfBits } from "./bit-reader.ts";
import { createCrc } from "./crc.ts";
import { createFlacDamage, readSubframe } from "./flac-subframe.ts";
import type { PcmCollector } from "./pcm-collector.ts";

interface StreamInfo {
  sampleRateHz: number;
  sampleBits: number;
}

interface FrameHeader extends StreamInfo {
  blockSamples: number;
  channelCount: number;
  /** How a pair of channels was made one from the other. */
  stereo: "independent" | "left-side" | "side-right" | "mid-side";
}

// RFC 9639, tables 14 to 17; 0 and undefined: from the file's header, or reserved.
const blockSizes = [0, 192, 576, 1152, 2304, 4608, 0, 0, 256, 512, 1024, 2048, 4096, 8192, 16_384, 32_768];
const sampleRates = [
  0, 88_200, 176_400, 192_000, 8000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000,
];
const sampleSizes = [0, 8, 12, undefined, 16, 20, 24, 32];
const pairs = ["left-side", "side-right", "mid-side"] as const;

const crc8 = createCrc(0x07, 8);
const crc16 = createCrc(0x8005, 16);

export function decodeFlac(bytes: Uint8Array, collector: PcmCollector): void {
  const reader = createBitReader(bytes);
  try {
    const info = readMetadata(bytes, reader);
    while (reader.offset < bytes.length && isFrameSync(bytes, reader.offset)) {
      const frame = readFrame(bytes, reader, info);
      collector.push(frame.channels, frame.sampleRateHz);
    }
  } catch (error) {
    if (!(error instanceof EndOfBits)) throw error;
    // Only the file's own end is an end; a frame that outgrows its bound has lost its way.
    if (reader.limit < bytes.length) throw createFlacDamage("a frame without an end");
    return;
  }
  const rest = bytes.subarray(reader.offset);
  // Old players' tags and padding may follow the last frame.
  const isTag = rest[0] === 0x54 && rest[1] === 0x41 && rest[2] === 0x47;
  if (!isTag && rest.some((byte) => byte !== 0)) throw createFlacDamage(`no frame at byte ${reader.offset}`);
}

const isFrameSync = (bytes: Uint8Array, offset: number): boolean =>
  bytes[offset] === 0xff && ((bytes[offset + 1] ?? 0) & 0xfc) === 0xf8;

/** Leaves the reader at the first frame. */
function readMetadata(bytes: Uint8Array, reader: BitReader): StreamInfo {
  reader.offset =
    Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).indexOf("fLaC", 0, "latin1") + 4;
  let info: StreamInfo | undefined;
  for (let isLast = false; !isLast; ) {
    isLast = reader.read(1) === 1;
    const type = reader.read(7);
    const size = reader.read(24);
    const next = reader.offset + size;
    if (type === 0) {
      // Block and frame sizes: every frame tells its own.
      reader.offset += 10;
      const sampleRateHz = reader.read(20);
      reader.read(3);
      info = { sampleRateHz, sampleBits: reader.read(5) + 1 };
    }
    reader.offset = next;
  }
  if (!info) throw createFlacDamage("its header is missing");
  return info;
}

function readFrame(bytes: Uint8Array, reader: BitReader, info: StreamInfo) {
  const start = reader.offset;
  reader.limit = bytes.length;
  const header = readFrameHeader(bytes, reader, start, info);
  const { blockSamples, channelCount, stereo, sampleBits, sampleRateHz } = header;
  // Verbatim samples are the longest a writer may use, and a side channel has one bit more; codes that are longer than
  // that are damage, which could else eat its way through the file.
  reader.limit = reader.offset + Math.ceil((blockSamples * channelCount * (sampleBits + 2)) / 8) + 1024;
  const channels: Float64Array[] = [];
  for (let channel = 0; channel < channelCount; channel++) {
    const isSide = stereo !== "independent" && channel === (stereo === "side-right" ? 0 : 1);
    const samples = new Float64Array(blockSamples);
    readSubframe(reader, samples, sampleBits + (isSide ? 1 : 0));
    channels.push(samples);
  }
  reader.align();
  const end = reader.offset;
  if (reader.read(16) !== crc16(bytes, start, end)) throw createFlacDamage(`a wrong checksum at byte ${end}`);
  restoreStereo(channels, stereo);
  const scale = 2 ** (sampleBits - 1);
  return { sampleRateHz, channels: channels.map((samples) => Float32Array.from(samples, (x) => x / scale)) };
}

function readFrameHeader(bytes: Uint8Array, reader: BitReader, start: number, info: StreamInfo): FrameHeader {
  reader.read(16);
  const sizeCode = reader.read(4);
  const rateCode = reader.read(4);
  const channelCode = reader.read(4);
  const bitsCode = reader.read(3);
  reader.read(1);
  // The frame's number, as long as the ones at its head say; nobody seeks here.
  const lead = reader.read(8);
  const more = lead < 0x80 ? 0 : Math.clz32(~(lead << 24)) - 1;
  for (let i = 0; i < more; i++) reader.read(8);
  let blockSamples = blockSizes[sizeCode] ?? 0;
  if (sizeCode === 6) blockSamples = reader.read(8) + 1;
  else if (sizeCode === 7) blockSamples = reader.read(16) + 1;
  let sampleRateHz = sampleRates[rateCode] || info.sampleRateHz;
  if (rateCode === 12) sampleRateHz = reader.read(8) * 1000;
  else if (rateCode === 13) sampleRateHz = reader.read(16);
  else if (rateCode === 14) sampleRateHz = reader.read(16) * 10;
  const end = reader.offset;
  if (reader.read(8) !== crc8(bytes, start, end)) throw createFlacDamage(`a wrong checksum at byte ${end}`);
  const sampleBits = bitsCode === 0 ? info.sampleBits : sampleSizes[bitsCode];
  if (blockSamples === 0 || rateCode === 15 || channelCode > 10 || sampleBits === undefined) {
    throw createFlacDamage(`a reserved value at byte ${start}`);
  }
  if (sampleBits < 4) throw new AppError("E_ARGS", `the FLAC file claims samples of ${sampleBits} bits`);
  const pair = pairs[channelCode - 8];
  return {
    blockSamples,
    sampleRateHz,
    sampleBits,
    channelCount: pair ? 2 : channelCode + 1,
    stereo: pair ?? "independent",
  };
}

/** RFC 9639, 4.2. The lost bit of the middle is the side's lowest. */
function restoreStereo([first, second]: readonly Float64Array[], stereo: FrameHeader["stereo"]): void {
  if (stereo === "independent" || !first || !second) return;
  for (let i = 0; i < first.length; i++) {
    const [a, b] = [first[i] as number, second[i] as number];
    if (stereo === "left-side") second[i] = a - b;
    else if (stereo === "side-right") first[i] = a + b;
    else {
      const middle = a * 2 + Math.abs(b % 2);
      first[i] = (middle + b) / 2;
      second[i] = (middle - b) / 2;
    }
  }
}
