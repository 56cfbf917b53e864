// Copies what a character exports into plain data, with bounds. Getters and proxies run here, inside the cell.

import { textOf } from "./guard-realm.ts";

/** Bytes (UTF-16 units) that one export may hold. */
const maxDataChars = 1024 * 1024;
const maxDepth = 64;

/** Names the place: `METADATA.tags[3]`. */
export class NotPlainData extends Error {
  constructor(place: string, what: string) {
    super(`${place} ${what}`);
    this.name = "NotPlainData";
  }
}

export function copyPlainData(value: unknown, place: string): unknown {
  let chars = 0;
  const spend = (count: number): void => {
    chars += count;
    if (chars > maxDataChars)
      throw new NotPlainData(place, `is larger than ${maxDataChars / 1024 / 1024} MiB`);
  };
  const copyObject = (value: object, place: string, depth: number): unknown => {
    if (Array.isArray(value)) {
      spend(value.length);
      const result: unknown[] = [];
      for (let index = 0; index < value.length; index++) {
        result[index] = read(value, index, `${place}[${index}]`, depth) ?? null;
      }
      return result;
    }
    if (value instanceof Date) return value.toISOString();
    // They have no keys, and would come out empty.
    if (value instanceof Map) throw new NotPlainData(place, "is a Map; write an object");
    if (value instanceof Set) throw new NotPlainData(place, "is a Set; write an array");
    const result: Record<string, unknown> = {};
    for (const key of Object.keys(value)) {
      spend(key.length);
      const entry = read(value, key, `${place}.${key}`, depth);
      if (entry === undefined) continue;
      // Plain assignment to __proto__ would set the prototype.
      Object.defineProperty(result, key, {
        value: entry,
        enumerable: true,
        configurable: true,
        writable: true,
      });
    }
    return result;
  };
  const read = (value: object, key: string | number, place: string, depth: number): unknown =>
    copy(
      guard(place, () => (value as Record<string | number, unknown>)[key]),
      place,
      depth + 1,
    );
  const copy = (value: unknown, place: string, depth: number): unknown => {
    spend(4);
    switch (typeof value) {
      case "string":
        spend(value.length);
        return value;
      case "boolean":
      case "undefined":
        return value;
      case "number":
        if (!Number.isFinite(value)) throw new NotPlainData(place, `is ${value}, not a number`);
        return value;
      case "object":
        if (value === null) return null;
        if (depth > maxDepth) throw new NotPlainData(place, "is nested too deeply, or contains itself");
        return guard(place, () => copyObject(value, place, depth));
      default:
        throw new NotPlainData(place, `is a ${typeof value}; only plain data may stand there`);
    }
  };
  return copy(value, place, 0);
}

/** Getters and proxies may throw anything. */
function guard<T>(place: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof NotPlainData) throw error;
    throw new NotPlainData(place, `cannot be read: ${textOf(error)}`);
  }
}
