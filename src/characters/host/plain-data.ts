// Copies what a character exports into plain data, with bounds. Getters and proxies run here, inside the cell.

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
        break;
      default:
        throw new NotPlainData(place, `is a ${typeof value}; only plain data may stand there`);
    }
    if (value === null) return null;
    if (depth > maxDepth) throw new NotPlainData(place, "is nested too deeply, or contains itself");
    const read = (key: string | number, name: string): unknown => {
      let entry: unknown;
      try {
        entry = (value as Record<string | number, unknown>)[key];
      } catch (error) {
        throw new NotPlainData(
          name,
          `cannot be read: ${error instanceof Error ? error.message : "it threw"}`,
        );
      }
      return copy(entry, name, depth + 1);
    };
    if (Array.isArray(value)) {
      spend(value.length);
      return Array.from({ length: value.length }, (_, index) => read(index, `${place}[${index}]`) ?? null);
    }
    if (value instanceof Date) return value.toISOString();
    const result: Record<string, unknown> = {};
    for (const key of Object.keys(value)) {
      spend(key.length);
      const entry = read(key, `${place}.${key}`);
      // Plain assignment to __proto__ would set the prototype.
      if (entry !== undefined)
        Object.defineProperty(result, key, {
          value: entry,
          enumerable: true,
          configurable: true,
          writable: true,
        });
    }
    return result;
  };
  return copy(value, place, 0);
}
