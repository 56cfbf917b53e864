// A regular expression taken apart: single characters, places, groups, choices and repetitions.

export type PatternNode =
  | { kind: "character"; test: (character: string) => boolean }
  | { kind: "place"; test: (before: string, after: string) => boolean }
  | { kind: "sequence"; nodes: readonly PatternNode[] }
  | { kind: "choice"; nodes: readonly PatternNode[] }
  | { kind: "repeat"; node: PatternNode; least: number; most: number };

const MAX_DEPTH = 50;
const QUANTIFIER = /(?:([*+?])|\{(\d+)(?:(,)(\d*))?\})\??/y;
const ESCAPE = /\\(?:u\{[^}]*\}|u[\da-f]{4}|x[\da-f]{2}|c[a-z]|p\{[^}]*\}|[\s\S])/iy;
const SET = /\[(?:\\[\s\S]|[^\\\]])*\]/y;
const GROUP = /\((?:\?:|\?<[a-z_$][\w$]*>|(?!\?))/iy;

const isWord = (character: string): boolean => /^\w$/.test(character);

/** Undefined for look-around, back-references and whatever else is not one of the nodes. The pattern must be valid. */
export function parsePattern(source: string, flags: string): PatternNode | undefined {
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = at;
    const match = pattern.exec(source) ?? undefined;
    at += match?.[0].length ?? 0;
    return match;
  };
  const isEdge = (character: string): boolean =>
    character === "" || (flags.includes("m") && /^[\n\r\u2028\u2029]$/.test(character));

  const parseChoice = (depth: number): PatternNode | undefined => {
    if (depth > MAX_DEPTH) return undefined;
    const nodes: PatternNode[] = [];
    do {
      const node = parseSequence(depth);
      if (!node) return undefined;
      nodes.push(node);
    } while (take(/\|/y));
    return { kind: "choice", nodes };
  };
  const parseSequence = (depth: number): PatternNode | undefined => {
    const nodes: PatternNode[] = [];
    while (at < source.length && source[at] !== "|" && source[at] !== ")") {
      const node = parseOne(depth);
      if (!node) return undefined;
      const quantifier = take(QUANTIFIER);
      nodes.push(quantifier ? { kind: "repeat", node, ...countsOf(quantifier) } : node);
    }
    return { kind: "sequence", nodes };
  };
  const parseOne = (depth: number): PatternNode | undefined => {
    if (source[at] === "(") {
      if (!take(GROUP)) return undefined;
      const node = parseChoice(depth + 1);
      return take(/\)/y) ? node : undefined;
    }
    if (take(/\^/y)) return { kind: "place", test: (before) => isEdge(before) };
    if (take(/\$/y)) return { kind: "place", test: (_, after) => isEdge(after) };
    const escape = take(ESCAPE)?.[0];
    if (escape && /^\\[bB]$/.test(escape)) {
      const wanted = escape === "\\b";
      return { kind: "place", test: (before, after) => (isWord(before) !== isWord(after)) === wanted };
    }
    if (escape && /^\\[1-9k]/.test(escape)) return undefined;
    const atom = escape ?? take(SET)?.[0] ?? take(flags.includes("u") ? /[\s\S]/uy : /[\s\S]/y)?.[0] ?? "";
    return { kind: "character", test: characterTest(atom, flags) };
  };
  const node = parseChoice(0);
  return at === source.length ? node : undefined;
}

/** The usual engine judges one character at a time: that is quick, and means what it always means. */
function characterTest(atom: string, flags: string): (character: string) => boolean {
  if (/^[\w ]$/.test(atom) && !flags.includes("i")) return (character) => character === atom;
  let pattern: RegExp | undefined;
  return (character) => {
    pattern ??= new RegExp(
      `^(?:${/^[{}\]]$/.test(atom) ? `\\${atom}` : atom})$`,
      flags.replace(/[^isu]/g, ""),
    );
    return pattern.test(character);
  };
}

function countsOf([, mark, least, comma, most]: RegExpExecArray): { least: number; most: number } {
  if (mark === "*") return { least: 0, most: Infinity };
  if (mark === "+") return { least: 1, most: Infinity };
  if (mark === "?") return { least: 0, most: 1 };
  return { least: Number(least), most: comma ? Number(most || Infinity) : Number(least) };
}
