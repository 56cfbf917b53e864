// Plain data as TypeScript source, laid out as the project's formatter leaves it (2 spaces, lines of 110), so that a
// generated character looks like one that was written by hand.

/** Lines that can be broken are broken at this width. */
const lineWidth = 110;
/** Objects that hold a few short values stay on one line. */
const maxFlatObjectWidth = 80;
const maxFlatObjectKeys = 3;
/** Longer texts of several lines become template literals, whose lines can be read and edited. */
const minTemplateLength = 40;
/** Keys so short that the formatter leaves their text on the same line. */
const shortKeyWidth = 4;

export type PlainData =
  | string
  | number
  | boolean
  | null
  | readonly PlainData[]
  | { readonly [key: string]: PlainData };

/**
 * The right side of `export const NAME = …;`. `prefix` is what stands before it on its line, `depth` how many levels the
 * line is indented. Every value comes back the same when the source is evaluated: lone surrogates, `__proto__` and -0
 * too.
 */
export function printLiteral(value: PlainData, prefix: string, depth = 0): string {
  const column = depth * 2 + widthOf(prefix);
  return printAt(value, { column, depth, breaksLongText: true });
}

/** `left` is all that stands before the equals sign: `export const NAME`. */
export function printDeclaration(left: string, value: PlainData): string {
  return `${left} =${printLiteral(value, `${left} =`)};\n`;
}

interface Place {
  /** Where the value begins. */
  column: number;
  depth: number;
  /** A text that does not fit may begin on a line of its own: after `=` and after keys that are not short. */
  breaksLongText: boolean;
}

function printAt(value: PlainData, place: Place): string {
  if (typeof value === "string") {
    const source = printText(value);
    const isLong = !source.startsWith("`") && place.column + 1 + widthOf(source) + 1 > lineWidth;
    return isLong && place.breaksLongText ? `\n${indent(place.depth + 1)}${source}` : ` ${source}`;
  }
  const flat = printFlat(value);
  if (flat !== undefined && place.column + 1 + widthOf(flat) + 1 <= lineWidth) return ` ${flat}`;
  if (isList(value)) return ` [\n${printElements(value, place.depth + 1)}${indent(place.depth)}]`;
  if (typeof value === "object" && value !== null) {
    return ` {\n${printProperties(value, place.depth + 1)}${indent(place.depth)}}`;
  }
  return ` ${printScalar(value)}`;
}

function printProperties(value: Readonly<Record<string, PlainData>>, depth: number): string {
  return Object.keys(value)
    .map((key) => {
      const name = printKey(key);
      const column = depth * 2 + widthOf(name) + 1;
      // Here the formatter counts what is seen: a joined emoji once.
      const breaksLongText = Bun.stringWidth(name) > shortKeyWidth;
      const source = printAt(value[key] ?? null, { column, depth, breaksLongText });
      return `${indent(depth)}${name}:${source},\n`;
    })
    .join("");
}

function printElements(values: readonly PlainData[], depth: number): string {
  if (values.length > 1 && values.every((value) => typeof value === "number")) {
    return fillLines(values.map(printScalar), depth);
  }
  return values
    .map((value) => {
      const source = printAt(value, { column: depth * 2 - 1, depth, breaksLongText: false });
      return `${indent(depth)}${source.slice(1)},\n`;
    })
    .join("");
}

/** Numbers are set like words in a paragraph. */
function fillLines(words: readonly string[], depth: number): string {
  const lines: string[] = [];
  for (const word of words) {
    const line = lines.at(-1);
    if (line !== undefined && `${line} ${word},`.length <= lineWidth)
      lines[lines.length - 1] = `${line} ${word},`;
    else lines.push(`${indent(depth)}${word},`);
  }
  return lines.map((line) => `${line}\n`).join("");
}

