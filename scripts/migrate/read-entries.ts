// The text of a voices.yaml as plain entries, each with its place. What cannot be kept exactly is that entry's fault;
// what makes the whole text doubtful (broken YAML, a key given twice) is thrown.
import { isAlias, isMap, isScalar, LineCounter, type Node, parseDocument, visit } from "yaml";
import { AppError, messageOf } from "../../src/base/errors.ts";
import type { PlainData } from "../../src/characters/cards/print-literal.ts";

/** Several hundred times the size of a real file; a larger one would keep the parser busy for minutes. */
const maxBytes = 2 * 1024 * 1024;
/** What one entry may take when it repeats others by alias. A character file has at most 1 MiB. */
const maxEntryNodes = 20_000;

export interface VoiceEntry {
  /** From 1, in the order of the file. */
  number: number;
  /** Of the entry's first key, from 1. */
  line: number;
  /** What the entry says; absent when it has a fault. */
  fields?: Readonly<Record<string, PlainData>>;
  fault?: string;
}

/** E_QUOTA for a text that is too large, E_SCHEMA for one that is no list of entries; messages name lines. */
export function readEntries(bytes: Uint8Array, label: string): VoiceEntry[] {
  if (bytes.length > maxBytes) {
    throw new AppError("E_QUOTA", `${label} has ${bytes.length} bytes, ${maxBytes} at most; split it`, {
      path: label,
    });
  }
  try {
    return parseEntries(new TextDecoder("utf-8", { fatal: true }).decode(bytes), label);
  } catch (error) {
    if (error instanceof AppError) throw error;
    // The decoder and the parser (which recurses) throw TypeError and RangeError.
    throw refuse(label, `cannot be read: ${messageOf(error)}`, error);
  }
}

function parseEntries(text: string, label: string): VoiceEntry[] {
  const lines = new LineCounter();
  // Integers stay exact until it is known whether a number can hold them.
  const document = parseDocument(text, {
    lineCounter: lines,
    intAsBigInt: true,
    merge: true,
    prettyErrors: false,
    uniqueKeys: true,
  });
  if (document.errors.length > 0) {
    const problems = document.errors.slice(0, 20).map(({ pos, code, message }) => {
      const { line, col } = lines.linePos(pos[0]);
      const said = {
        DUPLICATE_KEY: `the key ${/^[^:\n]{0,80}/.exec(text.slice(pos[0]))?.[0]} is given twice`,
        MULTIPLE_DOCS: "a second document begins; keep all voices in one",
        RESOURCE_EXHAUSTION: "the nesting is too deep",
      }[code as string];
      return `line ${line}, column ${col}: ${said ?? message}`;
    });
    throw refuse(label, `is not valid YAML; mend these places: ${problems.join("; ")}`);
  }
  const list = document.contents;
  if (list === null || !("items" in list) || isMap(list)) {
    throw refuse(label, "holds no list of voices; each begins with a dash");
  }
  const warned = document.warnings.map(({ pos, message }) => ({ at: pos[0], message }));
  return list.items.map((item, index) => {
    const node = item as Node;
    const [start = 0, , end = start] = node.range ?? [];
    const place = { number: index + 1, line: lines.linePos(start).line };
    const warning = warned.find(({ at }) => at >= start && at < end);
    if (warning) return { ...place, fault: warning.message };
    try {
      const target = isAlias(node) ? node.resolve(document) : node;
      if (!isMap(target)) return { ...place, fault: "is not a map of keys and values" };
      const keyFault = findOddKey(target);
      if (keyFault !== undefined) return { ...place, fault: keyFault };
      return { ...place, fields: copyExact(target.toJS(document)) as Record<string, PlainData> };
    } catch (error) {
      if (error instanceof InexactData) return { ...place, fault: error.message };
      // Aliases that multiply without end.
      if (error instanceof ReferenceError) return { ...place, fault: error.message };
      throw error;
    }
  });
}

/** Keys that a character file could not carry: other than text, numbers and booleans. */
function findOddKey(node: Node): string | undefined {
  let fault: string | undefined;
  visit(node, {
    Pair(_, { key }) {
      if (isScalar(key) && key.value !== null) return undefined;
      fault = "has a key that is empty, a list, a map or an alias; keys must be plain words";
      return visit.BREAK;
    },
  });
  return fault;
}

class InexactData extends Error {}

function copyExact(value: unknown): PlainData {
  let nodes = 0;
  const copy = (value: unknown): PlainData => {
    if (++nodes > maxEntryNodes) throw new InexactData(`holds more than ${maxEntryNodes} values`);
    if (typeof value === "bigint") {
      if (BigInt(Number(value)) !== value) {
        throw new InexactData(`has the number ${value}, which would lose digits; put it in quotes`);
      }
      return Number(value);
    }
    if (typeof value === "number" && !Number.isFinite(value)) {
      throw new InexactData(`has the number ${value}, which a character file cannot hold`);
    }
    if (Array.isArray(value)) return value.map(copy);
    if (typeof value === "object" && value !== null) {
      // Dates, bytes and sets, which only tags make.
      if (Object.getPrototypeOf(value) !== Object.prototype) {
        throw new InexactData(`has a value of type ${value.constructor.name}; write it as text, in quotes`);
      }
      const entries = Object.entries(value).map(([key, entry]) => [key, copy(entry)] as const);
      return Object.fromEntries(entries);
    }
    return value as string | number | boolean | null;
  };
  return copy(value);
}

function refuse(label: string, what: string, cause?: unknown): AppError {
  return new AppError("E_SCHEMA", `${label} ${what}`, { path: label }, cause);
}
