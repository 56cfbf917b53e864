// The header of a GGUF file (versions 2 and 3): its metadata and the list of its tensors, without the tensors.
// https://github.com/ggml-org/ggml/blob/master/docs/gguf.md. A header comes from anywhere, so every length is bounded
// by the file's size and by the limits below before anything is made of it.
import { AppError } from "../../base/errors.ts";
import type { ByteSource } from "./byte-source.ts";
import { findTensorFormat } from "./ggml-formats.ts";
import { createGgufCursor, type GgufCursor, HeaderCut } from "./gguf-cursor.ts";

export type GgufValue = number | bigint | boolean | string | GgufArray;

export interface GgufArray {
  length: number;
  /** The first ones; a vocabulary has a quarter of a million. */
  first: readonly GgufValue[];
}

export interface GgufTensor {
  name: string;
  /** As the file has it: the innermost dimension first. */
  shape: readonly number[];
  elementCount: number;
  /** "Q4_K"; "type 77" for one that is not known. */
  format: string;
  /** From the start of the file. */
  startBytes: number;
  /** Null for a format that is not known. */
  sizeBytes: number | null;
}

export interface GgufHeader {
  version: 2 | 3;
  metadata: ReadonlyMap<string, GgufValue>;
  tensors: readonly GgufTensor[];
  /** Where the first tensor may begin. */
  dataStartBytes: number;
  /** The least that the whole file must have; a shorter one is cut off. */
  wholeSizeBytes: number;
}

export interface ReadHeaderOptions {
  signal?: AbortSignal | undefined;
  /** What is read at most; default 64 MiB (vocabularies with their merges take up to some 20). */
  maxHeaderBytes?: number | undefined;
}

const magic = 0x46554747; // "GGUF"
const firstReadBytes = 256 << 10;
const maxEntries = 65_536;
const maxTensors = 1 << 20;
const maxKeyBytes = 65_535;
/** Chat templates are some ten KiB. */
const maxTextBytes = 8 << 20;
const maxDimensions = 8;
const maxNesting = 4;
const keptElements = 64;
const defaultAlignment = 32;

/** E_VERIFY for what is no sound GGUF header, E_COMPAT for a version that is not known here, and what reading gives. */
export async function readGgufHeader(
  source: ByteSource,
  { signal, maxHeaderBytes = 64 << 20 }: ReadHeaderOptions = {},
): Promise<GgufHeader> {
  let bytes = await source.read(0, firstReadBytes, signal);
  for (;;) {
    const cursor = createGgufCursor(bytes, source);
    try {
      return parseHeader(cursor);
    } catch (error) {
      if (!(error instanceof HeaderCut)) throw error;
      if (error.neededBytes > maxHeaderBytes) {
        throw cursor.refuse(`its header is longer than ${maxHeaderBytes >> 20} MiB`);
      }
      // Doubling keeps both the requests and the parsing that is done again within the header's own order.
      const wanted = Math.min(Math.max(error.neededBytes, 2 * bytes.length), maxHeaderBytes);
      const more = await source.read(bytes.length, wanted, signal);
      if (more.length === 0) throw cursor.refuse("it ends within its header");
      bytes = Buffer.concat([bytes, more]);
    }
  }
}

function parseHeader(cursor: GgufCursor): GgufHeader {
  const version = parseVersion(cursor);
  // An entry takes at least 13 bytes, a tensor 24: a count that cannot fit is told before it is believed.
  const tensorCount = cursor.count("its number of tensors", Math.min(maxTensors, cursor.sizeBytes / 24));
  const entryCount = cursor.count("its number of entries", Math.min(maxEntries, cursor.sizeBytes / 13));
  const metadata = new Map<string, GgufValue>();
  for (let i = 0; i < entryCount; i++) {
    const key = cursor.text("a key", maxKeyBytes);
    if (metadata.has(key)) throw cursor.refuse(`the key ${shorten(key)} is there twice`);
    metadata.set(key, parseValue(cursor, cursor.u32(), 0));
  }
  const drafts = Array.from({ length: tensorCount }, () => parseTensor(cursor));
  if (new Set(drafts.map(({ name }) => name)).size !== drafts.length) {
    throw cursor.refuse("two of its tensors have one name");
  }
  const alignment = findAlignment(cursor, metadata);
  const dataStartBytes = Math.ceil(cursor.offset / alignment) * alignment;
  const tensors = drafts.map(({ offset, ...tensor }): GgufTensor => {
    if (offset % alignment !== 0) throw cursor.refuse(`the tensor ${shorten(tensor.name)} is out of line`);
    return { ...tensor, startBytes: dataStartBytes + offset };
  });
  const ends = tensors.map(({ startBytes, sizeBytes }) => startBytes + (sizeBytes ?? 0));
  const wholeSizeBytes = ends.reduce((most, end) => Math.max(most, end), cursor.offset);
  return { version, metadata, tensors, dataStartBytes, wholeSizeBytes };
}