/** On one line; undefined for what always takes several. */
function printFlat(value: PlainData): string | undefined {
  if (typeof value === "string") {
    const source = printText(value);
    return source.includes("\n") ? undefined : source;
  }
  if (isList(value)) {
    if (value.length > 1 && (value.every(isWideList) || value.every(isWideObject))) return undefined;
    const parts = value.map(printFlat);
    return parts.includes(undefined) ? undefined : `[${parts.join(", ")}]`;
  }
  if (typeof value !== "object" || value === null) return printScalar(value);
  const keys = Object.keys(value);
  if (keys.length === 0) return "{}";
  if (keys.length > maxFlatObjectKeys || Object.values(value).some((entry) => isNested(entry)))
    return undefined;
  const parts = keys.map((key) => {
    const source = printFlat(value[key] ?? null);
    return source === undefined ? undefined : `${printKey(key)}: ${source}`;
  });
  const source = parts.includes(undefined) ? undefined : `{ ${parts.join(", ")} }`;
  return source !== undefined && widthOf(source) <= maxFlatObjectWidth ? source : undefined;
}

const isList = (value: PlainData): value is readonly PlainData[] => Array.isArray(value);
const isNested = (value: PlainData): boolean => typeof value === "object" && value !== null;
const isWideList = (value: PlainData): boolean => isList(value) && value.length > 1;
const isWideObject = (value: PlainData): boolean =>
  isNested(value) && !isList(value) && Object.keys(value as object).length > 1;

function printScalar(value: number | boolean | string | null): string {
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value).replace("e+", "e");
  return typeof value === "string" ? printText(value) : String(value);
}

const indent = (depth: number): string => "  ".repeat(depth);

/**
 * Columns as the formatter counts them: each code point for itself, so that a joined emoji takes those of its parts. Beyond
 * the width of a line it does not matter by how much.
 */
function widthOf(source: string): number {
  let width = 0;
  for (const character of source) {
    const own = Bun.stringWidth(character);
    // Bun counts the vowel signs of Indic scripts as marks that take no room.
    width += own > 0 || takesNoRoom.test(character) ? own : 1;
    if (width > lineWidth) break;
  }
  return width;
}

const takesNoRoom = /[\p{Mn}\p{Me}\p{Cf}\u1160-\u11ff]/u;

const plainKey =
  /^[A-Za-z_$\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u017f][\w$\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u017f]*$/;
/** The formatter takes the quotes off keys that may do without; which letters those are depends on its Unicode. */
const mayBeIdentifier = /^[\p{ID_Start}$_][\p{ID_Continue}$\u{200c}-\u{200d}\u30fb\uff65]*$/u;

function printKey(key: string): string {
  // `__proto__: x` would set the prototype.
  if (key === "__proto__") return '["__proto__"]';
  if (plainKey.test(key)) return key;
  const source = quote(key);
  return mayBeIdentifier.test(key) ? `[${source}]` : source;
}

/** A string literal, or a template literal where the text has lines. */
export function printText(text: string): string {
  if (!text.includes("\n") || text.length < minTemplateLength) return quote(text);
  const escaped = text.replace(/[`\\]|\$(?=\{)/g, "\\$&").replace(unprintable, escape);
  return `\`${escaped}\``;
}

/**
 * What cannot be seen or is not kept by editors and compilers: controls, lone surrogates, odd spaces, line separators,
 * and marks that reorder the line. The joiners stay, which emoji and several scripts are written with.
 */
const unprintable = /(?!\n)[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]|(?! )\p{Zs}|(?![\u200c\u200d])\p{Cf}/gu;

const escape = (character: string): string => {
  const named = { "\r": "\\r", "\t": "\\t", "\n": "\\n" }[character];
  if (named !== undefined) return named;
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  return code > 0xffff ? `\\u{${hex}}` : `\\u${hex.padStart(4, "0")}`;
};

function quote(text: string): string {
  const count = (mark: string): number => text.split(mark).length - 1;
  // The formatter's choice: the mark that needs fewer escapes, double when equal.
  const mark = count('"') > count("'") ? "'" : '"';
  const escaped = text
    .replaceAll("\\", "\\\\")
    .replaceAll(mark, `\\${mark}`)
    .replaceAll("\n", "\\n")
    .replace(unprintable, escape);
  return mark + escaped + mark;
}
