// The protobuf wire format, as far as ONNX files use it: fields in, fields out, nothing copied that is not changed.
// https://protobuf.dev/programming-guides/encoding/
import { concatBytes } from "../../../../base/concat-bytes.ts";

export interface WireField {
  number: number;
  /** 0 varint, 1 eight bytes, 2 length-delimited, 5 four bytes. */
  wireType: number;
  /** Of a varint field; 64-bit two's complement, exact up to ±2^53. Otherwise 0. */
  value: number;
  /** Payload of the other wire types: a view into the message. */
  bytes: Uint8Array;
  /** Tag, length and payload: what to write to keep the field as it is. A view too. */
  encoded: Uint8Array;
}

const empty: Uint8Array = new Uint8Array(0);
const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** A varint at `offset`: its value and the offset behind it. Throws RangeError when the message ends inside. */
export function readVarint(bytes: Uint8Array, offset: number): { value: number; next: number } {
  let value = 0;
  let scale = 1;
  for (let at = offset; at < offset + 10; at++) {
    const byte = bytes[at];
    if (byte === undefined) break;
    value += (byte & 127) * scale;
    // The tenth byte of a 64-bit varint is set for negative numbers only.
    if (byte < 128) return { value: at - offset === 9 ? readNegative(bytes, offset) : value, next: at + 1 };
    scale *= 128;
  }
  throw new RangeError(`a varint at byte ${offset} does not end`);
}

function readNegative(bytes: Uint8Array, offset: number): number {
  let value = 0n;
  for (let i = 0n; i < 10n; i++) value |= BigInt((bytes[offset + Number(i)] ?? 0) & 127) << (7n * i);
  return Number(BigInt.asIntN(64, value));
}

/** The fields of one message in their order. Throws RangeError when it is cut off. */
export function readFields(message: Uint8Array): WireField[] {
  const fields: WireField[] = [];
  let offset = 0;
  while (offset < message.length) {
    const start = offset;
    const tag = readVarint(message, offset);
    const [number, wireType] = [Math.floor(tag.value / 8), tag.value % 8];
    let value = 0;
    let bytes: Uint8Array = empty;
    offset = tag.next;
    if (wireType === 0) {
      ({ value, next: offset } = readVarint(message, offset));
    } else {
      let length = wireType === 1 ? 8 : 4;
      if (wireType === 2) ({ value: length, next: offset } = readVarint(message, offset));
      else if (wireType !== 1 && wireType !== 5)
        throw new RangeError(`byte ${start}: wire type ${wireType} is not known`);
      if (offset + length > message.length) throw new RangeError(`the field at byte ${start} is cut off`);
      bytes = message.subarray(offset, offset + length);
      offset += length;
    }
    fields.push({ number, wireType, value, bytes, encoded: message.subarray(start, offset) });
  }
  return fields;
}

export function readText(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** The numbers of a repeated varint field, packed or one by one. */
export function readRepeatedVarint(fields: readonly WireField[], number: number): number[] {
  const values: number[] = [];
  for (const field of fields) {
    if (field.number !== number) continue;
    if (field.wireType === 0) values.push(field.value);
    for (let offset = 0; offset < field.bytes.length; ) {
      const { value, next } = readVarint(field.bytes, offset);
      values.push(value);
      offset = next;
    }
  }
  return values;
}

function encodeVarint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 127) {
    bytes.push((rest % 128) | 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return Uint8Array.from(bytes);
}

/** `value` is a whole number from 0 to 2^53. */
export function encodeVarintField(number: number, value: number): Uint8Array {
  return concatBytes([encodeVarint(number * 8), encodeVarint(value)]);
}

export function encodeBytesField(number: number, payload: Uint8Array | string): Uint8Array {
  const bytes = typeof payload === "string" ? encoder.encode(payload) : payload;
  return concatBytes([encodeVarint(number * 8 + 2), encodeVarint(bytes.length), bytes]);
}

/** The head of a length-delimited field whose payload is written right behind it. */
export function encodeBytesFieldHead(number: number, lengthBytes: number): Uint8Array {
  return concatBytes([encodeVarint(number * 8 + 2), encodeVarint(lengthBytes)]);
}
