// RIFF WAVE in and out. Files come from strangers: every size in a header is a claim, and what counts is what is there.
import { concatBytes } from "../base/concat-bytes.ts";
import { AppError } from "../base/errors.ts";
import { encodeS16le } from "./pcm.ts";

export interface WavAudio {
  /** Mono: the mean of the channels. */
  pcm: Float32Array<ArrayBuffer>;
  sampleRateHz: number;
  /** In the file. */
  channelCount: number;
}

interface Format {
  tag: number;
  channelCount: number;
  sampleRateHz: number;
  bitsPerSample: number;
}

const formatPcm = 1;
const formatFloat = 3;
const formatExtensible = 0xfffe;
const maxChannels = 64;
/** What a writer puts where it does not know the size yet. */
const sizeUnknown = 0xffff_ffff;

/** True when the bytes begin like a WAVE file. */
export function isWav(bytes: Uint8Array): boolean {
  return bytes.length >= 12 && ["RIFF", "RF64"].includes(tagAt(bytes, 0)) && tagAt(bytes, 8) === "WAVE";
}

/**
 * Parses 8-bit unsigned, 16-, 24- and 32-bit signed and 32- and 64-bit float samples, in any order of chunks. A data
 * chunk that claims more than is there (a stream of unknown length, a cut file) is read to the end of the file.
 * Throws E_ARGS for anything else.
 */
export function parseWav(bytes: Uint8Array): WavAudio {
  if (!isWav(bytes))
    throw new AppError("E_ARGS", "this is not a WAV file: it does not begin with RIFF … WAVE");
  const view = viewOf(bytes);
  const riffEnd = 8 + view.getUint32(4, true);
  let format: Format | undefined;
  let data: Uint8Array | undefined;
  let wideDataBytes: number | undefined;
  for (let offset = 12; offset + 8 <= bytes.length; ) {
    const tag = tagAt(bytes, offset);
    const start = offset + 8;
    let size = view.getUint32(offset + 4, true);
    if (tag === "data") {
      if (size === sizeUnknown) size = wideDataBytes ?? bytes.length - start;
      // A writer that could not go back left zero, and the header claims that nothing follows: the samples do.
      else if (size === 0 && riffEnd <= start) size = bytes.length - start;
    }
    const body = bytes.subarray(start, start + size);
    if (tag === "fmt ") format ??= parseFormat(body);
    else if (tag === "data") data ??= body;
    else if (tag === "ds64" && body.length >= 16) wideDataBytes = Number(viewOf(body).getBigUint64(8, true));
    // Chunks begin at even offsets.
    offset = start + size + (size % 2);
  }
  if (!format) throw new AppError("E_ARGS", "this WAV file has no format chunk: it is damaged");
  if (!data) throw new AppError("E_ARGS", "this WAV file has no data chunk: it is damaged or cut short");
  const { sampleRateHz, channelCount } = format;
  return { pcm: decodeSamples(data, format), sampleRateHz, channelCount };
}

function parseFormat(body: Uint8Array): Format {
  if (body.length < 16)
    throw new AppError("E_ARGS", "this WAV file's format chunk is too short: it is damaged");
  const view = viewOf(body);
  const claimedTag = view.getUint16(0, true);
  // The extensible form keeps the true tag in the first two bytes of its sub-format.
  const tag = claimedTag === formatExtensible && body.length >= 26 ? view.getUint16(24, true) : claimedTag;
  const format = {
    tag,
    channelCount: view.getUint16(2, true),
    sampleRateHz: view.getUint32(4, true),
    bitsPerSample: view.getUint16(14, true),
  };
  const { channelCount, sampleRateHz, bitsPerSample } = format;
  if (channelCount < 1 || channelCount > maxChannels) {
    throw new AppError(
      "E_ARGS",
      `this WAV file claims ${channelCount} channels; 1 to ${maxChannels} can be read`,
    );
  }
  if (sampleRateHz < 1000 || sampleRateHz > 768_000) {
    throw new AppError("E_ARGS", `this WAV file claims ${sampleRateHz} Hz; 1,000 to 768,000 can be read`);
  }
  if (!readerOf(format)) {
    throw new AppError(
      "E_ARGS",
      `this WAV file holds format ${tag} with ${bitsPerSample} bits, which is not read here; convert it to 16-bit PCM`,
    );
  }
  return format;
}

type SampleReader = (view: DataView, offset: number) => number;

function readerOf({ tag, bitsPerSample }: Format): SampleReader | undefined {
  switch (`${tag}/${bitsPerSample}`) {
    case `${formatPcm}/8`:
      return (view, at) => (view.getUint8(at) - 128) / 128;
    case `${formatPcm}/16`:
      return (view, at) => view.getInt16(at, true) / 32_768;
    case `${formatPcm}/24`:
      return (view, at) => (view.getInt8(at + 2) * 65_536 + view.getUint16(at, true)) / 8_388_608;
    case `${formatPcm}/32`:
      return (view, at) => view.getInt32(at, true) / 2_147_483_648;
    case `${formatFloat}/32`:
      return (view, at) => finite(view.getFloat32(at, true));
    case `${formatFloat}/64`:
      return (view, at) => finite(view.getFloat64(at, true));
    default:
      return undefined;
  }
}

/** A float file may hold anything; a model fed with NaN answers with NaN for ever after. */
function finite(sample: number): number {
  return Number.isFinite(sample) ? sample : 0;
}

function decodeSamples(data: Uint8Array, format: Format): Float32Array<ArrayBuffer> {
  const read = readerOf(format) as SampleReader;
  const { channelCount, bitsPerSample } = format;
  const view = viewOf(data);
  const sampleBytes = bitsPerSample / 8;
  const frameBytes = sampleBytes * channelCount;
  const pcm = new Float32Array(Math.floor(data.length / frameBytes));
  for (let frame = 0; frame < pcm.length; frame++) {
    let sum = 0;
    for (let channel = 0; channel < channelCount; channel++) {
      sum += read(view, frame * frameBytes + channel * sampleBytes);
    }
    pcm[frame] = sum / channelCount;
  }
  return pcm;
}

export interface WavHeaderOptions {
  sampleRateHz: number;
  /** Bytes of samples that will follow; undefined for a stream whose end is not known. */
  dataBytes?: number | undefined;
}

/** The 44 bytes before mono 16-bit samples. */
export function encodeWavHeader({ sampleRateHz, dataBytes }: WavHeaderOptions): Uint8Array<ArrayBuffer> {
  const header = new Uint8Array(44);
  const view = viewOf(header);
  const text = (offset: number, tag: string): void => header.set(new TextEncoder().encode(tag), offset);
  text(0, "RIFF");
  view.setUint32(4, dataBytes === undefined ? sizeUnknown : dataBytes + 36, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, formatPcm, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, sampleRateHz, true);
  view.setUint32(28, sampleRateHz * 2, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  text(36, "data");
  view.setUint32(40, dataBytes ?? sizeUnknown, true);
  return header;
}

/** A whole file: mono, 16 bits. */
export function encodeWav(pcm: Float32Array, sampleRateHz: number): Uint8Array<ArrayBuffer> {
  const samples = encodeS16le(pcm);
  return concatBytes([encodeWavHeader({ sampleRateHz, dataBytes: samples.length }), samples]);
}

function tagAt(bytes: Uint8Array, offset: number): string {
  return String.fromCharCode(...bytes.subarray(offset, offset + 4));
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