function parseVersion(cursor: GgufCursor): 2 | 3 {
  if (cursor.sizeBytes < 24 || cursor.u32() !== magic) throw cursor.refuse("it does not begin like one");
  const version = cursor.u32();
  if (version === 2 || version === 3) return version;
  // The bytes of 2 or 3 the other way round are those of a big-endian machine.
  const kind =
    version === 0x02000000 || version === 0x03000000 ? "big-endian GGUF" : `GGUF version ${version}`;
  throw new AppError("E_COMPAT", `${cursor.label} is ${kind}, which is not read here; take version 2 or 3`, {
    source: cursor.label,
    version,
  });
}

function parseValue(cursor: GgufCursor, type: number, depth: number): GgufValue {
  switch (type) {
    case 0:
      return cursor.u8();
    case 1:
      return cursor.i8();
    case 2:
      return cursor.u16();
    case 3:
      return cursor.i16();
    case 4:
      return cursor.u32();
    case 5:
      return cursor.i32();
    case 6:
      return cursor.f32();
    case 7: {
      const value = cursor.u8();
      if (value > 1) throw cursor.refuse(`a truth value is ${value}`);
      return value === 1;
    }
    case 8:
      return cursor.text("a text", maxTextBytes);
    case 9:
      return parseArray(cursor, depth + 1);
    case 10:
      return cursor.u64();
    case 11:
      return cursor.i64();
    case 12:
      return cursor.f64();
    default:
      throw cursor.refuse(`a value is of type ${type}, which there is none`);
  }
}

/** Bytes of one value; of texts and arrays at least so many. */
const valueBytes = [1, 1, 2, 2, 4, 4, 4, 1, 8, 12, 8, 8, 8] as const;

function parseArray(cursor: GgufCursor, depth: number): GgufArray {
  if (depth > maxNesting) throw cursor.refuse(`lists are nested deeper than ${maxNesting} times`);
  const type = cursor.u32();
  const elementBytes = valueBytes[type];
  if (elementBytes === undefined) throw cursor.refuse(`a list is of type ${type}, which there is none`);
  const length = cursor.count("the length of a list", (cursor.sizeBytes - cursor.offset) / elementBytes);
  const kept = Math.min(length, keptElements);
  const first = Array.from({ length: kept }, () => parseValue(cursor, type, depth));
  if (type === 8) {
    for (let i = kept; i < length; i++) cursor.skipText("a text", maxTextBytes);
  } else if (type === 9) {
    for (let i = kept; i < length; i++) parseArray(cursor, depth + 1);
  } else cursor.skip((length - kept) * elementBytes);
  return { length, first };
}

interface TensorDraft extends Omit<GgufTensor, "startBytes"> {
  /** From the start of the data. */
  offset: number;
}

function parseTensor(cursor: GgufCursor): TensorDraft {
  const name = cursor.text("a tensor's name", maxKeyBytes);
  const dimensions = cursor.u32();
  if (dimensions > maxDimensions) throw cursor.refuse(`a tensor has ${dimensions} dimensions`);
  const shape = Array.from({ length: dimensions }, () =>
    cursor.count("a tensor's dimension", Number.MAX_SAFE_INTEGER),
  );
  const elementCount = shape.reduce((product, size) => product * size, 1);
  const type = cursor.u32();
  const offset = cursor.count("a tensor's place", Number.MAX_SAFE_INTEGER);
  const format = findTensorFormat(type);
  const sizeBytes = format ? (elementCount / format.blockElements) * format.blockBytes : null;
  if (!Number.isSafeInteger(elementCount) || !Number.isSafeInteger(offset + (sizeBytes ?? 0))) {
    throw cursor.refuse(`the size of the tensor ${shorten(name)} is impossible`);
  }
  return { name, shape, elementCount, format: format?.name ?? `type ${type}`, sizeBytes, offset };
}

function findAlignment(cursor: GgufCursor, metadata: ReadonlyMap<string, GgufValue>): number {
  const value = metadata.get("general.alignment") ?? defaultAlignment;
  if (typeof value === "number" && value > 0 && value <= 1 << 20 && Number.isInteger(Math.log2(value))) {
    return value;
  }
  throw cursor.refuse("its alignment is no power of two");
}

const shorten = (text: string): string => JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
