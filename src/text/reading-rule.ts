// One way of reading out a kind of written thing.

export interface ReadingRule {
  /** Sticky: tried at a position. */
  pattern: RegExp;
  /** The words for a match, "" to say nothing, undefined when it is not such a thing after all. */
  read(match: RegExpExecArray): string | undefined;
}

/** Alternatives of a regular expression, the longest first, so that "km/h" is not read as "km". */
export function alternatives(words: readonly string[]): string {
  return [...words]
    .sort((a, b) => b.length - a.length)
    .map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
    .join("|");
}
